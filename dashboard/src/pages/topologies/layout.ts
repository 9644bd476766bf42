// Where everything of a topology is drawn: LANs as boxes with the deckies that have their home there, never one box over
// another.
import { bridged, type Decky, type Document, homeOf, homes, routes } from "./document";

export interface Spot { x: number; y: number }
export interface Box extends Spot { name: string; width: number; height: number; deckies: (Spot & { decky: Decky })[] }
export interface Tie { decky: string; lan: string; router: boolean; path: string; middle: Spot }
export interface Picture { boxes: Box[]; ties: Tie[]; at: Map<string, Spot>; x: number; y: number; width: number; height: number }

/** Sizes of what is drawn. */
export const SIZE = { cell: 132, row: 20, head: 40, pad: 8, gap: 28, rise: 56, least: 168, rows: 16, wide: 1500 };

/** Size of a LAN with so many deckies. */
export function size(deckies: number): { width: number; height: number; columns: number } {
  const columns = Math.max(1, Math.ceil(deckies / SIZE.rows));
  const rows = Math.max(1, Math.ceil(deckies / columns));
  return { columns, width: Math.max(SIZE.least, columns * SIZE.cell + 2 * SIZE.pad), height: SIZE.head + rows * SIZE.row + SIZE.pad };
}

type Sized = { name: string; width: number; height: number };

/** Places by how far inside each LAN is: a row for each depth, those that nobody reaches last, broken where it is wide. */
export function tidy(document: Document, depths: Record<string, number>): Map<string, Spot> {
  const all = homes(document);
  const last = Math.max(0, ...Object.values(depths)) + 1;
  const rows = new Map<number, Sized[]>();
  for (const { name, dmz } of document.lans) {
    const depth = Object.hasOwn(depths, name) ? (depths[name] ?? last) : dmz ? 0 : last;
    rows.set(depth, [...(rows.get(depth) ?? []), { name, ...size(all.get(name)?.length ?? 0) }]);
  }
  const spots = new Map<string, Spot>();
  let y = 0;
  for (const depth of [...rows.keys()].sort((a, b) => a - b)) {
    let [x, high] = [0, 0];
    for (const one of rows.get(depth) ?? []) {
      if (x > 0 && x + one.width > SIZE.wide) [x, y, high] = [0, y + high + SIZE.gap, 0];
      spots.set(one.name, { x, y });
      x += one.width + SIZE.gap;
      high = Math.max(high, one.height);
    }
    y += high + SIZE.rise;
  }
  return spots;
}

/** Boxes at their places; what would cover another one goes below it, what has no place where it would be tidy. */
function boxes(document: Document, depths: Record<string, number>): Box[] {
  const all = homes(document);
  const free = tidy(document, depths);
  const wanted = document.lans.map((lan) => ({ ...(lan.x === undefined || lan.y === undefined ? (free.get(lan.name) ?? { x: 0, y: 0 }) : { x: lan.x, y: lan.y }), name: lan.name }));
  const placed: Box[] = [];
  for (const { name, x, y } of [...wanted].sort((a, b) => a.y - b.y || a.x - b.x)) {
    const own = all.get(name) ?? [];
    const { width, height, columns } = size(own.length);
    const rows = Math.ceil(own.length / columns) || 1;
    let top = y;
    for (let moved = true; moved; ) {
      const under = placed.find((other) => x < other.x + other.width + 8 && other.x < x + width + 8 && top < other.y + other.height + 8 && other.y < top + height + 8);
      moved = under !== undefined;
      if (under) top = under.y + under.height + SIZE.gap;
    }
    const deckies = own.map((decky, index) => ({
      decky, x: x + SIZE.pad + Math.floor(index / rows) * SIZE.cell, y: top + SIZE.head + (index % rows) * SIZE.row,
    }));
    placed.push({ name, x, y: top, width, height, deckies });
  }
  return placed;
}

/** Everything with its place. */
export function picture(document: Document, depths: Record<string, number>): Picture {
  const placed = boxes(document, depths);
  const at = new Map(placed.flatMap((box) => box.deckies.map((one) => [one.decky.name, { x: one.x + 8, y: one.y + SIZE.row / 2 }] as const)));
  const byName = new Map(placed.map((box) => [box.name, box]));
  const ties = document.deckies.flatMap(({ name }) => {
    const from = at.get(name);
    const home = homeOf(document, name);
    if (!from || home === undefined) return [];
    const router = routes(document, name);
    return bridged(document, name).flatMap((lan): Tie[] => {
      const box = byName.get(lan);
      return box ? [{ decky: name, lan, router, ...curve(from, box) }] : [];
    });
  });
  const [left, top] = [Math.min(0, ...placed.map((box) => box.x)), Math.min(0, ...placed.map((box) => box.y))];
  const right = Math.max(SIZE.least, ...placed.map((box) => box.x + box.width));
  const bottom = Math.max(SIZE.head, ...placed.map((box) => box.y + box.height));
  return { boxes: placed, ties, at, x: left, y: top, width: right - left, height: bottom - top };
}

/** A line from a decky to the nearer edge of a box. */
function curve(from: Spot, box: Box): { path: string; middle: Spot } {
  const below = box.y > from.y;
  const to = { x: Math.min(Math.max(from.x, box.x + 16), box.x + box.width - 16), y: below ? box.y : box.y + box.height };
  const bend = Math.max(24, Math.abs(to.y - from.y) / 2) * (to.y >= from.y ? 1 : -1);
  const path = `M ${from.x} ${from.y} C ${from.x - 14} ${from.y + bend}, ${to.x} ${to.y - bend}, ${to.x} ${to.y}`;
  return { path, middle: { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 } };
}

export type Key = "ArrowUp" | "ArrowDown" | "ArrowLeft" | "ArrowRight";

/** The nearest of `spots` in a direction: near the line of it counts more than near. */
export function towards(spots: Map<string, Spot>, from: string, key: Key): string | undefined {
  const here = spots.get(from);
  if (!here) return [...spots.keys()][0];
  const across = key === "ArrowLeft" || key === "ArrowRight";
  const sign = key === "ArrowRight" || key === "ArrowDown" ? 1 : -1;
  let [best, least] = [undefined as string | undefined, Infinity];
  for (const [name, spot] of spots) {
    const ahead = (across ? spot.x - here.x : spot.y - here.y) * sign;
    const aside = Math.abs(across ? spot.y - here.y : spot.x - here.x);
    if (name !== from && ahead > 0 && ahead + 2 * aside < least) [best, least] = [name, ahead + 2 * aside];
  }
  return best;
}

/** The box that a point is in. */
export const boxAt = (picture: Picture, { x, y }: Spot): Box | undefined =>
  picture.boxes.find((box) => box.x <= x && x <= box.x + box.width && box.y <= y && y <= box.y + box.height);
