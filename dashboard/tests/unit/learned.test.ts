import { expect, test } from "vitest";
import { byHost, fitting, isPlaced, labels } from "../../src/pages/deploy/seats";
import { facts, versions } from "../../src/pages/fleet/seen";
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

test("a persona is shown as far as it is there", () => {
  const keys = { ed25519: "SHA256:a", ecdsa: "SHA256:b" };
  expect(facts({}, keys)).toEqual([["Packet filter", "off"]]);
  const seen = { hostname: "web", domain: "corp.lan", ip: "10.0.0.9", prefix: 24, login: { mode: "accept-after", attempts: 3 }, products: { ssh: { name: "OpenSSH", version: "9.2p1", packaging: "" } } };
  const all = new Map(facts(seen, keys));
  expect([all.get("Host name"), all.get("Address"), all.get("SSH ed25519"), all.get("Who may log in")]).toEqual(["web.corp.lan", "10.0.0.9/24", "SHA256:a", "anybody with attempt 3"]);
  expect(versions(seen)).toEqual([{ slug: "ssh", shows: "OpenSSH 9.2p1" }]);
});
