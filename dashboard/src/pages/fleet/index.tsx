import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";
import { Work } from "./Work";

type Decky = Body["Decky"] & { events: number };
const COLUMNS: Column<Decky>[] = [
  { name: "Name", min: 110, grow: 2, show: (one) => <><StateDot decky={one} /> {one.name}</> },
  { name: "Address", min: 112, grow: 1, show: (one) => <span className="mono">{one.ip ?? "—"}</span> },
  { name: "State", min: 90, grow: 1, rank: 3, show: (one) => one.actual || "not reported" },
  { name: "Services", min: 160, grow: 3, rank: 1, show: (one) => one.services.join("  ") },
  { name: "Reason", min: 120, grow: 2, rank: 4, show: (one) => one.reason },
  { name: "Events", min: 64, right: true, rank: 2, show: (one) => count(one.events) },
];

export function StateDot({ decky }: { decky: Body["Decky"] }) {
  const good = decky.actual === decky.desired;
  return <span className={`dot ${good ? "good" : "bad"}`} role="img" aria-label={good ? "as wanted" : "not as wanted"} />;
}

export default function Fleet() {
  const navigate = useNavigate();
  const [sought, setSought] = useState("");
  const deckies = useQuery("/api/v1/deckies", {}, { live: 3000 });
  const stats = useQuery("/api/v1/stats", {}, { live: 3000 });
  if (deckies.error) return <div className="page"><Fault error={deckies.error} retry={() => void deckies.refetch()} /></div>;
  if (!deckies.data) return <Loading />;
  const sums = new Map<string, number>();
  for (const tally of stats.data?.tallies ?? []) sums.set(tally.decky, (sums.get(tally.decky) ?? 0) + tally.events);
  const all = deckies.data.map((one) => ({ ...one, events: sums.get(one.name) ?? 0 }));
  const rows = all.filter((one) => [one.name, one.ip, ...one.services].join(" ").toLowerCase().includes(sought.toLowerCase()));
  const wrong = all.filter((one) => one.actual !== one.desired).length;
  return (
    <div className="page fills">
      <div className="head">
        <h1>Fleet</h1>
        <p className="num">{count(all.length)} deckies</p>
        <span className={wrong ? "chip bad" : "chip good"}>{wrong ? `${wrong} not as wanted` : "all as wanted"}</span>
      </div>
      <Work />
      <div className="filters" role="search">
        <div className="search"><Icon name="search" /><input type="search" aria-label="Name, address or service" placeholder="Name, address or service" value={sought} onChange={(event) => setSought(event.target.value)} /></div>
      </div>
      <div className="list">
        {rows.length ? <Table label="Fleet" columns={COLUMNS} rows={rows} keyOf={(one) => one.name} open={(one) => void navigate({ to: `/fleet/${encodeURIComponent(one.name)}` })} /> : <Empty icon="grid" title={all.length ? "No decky fits" : "No deckies are deployed"}>{all.length ? undefined : "Deploy some with decnet deploy."}</Empty>}
      </div>
    </div>
  );
}
