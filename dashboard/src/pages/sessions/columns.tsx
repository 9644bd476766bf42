import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import type { Column } from "../../kit/Table";
import { bytes, clock, span } from "../../kit/time";

export type Session = Body["Session"];
export const COLUMNS: Column<Session>[] = [
  { name: "Begun", min: 96, show: (one) => <span className="num quiet">{clock(one.started_at)}</span> },
  { name: "Source", min: 116, grow: 1, show: (one) => <span className="mono">{one.src_ip ?? "—"}</span> },
  { name: "Decky", min: 110, grow: 1, rank: 3, show: (one) => one.decky },
  { name: "Service", min: 64, rank: 1, show: (one) => one.service },
  { name: "Login", min: 80, grow: 1, rank: 5, show: (one) => <Captured text={one.principal} /> },
  { name: "Client", min: 120, grow: 2, rank: 8, show: (one) => <Captured text={one.client} /> },
  { name: "Length", min: 60, right: true, rank: 4, show: (one) => (one.ended_at ? span(one.duration_ms) : <span className="chip good">open</span>) },
  { name: "In", min: 66, right: true, rank: 9, show: (one) => bytes(one.bytes_in) },
  { name: "Commands", min: 70, right: true, rank: 2, show: (one) => one.commands },
  { name: "Files", min: 40, right: true, rank: 7, show: (one) => one.artifacts },
  { name: "Replay", min: 48, rank: 6, right: true, show: (one) => (one.recording ? <Icon name="play" /> : "") },
];
