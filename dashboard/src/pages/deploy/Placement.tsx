import type { ReactNode } from "react";
import { Captured } from "../../kit/Captured";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";
import { byHost, type Outcome, type Placed, type Seat } from "./seats";

const SEATS = (changes: Placed["changes"]): Column<Seat>[] => [
  { name: "Decky", min: 120, grow: 2, show: (one) => one.decky },
  { name: "Host", min: 90, grow: 1, show: (one) => one.host },
  { name: "Address", min: 112, rank: 1, show: (one) => <span className="mono">{one.address}</span> },
  { name: "System", min: 100, grow: 1, rank: 2, show: (one) => one.system },
  { name: "Services", min: 120, grow: 2, rank: 3, show: (one) => one.services.join("  ") },
  { name: "", min: 76, right: true, show: (one) => fate(changes, one.decky) },
];
const RESULTS: Column<Outcome>[] = [
  { name: "Host", min: 100, grow: 1, show: (one) => one.host },
  { name: "Deckies", min: 70, right: true, show: (one) => <span className="num">{one.running}/{one.wanted}</span> },
  { name: "Result", min: 76, show: (one) => <span className={one.ok ? "chip good" : "chip bad"}>{one.ok ? "ok" : "failed"}</span> },
  { name: "What is not so", min: 140, grow: 3, rank: 1, show: (one) => <Captured text={one.detail} /> },
];

function fate(changes: Placed["changes"], decky: string): ReactNode {
  if (changes.added.includes(decky)) return <span className="good">new</span>;
  if (changes.moved.includes(decky)) return <span className="bad">moves</span>;
  if (changes.changed.includes(decky)) return <span className="warn">changes</span>;
  return <span className="faint">stays</span>;
}

/** Whether something that runs goes, or is another machine elsewhere. */
export const takesAwayOfSwarm = ({ changes }: Placed): boolean => changes.removed.length > 0 || changes.moved.length > 0;

/** Who would stand where. */
export function Placement({ placed, children }: { placed: Placed; children: ReactNode }) {
  const seats = Array.isArray(placed.deckies) ? placed.deckies : [];
  const hosts = byHost(seats);
  const { changes } = placed;
  return (
    <section className="panel" aria-label="Placement">
      <header>
        <h2>Where deckies would stand</h2>
        <span className="chip good">{count(changes.added.length)} new</span>
        <span className="chip warn">{count(changes.changed.length)} change</span>
        <span className="chip bad">{count(changes.moved.length)} move</span>
        <span className="chip bad">{count(changes.removed.length)} go</span>
        <span className="spring" />
        {children}
      </header>
      {changes.moved.length > 0 && <p className="note">On another host they are new machines: {changes.moved.slice(0, 50).join(", ")}{changes.moved.length > 50 && " and more"}.</p>}
      {changes.removed.length > 0 && <p className="note">To go: {changes.removed.slice(0, 50).join(", ")}{changes.removed.length > 50 && " and more"}. What was recorded stays.</p>}
      {placed.notices.map((notice) => <p key={notice} className="note">{notice}</p>)}
      <ul className="bars" aria-label="Deckies by host">
        {hosts.map((one) => (
          <li key={one.id}>
            <span className="cut">{one.host}</span> <span className="num">{count(one.seats.length)}</span>
            <meter min={0} max={seats.length} value={one.seats.length} aria-label={`deckies of ${one.host}`} />
          </li>
        ))}
      </ul>
      <div className="tall"><Table label="Placed deckies" columns={SEATS(changes)} rows={seats} keyOf={(one) => one.decky} /></div>
    </section>
  );
}

/** What became of what was wanted, host by host. */
export function Results({ placed }: { placed: Placed }) {
  return <Table whole label="Results by host" columns={RESULTS} rows={placed.results ?? []} keyOf={(one) => one.id} />;
}
