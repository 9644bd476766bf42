import { describe, expect, test } from "vitest";
import { freeAddress, freeSubnet, span } from "../../src/pages/topologies/address";
import { apply, type Change, Refused } from "../../src/pages/topologies/change";
import { operations, renames } from "../../src/pages/topologies/diff";
import { type Document, homes, read, routes } from "../../src/pages/topologies/document";
import { act, begin, type History, pending, rebase, redo, undo } from "../../src/pages/topologies/history";
import { boxAt, picture, SIZE, tidy, towards } from "../../src/pages/topologies/layout";

const SMALL: Document = {
  name: "corp",
  lans: [{ name: "dmz", subnet: "172.16.0.0/24", dmz: true }, { name: "office", subnet: "172.16.1.0/24" }],
  deckies: [
    { name: "front", system: "debian12", services: [{ slug: "ssh" }], ips: { dmz: "172.16.0.2", office: "172.16.1.2" }, front: true },
    { name: "pc", system: "windows10", services: [{ slug: "smb", settings: { password: "***" } }], ips: { office: "172.16.1.3" } },
  ],
  edges: [{ decky: "front", lan: "dmz" }, { decky: "front", lan: "office", bridge: true }, { decky: "pc", lan: "office" }],
  rules: [{ from: "dmz", to: "office", verdict: "allow", ports: [22] }],
};
const does = (changes: Change[], from: Document = SMALL): Document => changes.reduce(apply, from);

/** A document without what does not matter: order, and words for no. */
const plain = (document: Document) => ({
  lans: document.lans.map(({ name, subnet, dmz, x, y }) => [name, subnet, Boolean(dmz), x, y]).sort(),
  deckies: document.deckies.map((one) => [one.name, one.system, JSON.stringify(one.services), JSON.stringify(Object.entries(one.ips).sort()), Boolean(one.front), routes(document, one.name)]).sort(),
  edges: document.edges.map((one) => [one.decky, one.lan, Boolean(one.bridge)].join(" ")).sort(),
  rules: (document.rules ?? []).map((one) => JSON.stringify([one.from, one.to, one.verdict, one.ports ?? []])),
});

describe("addresses", () => {
  test("networks are private ones with a prefix from 16 to 29", () => {
    expect(span("172.16.1.0/24")).toEqual([0xac100100, 0xac1001ff]);
    for (const bad of ["", "172.16.1.0", "172.16.1.0/x", "1.2.3/24", "172.16.1.0/8", "256.0.0.0/24"]) expect(span(bad)).toBeUndefined();
  });
  test("the next free ones are taken", () => {
    expect(freeSubnet(["172.16.0.0/24", "172.16.2.0/23", "rubbish"])).toBe("172.16.1.0/24");
    expect(freeAddress("172.16.1.0/29", ["172.16.1.2", "172.16.1.3"])).toBe("172.16.1.4");
    expect(freeAddress("172.16.1.0/29", [2, 3, 4, 5, 6].map((last) => `172.16.1.${last}`))).toBeUndefined();
  });
});

describe("changes", () => {
  test("make another document and leave the old one", () => {
    const next = does([
      { op: "add_lan", name: "lab" },
      { op: "add_decky", name: "desk", lan: "lab", services: [{ slug: "ssh" }], system: "debian12" },
      { op: "attach_decky", decky: "pc", lan: "lab", forwards: true },
      { op: "update_lan", name: "office", rename: "floor" },
      { op: "update_decky", decky: "pc", rename: "laptop", front: true },
    ]);
    expect(next.lans.map((one) => one.subnet)).toEqual(["172.16.0.0/24", "172.16.1.0/24", "172.16.2.0/24"]);
    expect(next.deckies.find((one) => one.name === "laptop")?.ips).toEqual({ floor: "172.16.1.3", lab: "172.16.2.3" });
    expect([routes(next, "laptop"), homes(next).get("floor")?.map((one) => one.name)]).toEqual([true, ["laptop"]]);
    expect(next.rules?.[0]).toMatchObject({ from: "dmz", to: "floor" });
    expect(SMALL.lans.length).toBe(2);
  });
  test.each<Change>([
    { op: "add_lan", name: "dmz" },
    { op: "add_lan", name: "a.b" },
    { op: "remove_lan", name: "office" },
    { op: "remove_lan", name: "nowhere" },
    { op: "detach_decky", decky: "pc", lan: "office" },
    { op: "detach_decky", decky: "pc", lan: "dmz" },
    { op: "attach_decky", decky: "front", lan: "office" },
    { op: "update_decky", decky: "pc", rename: "front" },
    { op: "update_decky", decky: "pc", ips: { dmz: "172.16.0.9" } },
    { op: "remove_decky", decky: "nobody" },
    { op: "add_decky", name: "x", lan: "nowhere", services: [], system: "debian12" },
  ])("that cannot be meant are refused: %j", (change) => expect(() => apply(SMALL, change)).toThrow(Refused));
  test("names that objects have anyway are names like others", () => {
    const next = does([{ op: "add_lan", name: "constructor" }, { op: "remove_lan", name: "constructor" }]);
    expect(plain(next)).toEqual(plain(SMALL));
  });
});

