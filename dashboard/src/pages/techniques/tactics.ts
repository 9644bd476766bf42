import type { Body } from "../../api/client";

export type Coverage = Body["TechniqueCoverage"];

/** Tactics in the order of the matrix. */
const ORDER = [
  "reconnaissance", "resource-development", "initial-access", "execution", "persistence", "privilege-escalation", "defense-evasion",
  "credential-access", "discovery", "lateral-movement", "collection", "command-and-control", "exfiltration", "inhibit-response-function",
  "impair-process-control", "impact",
];

/** A tactic as people read it. */
export const title = (tactic: string): string => {
  const words = tactic.split("-").map((word) => (word === "and" ? word : word.charAt(0).toUpperCase() + word.slice(1)));
  return words.join(" ");
};

/** Techniques by tactic, in the order of the matrix; tactics without any are left out. */
export function columns(all: Coverage[]): [string, Coverage[]][] {
  const found = ORDER.map((tactic): [string, Coverage[]] => [tactic, all.filter((one) => one.tactic === tactic)]);
  return found.filter(([, list]) => list.length > 0);
}

/** How strongly a cell is shown: by how many addresses showed the technique, on a scale of powers of ten. */
export const heat = (attackers: number): 0 | 1 | 2 | 3 => (attackers === 0 ? 0 : attackers < 10 ? 1 : attackers < 100 ? 2 : 3);
