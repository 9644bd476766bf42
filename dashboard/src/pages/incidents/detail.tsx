import { Link, useParams } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Timeline } from "../../kit/EventRow";
import { Icon } from "../../kit/Icon";
import { Shown } from "../techniques/Shown";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count, span } from "../../kit/time";
import { CredentialTable } from "../credentials/CredentialTable";
import { Severity, State } from "./columns";
import { Work } from "./Work";

type Detail = Body["IncidentDetail"];
type Sighting = Body["Sighting"];

const CONTACTS: Column<Body["Contact"]>[] = [
  { name: "Decky", min: 110, grow: 2, show: (one) => <Link to={`/fleet/${encodeURIComponent(one.decky)}`}>{one.decky}</Link> },
  { name: "Service", min: 64, grow: 1, show: (one) => one.service },
  { name: "First", min: 96, rank: 2, show: (one) => <span className="num quiet">{clock(one.first_seen)}</span> },
  { name: "Credentials", min: 76, right: true, rank: 1, show: (one) => count(one.credentials) },
  { name: "Interactions", min: 80, right: true, rank: 3, show: (one) => count(one.interactions) },
  { name: "Events", min: 56, right: true, show: (one) => count(one.events) },
];
const SIGHTINGS: Column<Sighting>[] = [
  { name: "SHA-256", min: 130, grow: 3, show: (one) => <Link className="mono" to={`/artefacts/${one.sha256}`}>{one.sha256}</Link> },
  { name: "Path", min: 90, grow: 2, rank: 1, show: (one) => <Captured text={one.path} /> },
  { name: "Decky", min: 100, grow: 1, rank: 2, show: (one) => one.decky },
  { name: "Source", min: 116, rank: 3, show: (one) => <span className="mono">{one.src_ip ?? "—"}</span> },
];

/** One incident: what happened, who did it, what is left of it, and what is made of it. */
export default function IncidentPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const incident = useQuery("/api/v1/incidents/{id}", { path: { id } }, { live: 1500 });
  if (incident.error) return <div className="page"><Fault error={incident.error} retry={() => void incident.refetch()} /></div>;
  if (!incident.data) return <Loading />;
  const one = incident.data;
  const numbers: [string, string][] = [
    ["Addresses", count(one.sources)], ["Deckies", count(one.deckies)], ["Credentials", count(one.credentials)],
    ["Logins", count(one.logins)], ["Commands", count(one.commands)], ["Artefacts", count(one.artifacts)], ["Events", count(one.events)],
  ];
  return (
    <div className="page">
      <div className="head">
        <Link to="/incidents" className="button plain icon" aria-label="All incidents"><Icon name="back" /></Link>
        <h1><Captured text={one.title} /></h1>
        <Severity name={one.severity} /> <State one={one} />
        <p>{one.stage} · {clock(one.first_seen)} to {clock(one.last_seen)} · {span(Date.parse(one.last_seen) - Date.parse(one.first_seen))}</p>
      </div>
      <div className="tiles">
        {numbers.map(([name, value]) => <div key={name} className="panel tile"><b>{value}</b><span>{name}</span></div>)}
      </div>
      <Work one={one} />
      <div className="columns">
        <Attackers one={one} />
        <section className="panel">
          <header><h2>Touched</h2></header>
          <Table whole label="Touched" columns={CONTACTS} rows={one.contacts} keyOf={(row) => `${row.decky} ${row.service}`} />
        </section>
      </div>
      {one.attackers.length === 1 && <Shown query={{ src_ip: one.attackers[0]!.src_ip }} />}
      <section className="panel">
        <header><h2>Credentials</h2></header>
        {one.secrets.length ? <CredentialTable rows={one.secrets} /> : <Empty icon="key" title="No credentials" />}
      </section>
      {one.sightings.length > 0 && (
        <section className="panel">
          <header><h2>Artefacts</h2></header>
          <Table whole label="Artefacts" columns={SIGHTINGS} rows={one.sightings} keyOf={(row) => String(row.event)} />
        </section>
      )}
      <section className="panel" aria-label="Timeline">
        <header><h2>Timeline</h2><span className="faint">latest {one.timeline.length} of {count(one.events)}</span></header>
        <Timeline events={[...one.timeline].reverse()} />
      </section>
    </div>
  );
}

function Attackers({ one }: { one: Detail }) {
  const most = Math.max(1, ...one.attackers.map((row) => row.events));
  return (
    <section className="panel">
      <header><h2>Addresses</h2></header>
      <div className="bars">
        {one.attackers.map((row) => (
          <Link key={row.src_ip} to={`/attackers/${row.src_ip}`}>
            <span className="cut mono">{row.src_ip}</span>
            <span className="num quiet">{count(row.events)} events · {clock(row.first_seen)}</span>
            <meter min={0} max={most} value={row.events} aria-label={`events of ${row.src_ip}`} />
          </Link>
        ))}
      </div>
      {one.ties.map((tie) => (
        <p key={tie.id} className="note">With what was incident {tie.id}: the same {tie.kind} <Captured text={tie.value} /></p>
      ))}
    </section>
  );
}
