import type { ReactNode } from "react";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";

interface Planned { name: string; ip: string; system: string; archetype: string | null; services: string[]; absent: string[] }
interface Changes { added: string[]; changed: string[]; removed: string[]; place?: [string, string] }
/** What the work `plan` comes to. */
export interface Result { deckies: Planned[]; changes: Changes; notices: string[]; runtime: string; lab: boolean }

const COLUMNS = (changes: Changes): Column<Planned>[] => [
  { name: "Decky", min: 130, grow: 2, show: (one) => one.name },
  { name: "Address", min: 112, grow: 1, show: (one) => <span className="mono">{one.ip}</span> },
  { name: "System", min: 110, grow: 1, rank: 1, show: (one) => one.system },
  { name: "Services", min: 140, grow: 3, rank: 2, show: (one) => one.services.join("  ") },
  { name: "", min: 76, right: true, show: (one) => changes.added.includes(one.name) ? <span className="good">new</span> : changes.changed.includes(one.name) ? <span className="warn">changes</span> : <span className="faint">stays</span> },
];

export const takesAway = ({ changes }: Result): boolean => changes.removed.length > 0 || changes.place !== undefined;

/** What a deploy would do. */
export function Plan({ result, children }: { result: Result; children: ReactNode }) {
  const { changes } = result;
  const same = !changes.added.length && !changes.changed.length && !takesAway(result);
  return (
    <section className="panel" aria-label="Plan">
      <header>
        <h2>What it would do</h2>
        <span className="chip good">{count(changes.added.length)} new</span>
        <span className="chip warn">{count(changes.changed.length)} change</span>
        <span className="chip bad">{count(changes.removed.length)} go</span>
        <span className="spring" />
        {children}
      </header>
      {same && <p className="note">This fleet is deployed already.</p>}
      {changes.place && <p className="note">It moves: from {changes.place[0]} to {changes.place[1]}; every decky goes and comes again.</p>}
      {changes.removed.length > 0 && <p className="note">To go: {changes.removed.slice(0, 50).join(", ")}{changes.removed.length > 50 && " and more"}. What was recorded stays.</p>}
      {result.notices.map((notice) => <p key={notice} className="note">{notice}</p>)}
      <div className="tall"><Table label="Deckies of the plan" columns={COLUMNS(changes)} rows={result.deckies} keyOf={(one) => one.name} /></div>
    </section>
  );
}
