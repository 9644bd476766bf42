import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { Empty } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";

type Hit = Body["CanaryHit"];

const COLUMNS: Column<Hit>[] = [
  { name: "When", min: 110, show: (one) => <span className="num quiet">{clock(one.at)}</span> },
  { name: "How", min: 84, show: (one) => <span className={`chip ${one.noise ? "" : one.channel === "read" ? "warn" : "bad"}`}>{one.noise ?? one.channel}</span> },
  { name: "From", min: 116, grow: 1, show: (one) => (one.src_ip ? <Link to={`/attackers/${one.src_ip}`} className="mono">{one.src_ip}</Link> : "—") },
  { name: "Decky", min: 90, grow: 1, rank: 2, show: (one) => one.decky },
  { name: "Client", min: 120, grow: 2, rank: 1, show: (one) => <Captured text={one.client} /> },
  { name: "What", min: 140, grow: 3, rank: 3, show: (one) => <Captured text={one.target} /> },
  { name: "Times", min: 52, right: true, rank: 4, show: (one) => count(one.count) },
];

/** What became of canaries. */
export function Hits({ rows }: { rows: Hit[] }) {
  if (!rows.length) return <Empty icon="key" title="Nobody has touched it">What is read, opened or used shows up here.</Empty>;
  return <Table whole label="Uses" columns={COLUMNS} rows={rows} keyOf={(one) => String(one.event)} />;
}
