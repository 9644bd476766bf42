import { type KeyboardEvent, memo, type PointerEvent, useEffect, useMemo, useRef, useState } from "react";
import type { Body } from "../../api/client";
import type { Decky, Document } from "./document";
import { bridged, routes } from "./document";
import { type Box, boxAt, type Key, type Picture, SIZE, type Spot, towards } from "./layout";

export interface Chosen { kind: "lan" | "decky"; name: string }
export type Finding = Body["TopologyFinding"];
/** A path that somebody took, by the names of deckies in the topology. */
export interface Way { source: string; path: string[] }

interface Props {
  document: Document;
  picture: Picture;
  found: Map<string, Finding[]>;
  /** Deckies that were touched just now. */
  lit: Set<string>;
  ways: Way[];
  chosen: Chosen | null;
  choose: (chosen: Chosen | null) => void;
  /** Absent: nothing can be changed. */
  edit?: {
    move: (lan: string, spot: Spot, part: string) => void;
    join: (decky: string, lan: string) => void;
    remove: (chosen: Chosen) => void;
    undo: () => void;
    redo: () => void;
  } | undefined;
}

interface View { x: number; y: number; width: number; height: number }
type Drag =
  | { what: "view"; from: Spot; view: View }
  | { what: "lan"; name: string; from: Spot; box: Spot; part: string }
  | { what: "decky"; name: string; to: Spot; far: boolean };

/** Places are multiples of this. */
const GRID = 4;
/** How far a LAN goes by a key. */
const STEP = 20;
const PAD = 24;
/** A decky is dragged once the pointer is so far from where it began. */
const FAR = 8;

const whole = (picture: Picture): View => ({ x: picture.x - PAD, y: picture.y - PAD, width: picture.width + 2 * PAD, height: picture.height + 2 * PAD });
const on = (value: number) => Math.round(value / GRID) * GRID;
export const idOf = ({ kind, name }: Chosen): string => `${kind}-${name}`;

/**
 * The networks as boxes with their deckies, and who leads from one to another. LANs are dragged to where they are to
 * be, a decky onto a LAN to join it there; arrow keys go from node to node, with Alt they move a LAN.
 */
export function Canvas(props: Props) {
  const { picture, chosen, choose, edit } = props;
  const svg = useRef<SVGSVGElement>(null);
  const [own, setView] = useState<View | null>(null);
  const [drag, setDrag] = useState<Drag | null>(null);
  const parts = useRef(0);
  const view = own ?? whole(picture);
  const spots = useMemo(() => places(picture), [picture]);
  const zoom = (by: number) => setView({ x: view.x + (view.width * (1 - by)) / 2, y: view.y + (view.height * (1 - by)) / 2, width: view.width * by, height: view.height * by });
  useReveal(chosen, spots, own, setView);

  const pointAt = (event: { clientX: number; clientY: number }): Spot => {
    const matrix = svg.current?.getScreenCTM()?.inverse();
    const { x, y } = new DOMPoint(event.clientX, event.clientY).matrixTransform(matrix);
    return { x, y };
  };
  const press = (event: PointerEvent<SVGSVGElement>) => {
    if (event.button !== 0) return;
    const node = (event.target as Element).closest<SVGGElement>("[data-name]");
    const { kind, name } = node?.dataset ?? {};
    const point = pointAt(event);
    event.currentTarget.setPointerCapture(event.pointerId);
    if (!name || !kind) {
      choose(null);
      setDrag({ what: "view", from: { x: event.clientX, y: event.clientY }, view });
      return;
    }
    choose({ kind: kind as Chosen["kind"], name });
    const box = picture.boxes.find((one) => one.name === name);
    if (kind === "lan" && box && edit) setDrag({ what: "lan", name, from: point, box, part: `drag ${(parts.current += 1)}` });
    else if (kind === "decky" && edit) setDrag({ what: "decky", name, to: point, far: false });
  };
  const move = (event: PointerEvent<SVGSVGElement>) => {
    if (!drag) return;
    const point = pointAt(event);
    if (drag.what === "view") {
      const scale = 1 / (svg.current?.getScreenCTM()?.a || 1);
      setView({ ...drag.view, x: drag.view.x - (event.clientX - drag.from.x) * scale, y: drag.view.y - (event.clientY - drag.from.y) * scale });
    } else if (drag.what === "decky") {
      const from = picture.at.get(drag.name);
      setDrag({ ...drag, to: point, far: drag.far || (from !== undefined && Math.hypot(point.x - from.x, point.y - from.y) > FAR + SIZE.cell / 2) });
    } else {
      const spot = { x: on(drag.box.x + point.x - drag.from.x), y: on(drag.box.y + point.y - drag.from.y) };
      if (spot.x !== drag.box.x || spot.y !== drag.box.y) {
        // While it is dragged the window stays: it would follow what is in it.
        if (!own) setView(view);
        edit?.move(drag.name, spot, drag.part);
      }
    }
  };
  const release = (event: PointerEvent<SVGSVGElement>) => {
    if (drag?.what === "decky" && drag.far) {
      const box = boxAt(picture, pointAt(event));
      const there = box && props.document.edges.some((one) => one.decky === drag.name && one.lan === box.name);
      if (box && !there) edit?.join(drag.name, box.name);
    }
    setDrag(null);
  };
  const keys = (event: KeyboardEvent) => {
    if (event.key.startsWith("Arrow")) {
      const key = event.key as Key;
      const here = chosen && spots.get(idOf(chosen));
      if (event.altKey && edit && chosen?.kind === "lan" && here) {
        const box = picture.boxes.find((one) => one.name === chosen.name);
        const by = { ArrowUp: [0, -STEP], ArrowDown: [0, STEP], ArrowLeft: [-STEP, 0], ArrowRight: [STEP, 0] }[key] as [number, number];
        if (box) edit.move(chosen.name, { x: box.x + by[0], y: box.y + by[1] }, `keys ${chosen.name}`);
      } else {
        const next = towards(spots, chosen ? idOf(chosen) : "", key);
        if (next) choose(chosenBy(next));
      }
    } else if (event.key === "Escape") choose(null);
    else if (event.key === "+" || event.key === "=") zoom(0.8);
    else if (event.key === "-") zoom(1.25);
    else if (event.key === "0") setView(null);
    else if ((event.key === "Delete" || event.key === "Backspace") && chosen) edit?.remove(chosen);
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "z") (event.shiftKey ? edit?.redo : edit?.undo)?.();
    else if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "y") edit?.redo();
    else return;
    event.preventDefault();
  };
  const from = drag?.what === "decky" && drag.far ? picture.at.get(drag.name) : undefined;
  return (
    <div className="canvas">
      <svg
        ref={svg} className="topology" viewBox={`${view.x} ${view.y} ${view.width} ${view.height}`} tabIndex={0} role="listbox"
        aria-label={`Topology ${props.document.name}`} aria-activedescendant={chosen ? idOf(chosen) : undefined}
        onPointerDown={press} onPointerMove={move} onPointerUp={release} onPointerCancel={() => setDrag(null)} onKeyDown={keys}
      >
        <Ties {...props} />
        {picture.boxes.map((box) => (
          <g key={box.name} transform={`translate(${box.x} ${box.y})`} role="presentation">
            <LanBox box={box} document={props.document} lit={props.lit} found={props.found} chosen={chosen} />
          </g>
        ))}
        <Ways picture={picture} ways={props.ways} />
        {from && drag?.what === "decky" && <line className="pull" x1={from.x} y1={from.y} x2={drag.to.x} y2={drag.to.y} />}
      </svg>
      <div className="zoom" role="group" aria-label="View">
        <button className="icon" aria-label="Nearer" onClick={() => zoom(0.8)}>+</button>
        <button className="icon" aria-label="Farther" onClick={() => zoom(1.25)}>−</button>
        <button onClick={() => setView(null)}>All</button>
      </div>
    </div>
  );
}

