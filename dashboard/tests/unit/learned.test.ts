import { expect, test } from "vitest";
import { byHost, fitting, isPlaced, labels } from "../../src/pages/deploy/seats";
import { shares, styles } from "../../src/pages/learned/shares";

test("shares are of all, the largest first", () => {
  expect(shares({ linux: 1, desktop: 3 })).toEqual([{ name: "desktop", count: 3, share: 0.75 }, { name: "linux", count: 1, share: 0.25 }]);
  expect(shares({})).toEqual([]);
});

test("names are told by their style", () => {
  expect(styles(["PC-0100", "PC-0103", "web1", "gateway"]).map((one) => [one.name, one.count])).toEqual([["PC-####", 2], ["gateway", 1], ["web#", 1]]);
  expect(styles(["__proto__", "constructor"]).length).toBe(2);
});

const host = (name: string, state: string, site?: string) => ({ id: name, name, state, labels: site ? { site } : {} }) as never;

test("hosts are chosen by their labels, and only those that take deckies", () => {
  const hosts = [host("a", "active", "berlin"), host("b", "active", "bonn"), host("c", "drained", "kiel"), host("d", "enrolled")];
  expect(labels(hosts)).toEqual([["site", ["berlin", "bonn"]]]);
  expect(fitting(hosts, { site: "bonn" }).map((one) => one.name)).toEqual(["b"]);
  expect(fitting(hosts, {}).length).toBe(3);
});

test("seats are counted by host", () => {
  const seat = (decky: string, id: string) => ({ decky, host: id, host_id: id }) as never;
  expect(byHost([seat("x", "a"), seat("y", "b"), seat("z", "b")]).map((one) => [one.host, one.seats.length])).toEqual([["b", 2], ["a", 1]]);
  expect([isPlaced({ mode: "swarm" }), isPlaced({ deckies: [] }), isPlaced(null)]).toEqual([true, false, false]);
});
