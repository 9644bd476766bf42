// Changes of a topology, with the words of `decnet topology edit`: the page makes its drafts by them, saves by them, and
// does them again on what somebody else has made meanwhile. The server says what is sound; here only what cannot be
// meant is refused.
import { freeAddress, freeSubnet } from "./address";
import { type Decky, type Document, homeOf, type Rule, type Service } from "./document";

export type Change =
  | { op: "add_lan"; name: string; subnet?: string; x?: number; y?: number }
  | { op: "remove_lan"; name: string }
  | { op: "update_lan"; name: string; rename?: string; subnet?: string; dmz?: boolean; x?: number; y?: number }
  | { op: "add_decky"; name: string; lan: string; services: Service[]; system: string; archetype?: string; ip?: string; front?: boolean }
  | { op: "attach_decky"; decky: string; lan: string; ip?: string; forwards?: boolean }
  | { op: "detach_decky"; decky: string; lan: string }
  | { op: "remove_decky"; decky: string }
  | { op: "update_decky"; decky: string; rename?: string; system?: string; services?: Service[]; front?: boolean; forwards?: boolean; force?: boolean; ips?: Record<string, string> }
  | { op: "set_rules"; rules: Rule[] };

/** Why a change cannot be made. */
export class Refused extends Error {}

const NAME = /^[A-Za-z0-9]([A-Za-z0-9_-]{0,21}[A-Za-z0-9])?$/;

const renamed = <T extends string>(text: T, from: string, to: string | undefined): string => (to !== undefined && text === from ? to : text);

function checkName(kind: string, name: string, taken: { name: string }[], self = ""): void {
  if (!NAME.test(name)) throw new Refused(`“${name}” is no name: 1 to 23 letters, digits, - and _`);
  if (name !== self && taken.some((one) => one.name === name)) throw new Refused(`there is a ${kind} called ${name} already`);
}

function known<T extends { name: string }>(kind: string, all: T[], name: string): T {
  const found = all.find((one) => one.name === name);
  if (!found) throw new Refused(`no ${kind} is called ${name}`);
  return found;
}

const addresses = (document: Document): string[] => document.deckies.flatMap((one) => Object.values(one.ips));

function free(document: Document, lan: string): string {
  const ip = freeAddress(known("LAN", document.lans, lan).subnet, addresses(document));
  if (!ip) throw new Refused(`${lan} has no free address`);
  return ip;
}

const withDecky = (document: Document, name: string, change: (one: Decky) => Decky): Document =>
  ({ ...document, deckies: document.deckies.map((one) => (one.name === name ? change(one) : one)) });

/** The document after a change; the one that is given stays as it is. */
export function apply(document: Document, change: Change): Document {
  switch (change.op) {
    case "add_lan": return addLan(document, change);
    case "remove_lan": return removeLan(document, change.name);
    case "update_lan": return updateLan(document, change);
    case "add_decky": return addDecky(document, change);
    case "attach_decky": return attach(document, change);
    case "detach_decky": return detach(document, change.decky, change.lan);
    case "remove_decky":
      known("decky", document.deckies, change.decky);
      return { ...document, deckies: document.deckies.filter((one) => one.name !== change.decky), edges: document.edges.filter((one) => one.decky !== change.decky) };
    case "update_decky": return updateDecky(document, change);
    case "set_rules": return { ...document, rules: change.rules };
  }
}

type Of<O extends Change["op"]> = Extract<Change, { op: O }>;

function addLan(document: Document, { name, subnet, x, y }: Of<"add_lan">): Document {
  checkName("LAN", name, document.lans);
  const network = subnet || freeSubnet(document.lans.map((one) => one.subnet));
  if (!network) throw new Refused("no network is free");
  const spot = x === undefined || y === undefined ? {} : { x, y };
  return { ...document, lans: [...document.lans, { name, subnet: network, ...spot }] };
}

function removeLan(document: Document, name: string): Document {
  known("LAN", document.lans, name);
  const lives = document.edges.find((one) => one.lan === name && !one.bridge);
  if (lives) throw new Refused(`${lives.decky} has its home in ${name}`);
  return {
    ...document,
    lans: document.lans.filter((one) => one.name !== name),
    edges: document.edges.filter((one) => one.lan !== name),
    rules: document.rules?.filter((one) => one.from !== name && one.to !== name) ?? [],
    deckies: document.deckies.map((one) => (Object.hasOwn(one.ips, name) ? { ...one, ips: without(one.ips, name) } : one)),
  };
}

