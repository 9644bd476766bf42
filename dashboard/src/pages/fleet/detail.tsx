import { Link, useParams } from "@tanstack/react-router";
import { call, Problem } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Timeline } from "../../kit/EventRow";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { Outcome } from "../operations/Outcome";
import { SessionTable } from "../sessions/SessionTable";
import { Shown } from "../techniques/Shown";
import { StateDot } from ".";
import { Mutations } from "./Mutations";
import { Persona } from "./Persona";
import { Services } from "./Services";

const LIVE = { live: 1500 };

export default function DeckyPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const found = useQuery("/api/v1/deckies/{name}", { path: { name } }, LIVE);
  const stats = useQuery("/api/v1/stats", {}, LIVE);
  const work = useOperation();
  const query = { decky: name, limit: 50 };
  const events = useQuery("/api/v1/events", { query }, LIVE);
  const sessions = useQuery("/api/v1/sessions", { query }, LIVE);
  if (found.error instanceof Problem && found.error.status === 404) return <Empty icon="grid" title="There is no decky of this name"><Link to="/fleet">To the fleet</Link></Empty>;
  if (found.error) return <div className="page"><Fault error={found.error} retry={() => void found.refetch()} /></div>;
  const decky = found.data;
  if (!decky) return <Loading />;
  const may = session.get()?.role === "admin" && decky.desired === "running";
  const sums = new Map<string, number>();
  for (const tally of stats.data?.tallies ?? []) if (tally.decky === name) sums.set(tally.service, (sums.get(tally.service) ?? 0) + tally.events);
  return (
    <div className="page">
      <div className="head">
        <Link to="/fleet" className="button plain icon" aria-label="Fleet"><Icon name="back" /></Link>
        <h1>{decky.name}</h1>
        <p className="mono">{decky.ip}</p>
        <p className="quiet">{[decky.archetype, decky.system].filter(Boolean).join(" on ")}</p>
        <span className="chip"><StateDot decky={decky} /> {decky.actual || "not reported"}</span>
        <span className="spring" />
        <Link to="/events" search={{ decky: name } as never} className="button">All its events</Link>
        {may && <button disabled={work.busy} title="Update a program, or have a service come or go, as on a machine that somebody looks after" onClick={() => void work.ask(() => call("post", "/api/v1/mutate", { body: { deckies: [name] } }))}>Mutate</button>}
        {may && <Sure busy={work.busy} label={`Take ${name} down`} act={() => void work.ask(() => call("post", "/api/v1/teardown", { body: { decky: name } }))}>Take down</Sure>}
      </div>
      {work.error !== null && <Fault error={work.error} />}
      {work.operation && <Outcome operation={work.operation} />}
      {decky.reason && <div className="fault">{decky.reason}</div>}
      <Services decky={decky} sums={sums} work={work} may={may} />
      <Persona decky={name} work={work} may={may} />
      <section className="panel">
        <header><h2>Sessions</h2></header>
        {sessions.data?.items.length ? <SessionTable rows={sessions.data.items} /> : <Empty icon="terminal" title="No sessions" />}
      </section>
      <section className="panel">
        <header><h2>Latest events</h2></header>
        {events.data?.items.length ? <Timeline events={events.data.items} decky={false} /> : <Empty icon="pulse" title="Nobody has touched it" />}
      </section>
      <Shown query={{ decky: name }} />
      <Mutations decky={name} />
    </div>
  );
}
