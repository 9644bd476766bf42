import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import type { Column } from "../../kit/Table";
import { ago, count } from "../../kit/time";

export type Credential = Body["Credential"];
export const COLUMNS: Column<Credential>[] = [
  { name: "Login", min: 90, grow: 1, show: (one) => <Captured text={one.principal} /> },
  { name: "Secret", min: 110, grow: 2, show: (one) => (one.provenance ? <Link to={`/canaries/${one.provenance.canary}`} title={`planted${one.provenance.decky ? ` on ${one.provenance.decky}` : ""}`}><Captured text={one.secret} /></Link> : <Captured text={one.secret} />) },
  { name: "Kind", min: 80, rank: 5, show: (one) => one.secret_kind },
  { name: "Outcome", min: 76, rank: 4, show: (one) => <Captured text={one.outcome} /> },
  { name: "Source", min: 116, grow: 1, rank: 2, show: (one) => <span className="mono">{one.src_ip ?? "—"}</span> },
  { name: "Decky", min: 110, grow: 1, rank: 3, show: (one) => one.decky },
  { name: "Service", min: 64, rank: 1, show: (one) => one.service },
  { name: "Tries", min: 48, right: true, rank: 3, show: (one) => count(one.attempts) },
  { name: "Last", min: 84, rank: 6, right: true, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
];
export const keyOf = (one: Credential): string => `${one.first_event} ${one.principal} ${one.secret_sha256}`;
