/** A topology's document as `decnet topology export` writes it, as far as it is drawn. */
export interface Document {
  lans: { name: string; subnet: string; dmz?: boolean; x?: number; y?: number }[];
  deckies: { name: string; system: string; services: { slug: string }[]; ips: Record<string, string>; front?: boolean }[];
  edges: { decky: string; lan: string; bridge?: boolean; forwards?: boolean }[];
}

export interface Spot {
  x: number;
  y: number;
}

/** Size of a LAN's box and the gaps between boxes. */
export const BOX = { width: 168, head: 34, row: 20, gap: 36, rise: 64 };

/** The deckies that have their home in a LAN. */
export function home(document: Document, lan: string): Document["deckies"] {
  const names = new Set(document.edges.filter((edge) => edge.lan === lan && !edge.bridge).map((edge) => edge.decky));
  return document.deckies.filter((decky) => names.has(decky.name));
}

/** Where each LAN is drawn: a row for each depth, those that nobody reaches last. */
export function layout(document: Document, depths: Record<string, number>): { spots: Map<string, Spot>; width: number; height: number } {
  const last = Math.max(0, ...Object.values(depths)) + 1;
  const rows = new Map<number, Document["lans"]>();
  for (const lan of document.lans) {
    const depth = depths[lan.name] ?? last;
    rows.set(depth, [...(rows.get(depth) ?? []), lan]);
  }
  const spots = new Map<string, Spot>();
  let [width, y] = [BOX.width, 0];
  for (const depth of [...rows.keys()].sort((a, b) => a - b)) {
    const row = rows.get(depth) ?? [];
    row.forEach((lan, index) => spots.set(lan.name, { x: index * (BOX.width + BOX.gap), y }));
    width = Math.max(width, row.length * (BOX.width + BOX.gap) - BOX.gap);
    y += Math.max(...row.map((lan) => BOX.head + home(document, lan.name).length * BOX.row)) + BOX.rise;
  }
  return { spots, width, height: Math.max(BOX.head, y - BOX.rise) };
}
