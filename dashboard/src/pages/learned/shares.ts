/** Counts by name as shares of their sum, the largest first. */
export function shares(counts: Record<string, number>): { name: string; count: number; share: number }[] {
  const all = Object.values(counts).reduce((sum, one) => sum + one, 0);
  return Object.entries(counts)
    .map(([name, count]) => ({ name, count, share: all ? count / all : 0 }))
    .sort((a, b) => b.count - a.count || a.name.localeCompare(b.name));
}

/** Names without the number that they end with, with how many there are of each: how hosts are called. */
export function styles(names: string[]): { name: string; count: number; share: number }[] {
  const stems: Record<string, number> = Object.create(null) as Record<string, number>;
  for (const name of names) {
    const digits = /\d+$/.exec(name)?.[0].length ?? 0;
    const stem = digits ? name.slice(0, -digits) + "#".repeat(Math.min(digits, 12)) : name;
    stems[stem] = (stems[stem] ?? 0) + 1;
  }
  return shares(stems);
}
