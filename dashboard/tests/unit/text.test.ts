import { describe, expect, test } from "vitest";
import { runs, visible } from "../../src/kit/captured-text";
import { cell, csv } from "../../src/kit/export";

describe("captured text", () => {
  test.each([
    ["plain", "plain"],
    ["\u001b[31mred", "\\x1b[31mred"],
    ["a\u0000b\r\n", "a\\x00b\\x0d\\x0a"],
    ["abc\u202etxt.exe", "abc\\u{202e}txt.exe"],
    ["zero\u200bwidth\ufeff", "zero\\u{200b}width\\u{feff}"],
    ["tag\u{e0041}", "tag\\u{e0041}"],
    ["half\ud800", "half\\u{d800}"],
    ["umlaut ü 漢 😀", "umlaut ü 漢 😀"],
  ])("what nobody would see is named: %j", (given, shown) => expect(visible(given)).toBe(shown));

  test("pieces say which of them are named", () =>
    expect(runs("a\u0007b")).toEqual([
      { text: "a", control: false },
      { text: "\\x07", control: true },
      { text: "b", control: false },
    ]));

  test("a megabyte takes no time", () => {
    const begun = performance.now();
    runs("\u202e".repeat(1 << 20));
    expect(performance.now() - begun).toBeLessThan(3000);
  });
});

describe("cells of CSV", () => {
  test.each([
    ["=1+1", `"'=1+1"`],
    ["+cmd|' /C calc'!A0", `"'+cmd|' /C calc'!A0"`],
    ["-2+3", `"'-2+3"`],
    ["@SUM(A1)", `"'@SUM(A1)"`],
    ["\t=1", `"\\x09=1"`],
    ["  =1", `"'  =1"`],
    ["-5", `"-5"`],
    ['say "hi"', `"say ""hi"""`],
    ["two\r\nlines", `"two\\x0d\\x0alines"`],
    [null, `""`],
  ])("%j", (given, written) => expect(cell(given)).toBe(written));

  test("lines end as RFC 4180 says", () => expect(csv(["a"], [[1]])).toBe('"a"\r\n"1"\r\n'));
});
