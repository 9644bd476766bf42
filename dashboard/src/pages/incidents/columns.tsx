import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import type { Column } from "../../kit/Table";
import { ago, clock, count } from "../../kit/time";

export type Incident = Body["Incident"];

export function Severity({ name }: { name: string }) {
  return <span className={`chip severity ${name}`}>{name}</span>;
}

export function State({ one }: { one: Incident }) {
  const tone = one.state === "new" ? "warn" : one.state === "closed" ? "good" : "";
  return <span className={`chip ${tone}`}>{one.reopened ? "reopened" : one.state}</span>;
}

export const COLUMNS: Column<Incident>[] = [
  { name: "Severity", min: 72, show: (one) => <Severity name={one.severity} /> },
  { name: "What happened", min: 160, grow: 6, show: (one) => <Captured text={one.title} /> },
  { name: "State", min: 96, rank: 1, show: (one) => <State one={one} /> },
  { name: "Assignee", min: 76, grow: 1, rank: 3, show: (one) => one.assignee ?? <span className="faint">nobody</span> },
  { name: "Events", min: 60, right: true, rank: 4, show: (one) => count(one.events) },
  { name: "Begun", min: 96, rank: 5, show: (one) => <span className="num quiet">{clock(one.first_seen)}</span> },
  { name: "Last", min: 84, right: true, rank: 2, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
];