describe("what is saved", () => {
  const saved = (changes: Change[]) => pending(act(begin(SMALL, 1), changes));
  test("nothing, where nothing changed or all was taken back", () => {
    expect(pending(begin(SMALL, 1))).toEqual([]);
    expect(saved([{ op: "add_lan", name: "lab" }, { op: "remove_lan", name: "lab" }, { op: "update_lan", name: "office", rename: "x" }, { op: "update_lan", name: "x", rename: "office" }])).toEqual([]);
  });
  test("what was renamed is renamed, not made anew", () => {
    const changes = saved([{ op: "update_lan", name: "office", rename: "floor" }, { op: "update_decky", decky: "pc", rename: "laptop", system: "windows11" }]);
    expect(changes).toEqual([
      { op: "update_lan", name: "office", rename: "floor" },
      { op: "update_decky", decky: "pc", rename: "laptop" },
      { op: "update_decky", decky: "laptop", system: "windows11" },
    ]);
  });
  test("services of a decky go as they are shown, secrets hidden", () => {
    const services = [{ slug: "smb", settings: { password: "***" } }, { slug: "rdp" }];
    expect(saved([{ op: "update_decky", decky: "pc", services }])).toEqual([{ op: "update_decky", decky: "pc", services }]);
  });
  test("names that change places take another one for the time being", () => {
    expect(renames(new Map([["a", "b"], ["b", "a"], ["c", "c"]]))).toEqual([["a", "tmp-1"], ["b", "a"], ["tmp-1", "b"]]);
    expect(renames(new Map([["a", "b"], ["b", "c"]]))).toEqual([["b", "c"], ["a", "b"]]);
  });
});

/** Numbers that look drawn and are the same each time. */
function drawn(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((state / 2_147_483_648) * below);
  };
}

function some(document: Document, draw: (below: number) => number): Change {
  const one = <T extends { name: string }>(all: T[]) => all[draw(all.length)]?.name ?? "nobody";
  const [lan, decky] = [one(document.lans), one(document.deckies)];
  const name = `n${draw(12)}`;
  const all: Change[] = [
    { op: "add_lan", name, x: draw(900), y: draw(900) },
    { op: "remove_lan", name: lan },
    { op: "update_lan", name: lan, rename: name },
    { op: "update_lan", name: lan, x: draw(900), y: draw(900) },
    { op: "update_lan", name: lan, subnet: `172.20.${draw(99)}.0/24`, dmz: draw(2) === 0 },
    { op: "add_decky", name, lan, services: [{ slug: "ssh" }], system: "debian12", front: draw(2) === 0 },
    { op: "add_decky", name, lan, services: [], system: "debian12" },
    { op: "attach_decky", decky, lan, forwards: routes(document, decky) || draw(2) === 0 },
    { op: "attach_decky", decky, lan, forwards: routes(document, decky) },
    { op: "detach_decky", decky, lan },
    { op: "remove_decky", decky },
    { op: "update_decky", decky, rename: name },
    { op: "update_decky", decky, system: "rocky9", services: [{ slug: ["ssh", "http"][draw(2)] ?? "ssh" }] },
    { op: "update_decky", decky, forwards: draw(2) === 0 },
    { op: "set_rules", rules: [{ from: lan, to: "*", verdict: "deny", ports: [draw(99)] }] },
  ];
  return all[draw(all.length)] as Change;
}

function worked(seed: number, steps: number): History {
  const draw = drawn(seed);
  let history = begin(SMALL, 1);
  for (let step = 0; step < steps; step += 1) {
    try {
      history = act(history, [some(history.now.document, draw)]);
    } catch (why) {
      if (!(why instanceof Refused)) throw why;
    }
  }
  return history;
}

test("what is saved makes of what is stored what is drawn, whatever was done", () => {
  for (let seed = 1; seed <= 400; seed += 1) {
    const history = worked(seed, 30);
    const made = operations(history.base, history.now).reduce(apply, SMALL);
    expect(plain(made), `seed ${seed}`).toEqual(plain(history.now.document));
  }
});

