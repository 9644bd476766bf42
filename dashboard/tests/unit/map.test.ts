import { expect, test } from "vitest";
import { OUTLINES } from "../../src/pages/map/outlines";
import { named, shade } from "../../src/pages/map/shade";

test("outlines are closed paths of countries that there are", () => {
  const wrong = Object.entries(OUTLINES).filter(
    ([code, path]) => named(code) === code || !/^(M-?\d+ \d+l-?\d+(?: \d+|-\d+)(?:[ -]?\d+)*z)+$/.test(path),
  );
  expect(wrong.map(([code]) => code)).toEqual([]);
  expect(Object.keys(OUTLINES).length).toBeGreaterThan(150);
});

test("no outline has a line from one end of the world to the other", () => {
  const steps = (path: string) => [...path.matchAll(/l([^z]+)z/g)].flatMap(([, ring]) => (ring?.match(/-?\d+/g) ?? []).map(Number));
  const wrong = Object.entries(OUTLINES).filter(([, path]) => steps(path).some((step) => Math.abs(step) > 500));
  expect(wrong.map(([code]) => code)).toEqual([]);
});

test("a country is darker the more attackers it has, and never invisible", () => {
  const shades = [1, 2, 10, 1000, 1_000_000].map((count) => shade(count, 1_000_000));
  expect([...shades].sort((one, two) => one - two)).toEqual(shades);
  expect(shades[0]).toBeGreaterThan(0.15);
  expect(shades.at(-1)).toBe(1);
  expect([shade(0, 10), shade(5, 5)]).toEqual([0, 1]);
});

test("what is no country is shown as its code", () => expect(["DE", "QQ", "x"].map(named)).toEqual(["Germany", "QQ", "x"]));
