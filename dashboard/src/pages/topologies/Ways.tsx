import { useMemo, useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import type { Way } from "./Canvas";

/** Ways that are drawn at once. */
const MOST = 10;
const ALL = "*";

/** What attackers went in a topology, the latest first: of each the deckies in the order of first contact. */
export function waysOf(topology: string, traversals: Body["Traversal"][]): Way[] {
  const own = `${topology}.`;
  return traversals.flatMap((one): Way[] => {
    const path = one.path.filter((name) => name.startsWith(own)).map((name) => name.slice(own.length));
    return path.length ? [{ source: one.src_ip, path }] : [];
  });
}

/** The ways that are to be drawn, and how that is chosen. */
export function useWays(topology: string) {
  const list = useQuery("/api/v1/traversals", { query: { limit: 500 } }, { live: 5000 });
  const [source, setSource] = useState("");
  const all = useMemo(() => waysOf(topology, list.data ?? []), [topology, list.data]);
  const ways = useMemo(() => (source === ALL ? all.slice(0, MOST) : all.filter((one) => one.source === source)), [all, source]);
  return { ways, all, source, setSource };
}

export function WaysField({ all, source, setSource }: { all: Way[]; source: string; setSource: (source: string) => void }) {
  return (
    <label>Ways of attackers <select className="small" value={source} disabled={all.length === 0} onChange={(event) => setSource(event.target.value)}>
      <option value="">{all.length ? "none" : "nobody was here"}</option>
      {all.length > 0 && <option value={ALL}>the latest {Math.min(all.length, MOST)}</option>}
      {all.map((one) => <option key={one.source} value={one.source}>{one.source}: {one.path.length} deckies</option>)}
    </select></label>
  );
}