/** LANs by their head, deckies by their dot: what keys go between. */
function places(picture: Picture): Map<string, Spot> {
  const lans = picture.boxes.map((box): [string, Spot] => [idOf({ kind: "lan", name: box.name }), { x: box.x + 8, y: box.y + 16 }]);
  return new Map([...lans, ...[...picture.at].map(([name, spot]): [string, Spot] => [idOf({ kind: "decky", name }), spot])]);
}

function chosenBy(id: string): Chosen {
  const kind = id.startsWith("lan-") ? "lan" : "decky";
  return { kind, name: id.slice(kind.length + 1) };
}

/** Has what is chosen in the window, where one looks at a part of all. */
function useReveal(chosen: Chosen | null, spots: Map<string, Spot>, view: View | null, setView: (view: View) => void) {
  const name = chosen ? idOf(chosen) : "";
  useEffect(() => {
    const spot = spots.get(name);
    if (!spot || !view) return;
    const inside = spot.x > view.x && spot.x < view.x + view.width && spot.y > view.y && spot.y < view.y + view.height;
    if (!inside) setView({ ...view, x: spot.x - view.width / 2, y: spot.y - view.height / 2 });
    // Only when another one is chosen: who moves the window himself has it where he wants.
  }, [name]);
}

function Ties({ picture, chosen }: Props) {
  return picture.ties.map((tie) => {
    const near = chosen?.name === tie.decky || chosen?.name === tie.lan;
    return (
      <path key={`${tie.decky} ${tie.lan}`} className={`tie ${tie.router ? "router" : "bridge"}${near ? " near" : ""}`} d={tie.path}>
        <title>{`${tie.decky} ${tie.router ? "routes" : "leads"} to ${tie.lan}`}</title>
      </path>
    );
  });
}

/** What somebody went, over everything else. */
function Ways({ picture, ways }: { picture: Picture; ways: Way[] }) {
  return ways.map((way) => {
    const spots = way.path.flatMap((name) => picture.at.get(name) ?? []);
    if (!spots.length) return null;
    return (
      <g key={way.source} className="way" role="presentation">
        <polyline points={spots.map(({ x, y }) => `${x},${y}`).join(" ")}><title>{`${way.source}: ${way.path.join(" → ")}`}</title></polyline>
        {spots.map((spot, number) => <circle key={number} cx={spot.x} cy={spot.y} r={7} />)}
      </g>
    );
  });
}

