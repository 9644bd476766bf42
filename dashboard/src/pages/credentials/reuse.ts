import type { Credential } from "./columns";

export interface Reuse {
  principal: string;
  secret: string;
  sources: number;
  deckies: number;
  attempts: number;
}

/** Pairs that came from several sources or were tried on several deckies: what links attackers and hosts. */
export function reuse(rows: Credential[]): Reuse[] {
  const pairs = new Map<string, Credential[]>();
  for (const row of rows) {
    const key = JSON.stringify([row.principal, row.secret_sha256]);
    pairs.set(key, [...(pairs.get(key) ?? []), row]);
  }
  return [...pairs.values()]
    .map((same) => ({
      principal: same[0]?.principal ?? "",
      secret: same[0]?.secret ?? "",
      sources: new Set(same.map((row) => row.src_ip)).size,
      deckies: new Set(same.map((row) => row.decky)).size,
      attempts: same.reduce((sum, row) => sum + row.attempts, 0),
    }))
    .filter((one) => one.sources > 1 || one.deckies > 1)
    .sort((a, b) => b.sources - a.sources || b.deckies - a.deckies || b.attempts - a.attempts);
}

/** Lines for a cracker, each once: hashcat and john read the same. */
export const crackLines = (rows: Credential[]): string[] => [...new Set(rows.flatMap((row) => (row.crack_line ? [row.crack_line] : [])))];

/** Plaintext secrets as a list of words, each once. A line break would make two words of one. */
export const wordlist = (rows: Credential[]): string[] =>
  [...new Set(rows.filter((row) => row.secret_kind === "plaintext" && row.secret && !/[\r\n]/.test(row.secret)).map((row) => row.secret))];