test("everything can be taken back, and done again", () => {
  for (let seed = 1; seed <= 50; seed += 1) {
    const history = worked(seed, 20);
    let back = history;
    while (back.past.length) back = undo(back);
    expect(back.now).toBe(history.base);
    while (back.future.length) back = redo(back);
    expect(back.now).toBe(history.now);
  }
});

test("the steps of one drag are one step", () => {
  let history = begin(SMALL, 1);
  for (let x = 0; x < 50; x += 1) history = act(history, [{ op: "update_lan", name: "office", x, y: 7 }], "drag 1");
  expect([history.past.length, history.now.document.lans[1]?.x]).toEqual([1, 49]);
  expect(undo(history).now).toBe(history.base);
});

test("work goes on upon what somebody else has saved, and what cannot be is told", () => {
  const mine = act(begin(SMALL, 1), [
    { op: "add_lan", name: "lab" },
    { op: "update_decky", decky: "pc", system: "windows11" },
    { op: "update_lan", name: "office", rename: "floor" },
  ]);
  const theirs = does([{ op: "remove_decky", decky: "pc" }, { op: "add_lan", name: "yard" }]);
  const { history, lost } = rebase(mine, theirs, 2);
  expect(history.version).toBe(2);
  expect(history.now.document.lans.map((one) => one.name)).toEqual(["dmz", "floor", "yard", "lab"]);
  expect(lost.map((one) => one.why)).toEqual(["no decky is called pc"]);
  // The network that the draft had chosen is somebody else's by now; the server says so, at its node.
  expect(pending(history).map((one) => one.op)).toEqual(["update_lan", "add_lan"]);
});

describe("the picture", () => {
  const large = (): Document => {
    const lans = [...Array(12).keys()].map((number) => ({ name: `lan-${number}`, subnet: `172.16.${number}.0/24`, dmz: number === 0 }));
    const deckies = lans.flatMap((lan, of) => [...Array(80).keys()].map((number) => ({
      name: `d-${of}-${number}`, system: "debian12", services: [{ slug: "ssh" }], ips: { [lan.name]: `172.16.${of}.${number + 2}` },
    })));
    const edges = deckies.map((one) => ({ decky: one.name, lan: Object.keys(one.ips)[0] ?? "" }));
    const ways = lans.slice(1).map((lan, of) => ({ decky: `d-${of}-0`, lan: lan.name, bridge: true }));
    return read({ name: "large", lans, deckies, edges: [...edges, ...ways] });
  };
  const covers = (document: Document, depths: Record<string, number>) => {
    const { boxes } = picture(document, depths);
    return boxes.flatMap((a, at) => boxes.slice(at + 1).filter((b) => a.x < b.x + b.width && b.x < a.x + a.width && a.y < b.y + b.height && b.y < a.y + a.height));
  };
  test("no LAN covers another, wherever they are put", () => {
    const depths = Object.fromEntries([...Array(12).keys()].map((number) => [`lan-${number}`, Math.ceil(number / 4)]));
    expect(covers(large(), depths)).toEqual([]);
    expect(covers(large(), {})).toEqual([]);
    const heap = { ...large(), lans: large().lans.map((lan, number) => ({ ...lan, x: number * 20, y: number * 3 })) };
    expect(covers(heap, depths)).toEqual([]);
  });
  test("a thousand deckies have a place of their own inside of their LAN, in no time", () => {
    const begun = performance.now();
    const drawn = picture(large(), {});
    expect(performance.now() - begun).toBeLessThan(500);
    expect([drawn.at.size, drawn.ties.length, new Set([...drawn.at.values()].map(({ x, y }) => `${x} ${y}`)).size]).toEqual([960, 11, 960]);
    for (const [name, spot] of drawn.at) expect(boxAt(drawn, spot)?.name).toBe(`lan-${name.split("-")[1]}`);
  });
  test("what is tidy has the DMZ at the top", () => {
    const spots = tidy(SMALL, { dmz: 0, office: 1 });
    expect([spots.get("dmz")?.y, (spots.get("office")?.y ?? 0) > SIZE.head]).toEqual([0, true]);
  });
  test("arrow keys lead to what is there", () => {
    const spots = new Map([["a", { x: 0, y: 0 }], ["b", { x: 100, y: 4 }], ["c", { x: 0, y: 90 }]]);
    expect([towards(spots, "a", "ArrowRight"), towards(spots, "a", "ArrowDown"), towards(spots, "a", "ArrowUp"), towards(spots, "c", "ArrowUp"), towards(spots, "z", "ArrowUp")]).toEqual(["b", "c", undefined, "a", "a"]);
  });
});
