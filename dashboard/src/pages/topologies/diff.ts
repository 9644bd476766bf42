// What leads from one document to another, as changes. Who is who is told by keys that renaming does not change.
import { bridged, type Document, homeOf, routes } from "./document";
import type { Change } from "./change";

/** A document with keys of its LANs and deckies, by their present names. */
export interface Draft {
  document: Document;
  lans: Keys;
  deckies: Keys;
}
type Keys = ReadonlyMap<string, string>;

/** A draft of what is stored: everything is called as it is. */
export function draft(document: Document): Draft {
  const own = (all: { name: string }[]) => new Map(all.map((one) => [one.name, one.name]));
  return { document, lans: own(document.lans), deckies: own(document.deckies) };
}

/** Keys after a change: a new name takes the key of the old one, what comes gets one that nothing ever had. */
export function follow(old: Draft, change: Change, document: Document, fresh: () => string): Draft {
  const moved = (keys: Keys, from: string, to: string | undefined): Keys => {
    if (to === undefined || to === from) return keys;
    return new Map([...keys].map(([name, key]) => [name === from ? to : name, key]));
  };
  const lost = (keys: Keys, name: string): Keys => new Map([...keys].filter(([one]) => one !== name));
  switch (change.op) {
    case "add_lan": return { ...old, document, lans: new Map(old.lans).set(change.name, fresh()) };
    case "add_decky": return { ...old, document, deckies: new Map(old.deckies).set(change.name, fresh()) };
    case "update_lan": return { ...old, document, lans: moved(old.lans, change.name, change.rename) };
    case "update_decky": return { ...old, document, deckies: moved(old.deckies, change.decky, change.rename) };
    // What comes under its name later is another one.
    case "remove_lan": return { ...old, document, lans: lost(old.lans, change.name) };
    case "remove_decky": return { ...old, document, deckies: lost(old.deckies, change.decky) };
    default: return { ...old, document };
  }
}

type Pairs = Map<string, string>;

/** What of `before` is still there in `after`: old name and new name. */
function kept(before: Keys, after: Keys, old: { name: string }[], now: { name: string }[]): Pairs {
  const present = new Map(now.map((one) => [after.get(one.name) ?? one.name, one.name]));
  const pairs: Pairs = new Map();
  for (const { name } of old) {
    const next = present.get(before.get(name) ?? name);
    if (next !== undefined) pairs.set(name, next);
  }
  return pairs;
}

/** Renames in an order in which no name is taken when it is given; in a circle one takes a name for the time being. */
export function renames(pairs: Pairs): [string, string][] {
  const left = new Map([...pairs].filter(([from, to]) => from !== to));
  const held = new Set(pairs.keys());
  const order: [string, string][] = [];
  const give = (from: string, to: string) => {
    order.push([from, to]);
    held.delete(from);
    held.add(to);
  };
  while (left.size) {
    const next = [...left].find(([, to]) => !held.has(to));
    if (next) {
      left.delete(next[0]);
      give(...next);
      continue;
    }
    const [from, to] = [...left][0] as [string, string];
    let number = 1;
    while (held.has(`tmp-${number}`) || [...left.values()].includes(`tmp-${number}`)) number += 1;
    left.delete(from);
    give(from, `tmp-${number}`);
    left.set(`tmp-${number}`, to);
  }
  return order;
}

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);
const settings = (services: Document["deckies"][number]["services"]) => services.map((one) => [one.slug, Object.entries(one.settings ?? {}).sort()]);

/** The changes that make `after` of `before`, in an order in which each can be made. */
export function operations(before: Draft, after: Draft): Change[] {
  const [old, now] = [before.document, after.document];
  const lans = kept(before.lans, after.lans, old.lans, now.lans);
  const deckies = kept(before.deckies, after.deckies, old.deckies, now.deckies);
  return [
    ...old.deckies.filter((one) => !deckies.has(one.name)).map((one): Change => ({ op: "remove_decky", decky: one.name })),
    ...left(old, now, lans, deckies),
    ...old.lans.filter((one) => !lans.has(one.name)).map((one): Change => ({ op: "remove_lan", name: one.name })),
    ...renames(lans).map(([name, rename]): Change => ({ op: "update_lan", name, rename })),
    ...lanPatches(old, now, lans),
    ...newLans(now, lans),
    ...renames(deckies).map(([decky, rename]): Change => ({ op: "update_decky", decky, rename })),
    ...deckyPatches(old, now, lans, deckies),
    ...newDeckies(now, deckies),
    ...joined(old, now, lans, deckies),
    ...rules(old, now, lans),
  ];
}

/** Edges that are gone of deckies and LANs that stay. */
function left(old: Document, now: Document, lans: Pairs, deckies: Pairs): Change[] {
  const found: Change[] = [];
  for (const [name, next] of deckies) {
    const there = new Set(bridged(now, next));
    for (const lan of bridged(old, name)) {
      const kept = lans.get(lan);
      if (kept !== undefined && !there.has(kept)) found.push({ op: "detach_decky", decky: name, lan });
    }
  }
  return found;
}

