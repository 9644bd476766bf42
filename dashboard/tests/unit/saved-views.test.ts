import { describe, expect, test } from "vitest";
import { change, put, read, shown } from "../../src/kit/saved-views";

const NAMES = ["q", "decky", "class"];

describe("saved views", () => {
  test.each([null, "", "{", "3", "null", "{}", '[null, 3, {"name": ""}, {"name": "a"}, {"name": 1, "query": {}}]'])(
    "what is none is left out: %j",
    (text) => expect(read(text, NAMES)).toEqual([]),
  );

  test("conditions that the list does not have are left out", () => {
    const text = JSON.stringify([{ name: "a", query: { decky: "web-01", other: "x", q: 3, class: "" } }]);
    expect(read(text, NAMES)).toEqual([{ name: "a", query: { decky: "web-01" } }]);
  });

  test("one takes the place of another of its name, and there is an end of them", () => {
    const views = put(put(put([], "b", { q: "x" }), "a", {}), "b", { q: "y" });
    expect(views).toEqual([{ name: "a", query: {} }, { name: "b", query: { q: "y" } }]);
    const many = Array.from({ length: 90 }, (_, number) => ({ name: String(number), query: {} }));
    expect(put(many, "more", {})).toHaveLength(50);
    expect(read(JSON.stringify(many), NAMES)).toHaveLength(50);
  });

  test("the one that is shown is known, and leads away from everything else", () => {
    const views = [{ name: "a", query: { q: "x", decky: "web-01" } }];
    expect(shown(views, { decky: "web-01", q: "x" })?.name).toBe("a");
    expect(shown(views, { q: "x" })).toBeUndefined();
    expect(change(views[0]!, NAMES)).toEqual({ q: "x", decky: "web-01", class: undefined });
  });
});
