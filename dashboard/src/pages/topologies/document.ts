/** A topology's document as `decnet topology export` writes it. */
export interface Document {
  name: string;
  lans: Lan[];
  deckies: Decky[];
  edges: Edge[];
  rules?: Rule[];
}
export interface Lan { name: string; subnet: string; dmz?: boolean; x?: number; y?: number }
export interface Service { slug: string; settings?: Record<string, string> }
export interface Decky {
  name: string;
  archetype?: string;
  system: string;
  services: Service[];
  /** Its address in each LAN, by the LAN's name. */
  ips: Record<string, string>;
  front?: boolean;
  login?: unknown;
  x?: number;
  y?: number;
}
export interface Edge { decky: string; lan: string; bridge?: boolean; forwards?: boolean }
export interface Rule { from: string; to: string; verdict: "allow" | "deny"; ports?: number[] }

/** What the API answers, as far as it is a document: a stored one may leave out what is empty. */
export function read(value: unknown): Document {
  const given = (typeof value === "object" && value !== null ? value : {}) as Partial<Document>;
  return {
    name: given.name ?? "",
    lans: given.lans ?? [],
    deckies: (given.deckies ?? []).map((one) => ({ ...one, services: one.services ?? [], ips: one.ips ?? {} })),
    edges: given.edges ?? [],
    rules: given.rules ?? [],
  };
}

// A document never changes: what is looked up often is found once for each of its lists.
const known = new WeakMap<Edge[], Map<string, Edge[]>>();
const NONE: Edge[] = [];

/** The edges of a decky. */
export function edgesOf({ edges }: Document, decky: string): Edge[] {
  let byDecky = known.get(edges);
  if (!byDecky) {
    byDecky = new Map();
    for (const edge of edges) {
      const own = byDecky.get(edge.decky);
      if (own) own.push(edge);
      else byDecky.set(edge.decky, [edge]);
    }
    known.set(edges, byDecky);
  }
  return byDecky.get(decky) ?? NONE;
}

/** The LAN that a decky has its home in. */
export const homeOf = (document: Document, decky: string): string | undefined => edgesOf(document, decky).find((edge) => !edge.bridge)?.lan;

/** The LANs that a decky bridges, beside its home. */
export const bridged = (document: Document, decky: string): string[] => edgesOf(document, decky).filter((edge) => edge.bridge).map((edge) => edge.lan);

/** Whether a decky forwards packets. */
export const routes = (document: Document, decky: string): boolean => edgesOf(document, decky).some((edge) => edge.forwards === true);

/** The deckies of each LAN that have their home there, in the order of the document. */
export function homes(document: Document): Map<string, Decky[]> {
  const lan = new Map<string, string>();
  for (const edge of document.edges) if (!edge.bridge && !lan.has(edge.decky)) lan.set(edge.decky, edge.lan);
  const found = new Map<string, Decky[]>(document.lans.map((one) => [one.name, []]));
  for (const decky of document.deckies) found.get(lan.get(decky.name) ?? "")?.push(decky);
  return found;
}