function lanPatches(old: Document, now: Document, lans: Pairs): Change[] {
  return [...lans].flatMap(([name, next]): Change[] => {
    const [was, is] = [old.lans.find((one) => one.name === name), now.lans.find((one) => one.name === next)];
    if (!was || !is) return [];
    const patch: Partial<Extract<Change, { op: "update_lan" }>> = {};
    if (was.subnet !== is.subnet) patch.subnet = is.subnet;
    if (Boolean(was.dmz) !== Boolean(is.dmz)) patch.dmz = Boolean(is.dmz);
    if (is.x !== undefined && was.x !== is.x) patch.x = is.x;
    if (is.y !== undefined && was.y !== is.y) patch.y = is.y;
    return Object.keys(patch).length ? [{ op: "update_lan", name: next, ...patch }] : [];
  });
}

function newLans(now: Document, lans: Pairs): Change[] {
  const stay = new Set(lans.values());
  return now.lans.filter((one) => !stay.has(one.name)).flatMap(({ name, subnet, dmz, x, y }): Change[] => {
    const spot = x === undefined || y === undefined ? {} : { x, y };
    const come: Change = { op: "add_lan", name, subnet, ...spot };
    return dmz ? [come, { op: "update_lan", name, dmz }] : [come];
  });
}

function deckyPatches(old: Document, now: Document, lans: Pairs, deckies: Pairs): Change[] {
  const named = (document: Document) => new Map(document.deckies.map((one) => [one.name, one]));
  const [before, after] = [named(old), named(now)];
  return [...deckies].flatMap(([name, next]): Change[] => {
    const [was, is] = [before.get(name), after.get(next)];
    if (!was || !is) return [];
    const patch: Partial<Extract<Change, { op: "update_decky" }>> = {};
    if (was.system !== is.system) patch.system = is.system;
    if (was.services !== is.services && !same(settings(was.services), settings(is.services))) patch.services = is.services;
    if (Boolean(was.front) !== Boolean(is.front)) patch.front = Boolean(is.front);
    if (routes(old, name) !== routes(now, next)) Object.assign(patch, { forwards: routes(now, next), force: true });
    const moved = Object.entries(was.ips).flatMap(([lan, ip]) => {
      const kept = lans.get(lan);
      const address = kept === undefined ? undefined : is.ips[kept];
      return kept === undefined || address === undefined || address === ip ? [] : [[kept, address]];
    });
    if (moved.length) patch.ips = Object.fromEntries(moved) as Record<string, string>;
    return Object.keys(patch).length ? [{ op: "update_decky", decky: next, ...patch }] : [];
  });
}

function newDeckies(now: Document, deckies: Pairs): Change[] {
  const stay = new Set(deckies.values());
  return now.deckies.filter((one) => !stay.has(one.name)).flatMap((one): Change[] => {
    const lan = homeOf(now, one.name);
    if (lan === undefined) return [];
    const { name, services, system, archetype, front } = one;
    const ip = one.ips[lan];
    const come: Change = {
      op: "add_decky", name, lan, services, system,
      ...(archetype ? { archetype } : {}), ...(ip ? { ip } : {}), ...(front ? { front } : {}),
    };
    const routing = routes(now, name) && bridged(now, name).length === 0;
    return routing ? [come, { op: "update_decky", decky: name, forwards: true, force: true }] : [come];
  });
}

/** Edges that are new, of whoever there is now. */
function joined(old: Document, now: Document, lans: Pairs, deckies: Pairs): Change[] {
  const before = new Map([...deckies].map(([name, next]) => [next, new Set(bridged(old, name).map((lan) => lans.get(lan)))]));
  return now.deckies.flatMap((one) => bridged(now, one.name).filter((lan) => !before.get(one.name)?.has(lan)).map((lan): Change => {
    const ip = one.ips[lan];
    return { op: "attach_decky", decky: one.name, lan, ...(ip ? { ip } : {}), ...(routes(now, one.name) ? { forwards: true } : {}) };
  }));
}

function rules(old: Document, now: Document, lans: Pairs): Change[] {
  const named = (lan: string) => (lan === "*" ? lan : lans.get(lan));
  const stay = (old.rules ?? []).flatMap((rule) => {
    const [from, to] = [named(rule.from), named(rule.to)];
    return from === undefined || to === undefined ? [] : [[from, to, rule.verdict, rule.ports ?? []]];
  });
  const wanted = (now.rules ?? []).map((rule) => [rule.from, rule.to, rule.verdict, rule.ports ?? []]);
  return same(stay, wanted) ? [] : [{ op: "set_rules", rules: now.rules ?? [] }];
}
