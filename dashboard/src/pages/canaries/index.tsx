import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { ago, count } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Hits } from "./Hits";
import { Wizard } from "./Wizard";

type Canary = Body["Canary"];

const COLUMNS: Column<Canary>[] = [
  { name: "Canary", min: 150, show: (one) => <Link to={`/canaries/${one.id}`} className="mono">{one.id}</Link> },
  { name: "Kind", min: 84, show: (one) => one.kind },
  { name: "Memo", min: 120, grow: 2, rank: 3, show: (one) => <Captured text={one.memo} /> },
  { name: "Lies on", min: 90, grow: 1, rank: 2, show: (one) => one.decky ?? <span className="faint">no decky</span> },
  { name: "Path", min: 120, grow: 2, rank: 4, show: (one) => <Captured text={one.path} /> },
  { name: "Read", min: 48, right: true, rank: 1, show: (one) => count(one.reads) },
  { name: "Used", min: 48, right: true, show: (one) => (one.hits ? <span className="chip bad">{count(one.hits)}</span> : "0") },
  { name: "Noise", min: 52, right: true, rank: 5, show: (one) => count(one.noise) },
  { name: "Last used", min: 84, right: true, rank: 1, show: (one) => (one.revoked_at ? <span className="chip">revoked</span> : one.last_hit ? ago(one.last_hit) : "never") },
];

/** Canaries: what was laid out, and who took or used it. */
export default function Canaries() {
  const list = useQuery("/api/v1/canaries", {});
  const hits = useQuery("/api/v1/canaries/hits", { query: { limit: 50 } });
  useEvery(3000, () => { void list.refetch(); void hits.refetch(); });
  const role = session.get()?.role;
  const may = role === "admin" || role === "analyst";
  return (
    <div className="page">
      <div className="head"><h1>Canaries</h1></div>
      {may && <Wizard />}
      <section className="panel">
        <header><h2>Laid out</h2><span className="faint">files, names and secrets that nobody has reason to use</span></header>
        {list.error && <Fault error={list.error} retry={() => void list.refetch()} />}
        {list.data && (list.data.length ? <Table whole label="Canaries" columns={COLUMNS} rows={list.data} keyOf={(one) => one.id} /> : <Empty icon="key" title="No canaries yet">Make one, and plant it on a decky or put it where a thief would look.</Empty>)}
      </section>
      <section className="panel">
        <header><h2>Uses</h2><span className="faint">latest 50</span></header>
        {hits.error && <Fault error={hits.error} retry={() => void hits.refetch()} />}
        {hits.data && <Hits rows={hits.data.items} />}
      </section>
    </div>
  );
}
