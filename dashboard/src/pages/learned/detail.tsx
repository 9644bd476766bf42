import { Link, useParams } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";
import { Plan, type Result } from "../deploy/Plan";
import { Outcome } from "../operations/Outcome";
import { shares, styles } from "./shares";

type Host = Body["LearnedHost"];
type Decky = Body["LearnedDecky"];
/** Lines of a share that are shown. */
const MOST = 12;

const HOSTS: Column<Host>[] = [
  { name: "Address", min: 112, show: (one) => <span className="mono">{one.ip}</span> },
  { name: "Seems to be", min: 110, grow: 1, show: (one) => one.kind },
  { name: "Names", min: 120, grow: 2, rank: 1, show: (one) => <Captured text={one.names.join("  ")} /> },
  { name: "Card", min: 140, rank: 3, show: (one) => <span className="mono">{one.mac}</span> },
  { name: "Maker", min: 110, grow: 1, rank: 2, show: (one) => one.maker ?? "—" },
  { name: "Ports", min: 110, grow: 1, rank: 4, show: (one) => <span className="num">{one.ports.join(" ")}</span> },
];
const DECKIES: Column<Decky>[] = [
  { name: "Decky", min: 120, grow: 1, show: (one) => one.name },
  { name: "Address", min: 112, show: (one) => <span className="mono">{one.ip}</span> },
  { name: "System", min: 100, grow: 1, rank: 1, show: (one) => one.system },
  { name: "Host name", min: 110, grow: 1, rank: 2, show: (one) => <Captured text={one.hostname} /> },
  { name: "Card", min: 140, rank: 4, show: (one) => <span className="mono">{one.mac ?? "as the system has it"}</span> },
  { name: "Services", min: 120, grow: 2, rank: 3, show: (one) => one.services.join("  ") },
];

/** One segment as it was heard, and the fleet that is proposed for it. */
export default function LearnedDetail() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const learned = useQuery("/api/v1/learned/{id}", { path: { id } });
  const plan = useOperation();
  if (learned.error) return <div className="page"><Fault error={learned.error} retry={() => void learned.refetch()} /></div>;
  if (!learned.data) return <Loading />;
  const one = learned.data;
  const names = one.found.flatMap((host) => host.names);
  const result = plan.operation?.state === "done" ? (plan.operation.result as unknown as Result | undefined) : undefined;
  return (
    <div className="page">
      <div className="head">
        <Link to="/learned" className="button plain icon" aria-label="All that was learned"><Icon name="back" /></Link>
        <h1 className="cut mono">{one.network || `Work ${one.id}`}</h1>
        <p>{clock(one.asked_at)}, asked by {one.asked_by}</p>
        <span className="spring" />
        {one.ini && (
          <>
            <button onClick={() => save(`learned-${one.id}.ini`, "text/plain", one.ini)}><Icon name="down" /> INI</button>
            <button disabled={plan.busy} onClick={() => void plan.ask(() => call("post", "/api/v1/learned/{id}/plan", { path: { id } }))}>Make a plan</button>
            <Link to="/deploy" search={{ learned: id } as never} className="button primary">Use in the deploy wizard</Link>
          </>
        )}
      </div>
      {!one.ini && <section className="panel"><Empty icon="ear" title={`It is ${one.state}`}><Captured text={one.notes.join("\n")} block /></Empty></section>}
      {plan.error !== null && <Fault error={plan.error} />}
      {plan.operation && plan.operation.state !== "done" && <Outcome operation={plan.operation} />}
      {result && <Plan result={result}><Link to="/deploy" search={{ learned: id } as never}>Deploy it</Link></Plan>}
      {one.ini && (
        <>
          <div className="tiles">
            <Tile value={one.hosts}>hosts heard of</Tile>
            <Tile value={one.free}>free addresses</Tile>
            <Tile value={one.deckies}>deckies proposed</Tile>
            <Tile value={one.frames}>frames</Tile>
          </div>
          <div className="columns">
            <Shares title="What they seem to be" rows={shares(one.seen)} />
            <Shares title="Cards" rows={shares(one.makers)} />
            <Shares title="How they are called" rows={styles(names)} />
            <section className="panel" aria-label="Free addresses">
              <header><h2>Free addresses</h2><span className="faint">nobody has them, nor was asked for them</span></header>
              <dl className="facts body">
                <dt>Gateway</dt><dd className="mono">{one.gateway ?? "not heard"}</dd>
                <dt>Domain</dt><dd><Captured text={one.domain} /></dd>
                <dt>Free</dt><dd className="mono free" tabIndex={0}>{one.stretches.join(", ") || "none"}</dd>
              </dl>
            </section>
          </div>
          <section className="panel">
            <header><h2>What is proposed</h2><span className="faint">of the kinds, names and makers that are there</span></header>
            <div className="tall"><Table label="Proposed deckies" columns={DECKIES} rows={one.proposed} keyOf={(row) => row.name} /></div>
          </section>
          <section className="panel">
            <header><h2>Who was heard</h2></header>
            <div className="tall"><Table label="Hosts heard" columns={HOSTS} rows={one.found} keyOf={(row) => row.mac} /></div>
          </section>
        </>
      )}
    </div>
  );
}

function Tile({ value, children }: { value: number; children: ReactNode }) {
  return <div className="panel tile"><b>{count(value)}</b><span>{children}</span></div>;
}

/** Names with their shares as bars. */
function Shares({ title, rows }: { title: string; rows: ReturnType<typeof shares> }) {
  const rest = rows.length - MOST;
  return (
    <section className="panel" aria-label={title}>
      <header><h2>{title}</h2></header>
      {rows.length === 0 && <p className="note">Nothing was heard of it.</p>}
      <ul className="bars">
        {rows.slice(0, MOST).map((row) => (
          <li key={row.name}>
            <Captured text={row.name} /> <span className="num">{count(row.count)}</span>
            <meter min={0} max={1} value={row.share} aria-label={`share of ${row.name}`} />
          </li>
        ))}
      </ul>
      {rest > 0 && <p className="note">and {count(rest)} more</p>}
    </section>
  );
}
