import { Link, useParams } from "@tanstack/react-router";
import { call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Timeline } from "../../kit/EventRow";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { count } from "../../kit/time";
import { Outcome } from "../operations/Outcome";
import { SessionTable } from "../sessions/SessionTable";
import { StateDot } from ".";

const LIVE = { live: 1500 };

export default function DeckyPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const deckies = useQuery("/api/v1/deckies", {}, LIVE);
  const stats = useQuery("/api/v1/stats", {}, LIVE);
  const down = useOperation();
  const query = { decky: name, limit: 50 };
  const events = useQuery("/api/v1/events", { query }, LIVE);
  const sessions = useQuery("/api/v1/sessions", { query }, LIVE);
  if (deckies.error) return <div className="page"><Fault error={deckies.error} retry={() => void deckies.refetch()} /></div>;
  if (!deckies.data) return <Loading />;
  const decky = deckies.data.find((one) => one.name === name);
  if (!decky) return <Empty icon="grid" title="There is no decky of this name"><Link to="/fleet">To the fleet</Link></Empty>;
  const sums = new Map<string, number>();
  for (const tally of stats.data?.tallies ?? []) if (tally.decky === name) sums.set(tally.service, (sums.get(tally.service) ?? 0) + tally.events);
  return (
    <div className="page">
      <div className="head">
        <Link to="/fleet" className="button plain icon" aria-label="Fleet"><Icon name="back" /></Link>
        <h1>{decky.name}</h1>
        <p className="mono">{decky.ip}</p>
        <span className="chip"><StateDot decky={decky} /> {decky.actual || "not reported"}</span>
        <span className="spring" />
        <Link to="/events" search={{ decky: name } as never} className="button">All its events</Link>
        {session.get()?.role === "admin" && decky.desired === "running" && <Sure busy={down.busy} label={`Take ${name} down`} act={() => void down.ask(() => call("post", "/api/v1/teardown", { body: { decky: name } }))}>Take down</Sure>}
      </div>
      {down.error !== null && <Fault error={down.error} />}
      {down.operation && <Outcome operation={down.operation} />}
      {decky.reason && <div className="fault">{decky.reason}</div>}
      <section className="panel">
        <header><h2>Services</h2></header>
        <div className="tiles" style={{ padding: "var(--s3)" }}>
          {decky.services.map((service) => (
            <Link key={service} to="/events" search={{ decky: name, service } as never} className="panel tile"><b>{count(sums.get(service) ?? 0)}</b><span>{service}</span></Link>
          ))}
        </div>
      </section>
      <section className="panel">
        <header><h2>Sessions</h2></header>
        {sessions.data?.items.length ? <SessionTable rows={sessions.data.items} /> : <Empty icon="terminal" title="No sessions" />}
      </section>
      <section className="panel">
        <header><h2>Latest events</h2></header>
        {events.data?.items.length ? <Timeline events={events.data.items} decky={false} /> : <Empty icon="pulse" title="Nobody has touched it" />}
      </section>
    </div>
  );
}