function without<T>(all: Record<string, T>, name: string): Record<string, T> {
  const { [name]: _, ...others } = all;
  return others;
}

function updateLan(document: Document, { name, rename, subnet, dmz, x, y }: Of<"update_lan">): Document {
  known("LAN", document.lans, name);
  if (rename !== undefined) checkName("LAN", rename, document.lans, name);
  const lans = document.lans.map((one) => (one.name !== name ? one : {
    ...one, name: rename ?? name, subnet: subnet ?? one.subnet,
    ...(dmz === undefined ? {} : { dmz }), ...(x === undefined ? {} : { x }), ...(y === undefined ? {} : { y }),
  }));
  if (rename === undefined || rename === name) return { ...document, lans };
  return {
    ...document, lans,
    edges: document.edges.map((one) => ({ ...one, lan: renamed(one.lan, name, rename) })),
    rules: document.rules?.map((one) => ({ ...one, from: renamed(one.from, name, rename), to: renamed(one.to, name, rename) })) ?? [],
    deckies: document.deckies.map((one) => (Object.hasOwn(one.ips, name) ? { ...one, ips: { ...without(one.ips, name), [rename]: one.ips[name] ?? "" } } : one)),
  };
}

function addDecky(document: Document, { name, lan, services, system, archetype, ip, front }: Of<"add_decky">): Document {
  checkName("decky", name, document.deckies);
  const address = ip || free(document, lan);
  known("LAN", document.lans, lan);
  const decky: Decky = { name, system, services, ips: { [lan]: address }, ...(archetype ? { archetype } : {}), ...(front ? { front } : {}) };
  return { ...document, deckies: [...document.deckies, decky], edges: [...document.edges, { decky: name, lan }] };
}

function attach(document: Document, { decky, lan, ip, forwards = false }: Of<"attach_decky">): Document {
  known("decky", document.deckies, decky);
  known("LAN", document.lans, lan);
  if (document.edges.some((one) => one.decky === decky && one.lan === lan)) throw new Refused(`${decky} is in ${lan} already`);
  const address = ip || free(document, lan);
  const edges = document.edges.map((one) => (one.decky === decky && forwards ? { ...one, forwards } : one));
  const next = withDecky(document, decky, (one) => ({ ...one, ips: { ...one.ips, [lan]: address } }));
  return { ...next, edges: [...edges, { decky, lan, bridge: true, ...(forwards ? { forwards } : {}) }] };
}

function detach(document: Document, decky: string, lan: string): Document {
  known("decky", document.deckies, decky);
  if (!document.edges.some((one) => one.decky === decky && one.lan === lan)) throw new Refused(`${decky} is not in ${lan}`);
  if (homeOf(document, decky) === lan) throw new Refused(`${decky} has its home in ${lan}`);
  const next = withDecky(document, decky, (one) => ({ ...one, ips: without(one.ips, lan) }));
  return { ...next, edges: document.edges.filter((one) => one.decky !== decky || one.lan !== lan) };
}

function updateDecky(document: Document, change: Of<"update_decky">): Document {
  const { decky, rename, system, services, front, forwards, ips = {} } = change;
  known("decky", document.deckies, decky);
  if (rename !== undefined) checkName("decky", rename, document.deckies, decky);
  const elsewhere = Object.keys(ips).find((lan) => !document.edges.some((one) => one.decky === decky && one.lan === lan));
  if (elsewhere !== undefined) throw new Refused(`${decky} is not in ${elsewhere}`);
  const next = withDecky(document, decky, (one) => ({
    ...one, name: rename ?? decky, system: system ?? one.system, services: services ?? one.services, ips: { ...one.ips, ...ips },
    ...(front === undefined ? {} : { front }),
  }));
  const edges = document.edges.map((one) => (one.decky !== decky ? one : {
    ...one, decky: rename ?? decky, ...(forwards === undefined ? {} : { forwards }),
  }));
  return { ...next, edges };
}
