import { describe, expect, test } from "vitest";
import { SseReader } from "../../src/api/sse";
import { address } from "../../src/api/client";
import { extended, refreshed } from "../../src/kit/rows";
import { inside } from "../../src/pages/login/inside";
import { buckets } from "../../src/pages/overview/buckets";
import { output } from "../../src/pages/sessions/cast";
import { hex } from "../../src/pages/artefacts/hex";
import { crackLines, reuse, wordlist } from "../../src/pages/credentials/reuse";

const messages = (pieces: string[]) => {
  const reader = new SseReader();
  return pieces.flatMap((piece) => reader.push(piece));
};

describe("server-sent events", () => {
  const whole = 'id: 7\nevent: event\ndata: {"a":1}\n\n: alive\n\ndata: x\r\ndata: y\r\n\r\n';
  const expected = [
    { id: "7", event: "event", data: '{"a":1}' },
    { id: "7", event: "message", data: "x\ny" },
  ];
  test("are read whole", () => expect(messages([whole])).toEqual(expected));
  test("are read in any pieces", () => {
    for (let at = 1; at < whole.length; at += 1) {
      expect(messages([whole.slice(0, at), whole.slice(at)])).toEqual(expected);
    }
    expect(messages([...whole])).toEqual(expected);
  });
});

describe("addresses", () => {
  test("names are escaped, what is not given is left out", () =>
    expect(address("/a/{name}/c", { path: { name: "x/../y?z" }, query: { q: "a&b", none: undefined, empty: "" } })).toBe(
      "/a/x%2F..%2Fy%3Fz/c?q=a%26b",
    ));
  test.each([
    ["/events?q=x", "/events?q=x"],
    [undefined, "/"],
    ["//evil.example", "/"],
    ["/\\evil.example", "/"],
    ["https://evil.example", "/"],
    ["javascript:alert(1)", "/"],
    ["/login?next=/", "/"],
  ])("after the login, %j leads to %j", (given, to) => expect(inside(given)).toBe(to));
});

describe("rows of a list", () => {
  const keyOf = (row: { id: number }) => String(row.id);
  const page = (ids: number[], older: number | null) => ({ items: ids.map((id) => ({ id })), older });
  const known = page([5, 4, 3], 3);
  const ids = (rows: { items: { id: number }[] }) => rows.items.map((row) => row.id);
  test("a first page grows them at the top", () => expect(ids(refreshed(known, page([7, 6, 5], 5), keyOf))).toEqual([7, 6, 5, 4, 3]));
  test("what changed moves", () => expect(ids(refreshed(known, page([3, 5, 4], 4), keyOf))).toEqual([3, 5, 4]));
  test("after a gap they begin anew", () => expect(refreshed(known, page([99, 98], 98), keyOf)).toEqual(page([99, 98], 98)));
  test("an older page goes under them, each once", () => expect(extended(known, page([3, 2], null), keyOf)).toEqual(page([5, 4, 3, 2], null)));
});

test("numbers over time have a place for every span, and each event is counted once", () => {
  const items = [{ at: "2026-01-01T10:02:00Z", name: "scan", events: 7 }, { at: "2026-01-01T10:59:00Z", name: "evidence", events: 2 }];
  const { times, series } = buckets({ span: "minute", since: "2026-01-01T10:00:00Z", until: "2026-01-01T10:59:30Z", items });
  expect(times.length).toBe(60);
  expect(series.map((one) => one.values.reduce((a, b) => a + b, 0))).toEqual([0, 7, 0, 2]);
  expect([series[1]?.values[2], series[3]?.values[59]]).toEqual([7, 2]);
});

test("a recording's text has no orders to a terminal", () =>
  expect(output('{"version":2}\n[0,"o","\\u001b[1;31m$ \\u001b]0;title\\u0007id\\r\\n"]\n[1,"i","x"]\n[2,"o","ok')).toBe("$ id\n"));

test("hex has sixteen bytes a line", () => expect(hex(Uint8Array.from([...Array(17).keys()].map((one) => one + 0x41)))).toBe(
  "00000000  41 42 43 44 45 46 47 48 49 4a 4b 4c 4d 4e 4f 50  ABCDEFGHIJKLMNOP\n00000010  51" + " ".repeat(47) + "Q",
));

describe("credentials", () => {
  const one = (principal: string, secret: string, src_ip: string, decky: string, rest = {}) =>
    ({ principal, secret, secret_sha256: secret, src_ip, decky, attempts: 1, secret_kind: "plaintext", ...rest }) as never;
  test("pairs of several sources or deckies are reused", () => {
    const found = reuse([one("root", "a", "1", "x"), one("root", "a", "2", "x"), one("root", "b", "1", "x"), one("u", "a", "1", "x")]);
    expect(found).toEqual([{ principal: "root", secret: "a", sources: 2, deckies: 1, attempts: 2 }]);
  });
  test("lists have each line once and one line each", () => {
    expect(wordlist([one("a", "p", "1", "x"), one("b", "p", "1", "x"), one("c", "q\nr", "1", "x")])).toEqual(["p"]);
    expect(crackLines([one("a", "p", "1", "x", { crack_line: "$h$" }), one("b", "p", "1", "x", { crack_line: "$h$" })])).toEqual(["$h$"]);
  });
});
