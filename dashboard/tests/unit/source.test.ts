import { readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const files = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    return statSync(path).isDirectory() ? files(path) : [path];
  });
const source = files("src").filter((path) => /\.(tsx?|css)$/.test(path) && !path.endsWith("schema.d.ts"));
const matches = (pattern: RegExp, except: string[] = []) =>
  source.filter((path) => !except.some((one) => path.endsWith(one)) && pattern.test(readFileSync(path, "utf8")));

// Captured strings become text by React alone: no way around it is used anywhere.
test.each([
  [/dangerouslySetInnerHTML|\.(inner|outer)HTML|insertAdjacentHTML|document\.write|srcdoc|DOMParser/],
  [/\beval\(|new Function\(|javascript:/],
  [/https?:\/\/(?!localhost)/],
  [/target=["']_blank|<a\s[^>]*href=\{(?!`\/|"\/)/],
  [/url\(\s*["']?(?:https?:|data:)/],
])("no source has %s", (pattern) => expect(matches(pattern)).toEqual([]));

// Fields of the API whose text a peer chooses: they are shown by <Captured> and by nothing else.
test("what peers choose is shown by Captured", () => {
  const fields = "secret|principal|client|crack_line|realm|outcome|path|origin|format";
  expect(matches(new RegExp(`>\\s*\\{\\w+\\.(?:${fields})\\}`))).toEqual([]);
});

test("files have at most 500 lines", () =>
  expect(source.filter((path) => readFileSync(path, "utf8").split("\n").length > 500)).toEqual([]));

test("every colour is a token", () =>
  expect(matches(/#[0-9a-f]{3,8}\b(?![^;]*shadow)/i, ["tokens.css", "base.css", "frame.css"]).filter((path) => path.endsWith(".css"))).toEqual([]));
