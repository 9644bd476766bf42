import type { Body } from "../../api/client";

/** What the work `deploy --mode swarm` comes to: its plan, or its end. */
export interface Placed {
  mode: "swarm";
  /** Of a plan, each decky with its seat; of a deploy, how many. */
  deckies: Seat[] | number;
  changes: { added: string[]; moved: string[]; changed: string[]; removed: string[] };
  notices: string[];
  /** Of a deploy: what became of what was wanted, host by host. */
  results?: Outcome[];
}
export interface Seat { decky: string; host: string; host_id: string; address: string; system: string; services: string[]; absent: string[] }
export interface Outcome { host: string; id: string; wanted: number; running: number; ok: boolean; detail: string }

type Host = Body["SwarmHost"];

export const isPlaced = (result: unknown): result is Placed => typeof result === "object" && result !== null && (result as { mode?: unknown }).mode === "swarm";

/** Whether a host may get deckies, as far as its state says. */
export const takes = (host: Host): boolean => host.state === "active" || host.state === "enrolled";

/** All labels of hosts that may get deckies: each key with its values, sorted. */
export function labels(hosts: Host[]): [string, string[]][] {
  const known = new Map<string, Set<string>>();
  for (const host of hosts.filter(takes)) {
    for (const [key, value] of Object.entries(host.labels)) known.set(key, (known.get(key) ?? new Set()).add(value));
  }
  return [...known].map(([key, values]): [string, string[]] => [key, [...values].sort()]).sort(([a], [b]) => a.localeCompare(b));
}

/** The hosts that have all of the labels that are asked for, and may get deckies. */
export const fitting = (hosts: Host[], on: Record<string, string>): Host[] =>
  hosts.filter((host) => takes(host) && Object.entries(on).every(([key, value]) => host.labels[key] === value));

/** Seats by host, the host with the most first. */
export function byHost(seats: Seat[]): { host: string; id: string; seats: Seat[] }[] {
  const found = new Map<string, { host: string; id: string; seats: Seat[] }>();
  for (const seat of seats) {
    const one = found.get(seat.host_id) ?? { host: seat.host, id: seat.host_id, seats: [] };
    one.seats.push(seat);
    found.set(seat.host_id, one);
  }
  return [...found.values()].sort((a, b) => b.seats.length - a.seats.length || a.host.localeCompare(b.host));
}