interface LanProps { box: Box; document: Document; lit: Set<string>; found: Map<string, Finding[]>; chosen: Chosen | null }

const short = (name: string, most: number) => (name.length > most ? `${name.slice(0, most - 1)}…` : name);
const codes = (found: Finding[] | undefined) => (found?.length ? `; ${found.map((one) => one.code).join(", ")}` : "");
const flag = (found: Finding[] | undefined) => (found?.length ? (found.every((one) => one.warning) ? "warn" : "bad") : "");

const LanBox = memo(function LanBox({ box, document, lit, found, chosen }: LanProps) {
  const lan = document.lans.find((one) => one.name === box.name);
  const own = found.get(box.name);
  const is = chosen?.kind === "lan" && chosen.name === box.name;
  return (
    <>
      <g id={idOf({ kind: "lan", name: box.name })} data-kind="lan" data-name={box.name} role="option" aria-selected={is} aria-label={`LAN ${box.name}, ${lan?.subnet ?? ""}, ${box.deckies.length} deckies${codes(own)}`} className={is ? "chosen" : undefined}>
        <rect className={`lan ${lan?.dmz ? "dmz" : ""} ${flag(own)}`} width={box.width} height={box.height} rx={6} />
        <text x={SIZE.pad} y={17} className="title">{short(box.name, 24)}</text>
        <text x={SIZE.pad} y={31} className="faint">{lan?.dmz ? `DMZ ${lan.subnet}` : lan?.subnet}</text>
        {own && <text x={box.width - SIZE.pad} y={18} textAnchor="end" className={`flag ${flag(own)}`}>! {own.length}</text>}
      </g>
      {box.deckies.map((one) => (
        <Node key={one.decky.name} decky={one.decky} x={one.x - box.x} y={one.y - box.y} role={roleOf(document, one.decky)} lit={lit.has(one.decky.name)} found={found.get(one.decky.name)} chosen={chosen?.kind === "decky" && chosen.name === one.decky.name} />
      ))}
    </>
  );
}, sameBox);

/** Whether a LAN looks the same inside; where it is matters not. */
function sameBox(a: LanProps, b: LanProps): boolean {
  const within = ({ box, chosen }: LanProps) => chosen !== null && (chosen.kind === "lan" ? chosen.name === box.name : box.deckies.some((one) => one.decky.name === chosen.name));
  const [lan, other] = [a, b].map((one) => one.document.lans.find((lan) => lan.name === one.box.name));
  return a.box.name === b.box.name && a.box.width === b.box.width && a.box.height === b.box.height && lan?.subnet === other?.subnet && lan?.dmz === other?.dmz
    && a.found === b.found && a.document.edges === b.document.edges && a.box.deckies.length === b.box.deckies.length
    && (a.chosen === b.chosen || (!within(a) && !within(b)))
    && (a.lit === b.lit || a.box.deckies.every((one) => a.lit.has(one.decky.name) === b.lit.has(one.decky.name)))
    && a.box.deckies.every((one, index) => one.decky === b.box.deckies[index]?.decky);
}

type Role = "front" | "router" | "bridge" | "inner";

function roleOf(document: Document, decky: Decky): Role {
  if (routes(document, decky.name)) return "router";
  if (bridged(document, decky.name).length) return "bridge";
  return decky.front ? "front" : "inner";
}

const Node = memo(function Node({ decky, x, y, role, lit, found, chosen }: { decky: Decky; x: number; y: number; role: Role; lit: boolean; found: Finding[] | undefined; chosen: boolean }) {
  const slugs = decky.services.map((one) => one.slug).join(" ");
  const about = `${decky.name}, ${role}${decky.front && role !== "front" ? ", front" : ""}, ${decky.system}, ${slugs || "no service"}, ${Object.values(decky.ips).join(" ")}`;
  return (
    <g id={idOf({ kind: "decky", name: decky.name })} data-kind="decky" data-name={decky.name} role="option" aria-selected={chosen} aria-label={`${about}${codes(found)}`} transform={`translate(${x} ${y})`} className={`decky ${role}${lit ? " lit" : ""}${chosen ? " chosen" : ""}${decky.front ? " front" : ""}`}>
      <rect className="hit" width={SIZE.cell - 4} height={SIZE.row} rx={4} />
      {role === "router" ? <rect x={3} y={5} width={10} height={10} className="mark" /> : role === "bridge" ? <path d="M8 4 14 10 8 16 2 10Z" className="mark" /> : <circle cx={8} cy={10} r={4.5} className="mark" />}
      <text x={19} y={14}>{short(decky.name, found?.length ? 15 : 17)}</text>
      {found && found.length > 0 && <text x={SIZE.cell - 10} y={14} textAnchor="end" className={`flag ${flag(found)}`}>!</text>}
      <title>{`${about}${found?.map((one) => `\n${one.code}: ${one.detail}`).join("") ?? ""}`}</title>
    </g>
  );
});
