import { Link, useParams } from "@tanstack/react-router";
import { type Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Timeline } from "../../kit/EventRow";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { CredentialTable } from "../credentials/CredentialTable";
import { SessionTable } from "../sessions/SessionTable";
import { Shown } from "../techniques/Shown";
import { Profile } from "./Profile";
import { Whose } from "./Whose";
import { clock, count, span } from "../../kit/time";

const LIVE = { live: 1500 };

/** One attacker: where it went, what it tried, what it did. */
export default function AttackerPage() {
  const { ip = "" } = useParams({ strict: false }) as { ip?: string };
  const attacker = useQuery("/api/v1/attackers/{ip}", { path: { ip } }, LIVE);
  const query = { src_ip: ip, limit: 100 };
  const events = useQuery("/api/v1/events", { query: { ...query, class: "interaction" } }, LIVE);
  const sessions = useQuery("/api/v1/sessions", { query }, LIVE);
  const credentials = useQuery("/api/v1/credentials", { query }, LIVE);
  if (attacker.error) return <div className="page"><Fault error={attacker.error} retry={() => void attacker.refetch()} /></div>;
  if (!attacker.data) return <Loading />;
  const one = attacker.data;
  const numbers: [string, string][] = [
    ["Deckies", `${one.deckies}`], ["Moves", `${one.hops}`], ["Connections", count(one.connections)],
    ["Interactions", count(one.interactions)], ["Credentials", count(one.credentials)], ["Events", count(one.events)],
  ];
  return (
    <div className="page">
      <div className="head">
        <Link to="/attackers" className="button plain icon" aria-label="All attackers"><Icon name="back" /></Link>
        <h1 className="mono">{one.src_ip}</h1>
        <p>{clock(one.first_seen)} to {clock(one.last_seen)} · {span(Date.parse(one.last_seen) - Date.parse(one.first_seen))}</p>
        <span className="spring" />
        <Link to="/events" search={{ src_ip: ip } as never} className="button">All its events</Link>
      </div>
      <div className="tiles">
        {numbers.map(([name, value]) => <div key={name} className="panel tile"><b>{value}</b><span>{name}</span></div>)}
      </div>
      <Whose one={one} />
      <Profile ip={ip} />
      <Path contacts={one.contacts} />
      <Shown query={{ src_ip: ip }} />
      <section className="panel">
        <header><h2>Sessions</h2></header>
        {sessions.data?.items.length ? <SessionTable rows={sessions.data.items} /> : <Empty icon="terminal" title="No sessions" />}
      </section>
      <section className="panel">
        <header><h2>Credentials</h2></header>
        {credentials.data?.items.length ? <CredentialTable rows={credentials.data.items} /> : <Empty icon="key" title="No credentials" />}
      </section>
      <section className="panel">
        <header><h2>Interactions and evidence</h2><span className="faint">latest 100</span></header>
        {events.data?.items.length ? <Timeline events={events.data.items} /> : <Empty icon="list" title="It only looked" />}
      </section>
    </div>
  );
}

/** What it touched, on one scale of time: a line per service of a decky, from first to last. */
function Path({ contacts }: { contacts: Body["Contact"][] }) {
  const from = Math.min(...contacts.map((one) => Date.parse(one.first_seen)));
  const to = Math.max(...contacts.map((one) => Date.parse(one.last_seen)), from + 1000);
  const at = (time: string) => (100 * (Date.parse(time) - from)) / (to - from);
  return (
    <section className="panel">
      <header><h2>Path across the fleet</h2><span className="spring" /><span className="faint">{span(to - from)}</span></header>
      <div className="path">
        {contacts.map((one) => (
          <Link key={one.decky + one.service} to="/events" search={{ decky: one.decky, service: one.service } as never}>
            <span className="cut"><Captured text={one.decky} /> <span className="faint">{one.service}</span></span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`${one.first_seen} to ${one.last_seen}`}>
              <line x1="0" x2="100" y1="5" y2="5" className="axis" />
              <rect x={Math.min(at(one.first_seen), 99)} width={Math.max(1, at(one.last_seen) - at(one.first_seen))} y="1.5" height="7"
                className={one.evidence ? "evidence" : one.interactions ? "interaction" : "scan"} />
            </svg>
            <span className="num quiet">{count(one.events)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}
