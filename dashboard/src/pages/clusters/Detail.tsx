import { Link, useParams } from "@tanstack/react-router";
import { Fragment } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";
import { Graph, type Node } from "./Graph";
import { type Level, LEVELS } from "./level";
import { Say } from "./Say";

type Source = Body["ClusterAddress"];
type Tie = Body["ClusterTie"];
type Decision = Body["ClusterDecision"];
type Attribution = Body["Attribution"];

/** Addresses of an identity, or identities of a campaign, as nodes. */
function nodesOf(level: Level, sources: Source[]): Node[] {
  if (level === "identities") return sources.map((one) => ({ number: one.number, name: one.src_ip, risk: one.risk }));
  const found = new Map<number, Node>();
  for (const one of sources) {
    const known = found.get(one.identity);
    found.set(one.identity, { number: one.identity, name: `identity ${one.identity}`, risk: Math.max(known?.risk ?? 0, one.risk) });
  }
  return [...found.values()];
}

/** One identity or campaign: who it is, why its members are joined, and what analysts have said. */
export function ClusterDetail({ level }: { level: Level }) {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const words = LEVELS[level];
  const cluster = useQuery("/api/v1/clusters/{level}/{id}", { path: { level, id } }, { live: 3000 });
  const role = session.get()?.role;
  const may = role === "admin" || role === "analyst";
  if (cluster.error) return <div className="page"><Fault error={cluster.error} retry={() => void cluster.refetch()} /></div>;
  if (!cluster.data) return <Loading />;
  const one = cluster.data;
  const nodes = nodesOf(level, one.sources);
  const name = (number: number) => nodes.find((node) => node.number === number)?.name ?? String(number);
  const numbers: [string, string][] = [["Risk", `${one.risk}`], [words.members, count(one.members)], ["Addresses", count(one.addresses)], ["Events", count(one.events)]];
  return (
    <div className="page">
      <div className="head">
        <Link to={`/${level}`} className="button plain icon" aria-label={`All ${words.plural.toLowerCase()}`}><Icon name="back" /></Link>
        <h1>{words.title} {one.id}</h1>
        <p>{clock(one.first_seen)} to {clock(one.last_seen)}</p>
        <span className="spring" />
        {one.campaign != null && <Link to={`/campaigns/${one.campaign}`} className="button">Campaign {one.campaign}</Link>}
      </div>
      <div className="tiles">{numbers.map(([title, value]) => <div key={title} className="panel tile"><b>{value}</b><span>{title}</span></div>)}</div>
      {level === "campaigns" && <Times sources={one.sources} />}
      <section className="panel" aria-label="Why they are joined">
        <header><h2>Why they are joined</h2><span className="faint num">{count(one.links.length)} links</span></header>
        {one.links.length ? (
          <div className="split">
            <Graph nodes={nodes} links={one.links} label={`${count(one.links.length)} links between ${count(nodes.length)} members`} />
            <ul className="reasons">{one.links.map((link) => <Reason key={`${link.older} ${link.younger}`} link={link} name={name} />)}</ul>
          </div>
        ) : <Empty icon="target" title="Nothing joins it: it has one member" />}
      </section>
      {one.attribution && <Attributed found={one.attribution} />}
      <section className="panel" aria-label="Addresses"><header><h2>Addresses</h2></header><Table whole label="Addresses" columns={columns(level)} rows={one.sources} keyOf={(source) => source.src_ip} /></section>
      <Said level={level} id={id} may={may} decisions={one.decisions} />
      {may && <Say level={level} id={one.id} members={nodes} />}
    </div>
  );
}

function Reason({ link, name }: { link: Tie; name: (number: number) => string }) {
  return (
    <li>
      <b className="mono">{name(link.older)}</b> and <b className="mono">{name(link.younger)}</b> <span className="faint">known since {clock(link.at)}</span>
      <div><Captured text={link.because} /></div>
    </li>
  );
}

const columns = (level: Level): Column<Source>[] => [
  { name: "Address", min: 120, grow: 1, show: (one) => <Link to={`/attackers/${encodeURIComponent(one.src_ip)}`} className="mono">{one.src_ip}</Link> },
  ...(level === "campaigns" ? [{ name: "Identity", min: 70, show: (one: Source) => <Link to={`/identities/${one.identity}`}>{one.identity}</Link> }] : []),
  { name: "Risk", min: 48, right: true, show: (one) => one.risk },
  { name: "Behaviour", min: 90, grow: 1, rank: 1, show: (one) => one.behaviour },
  { name: "Came as far as", min: 90, rank: 2, show: (one) => one.phase },
  { name: "Events", min: 64, right: true, rank: 3, show: (one) => count(one.events) },
  { name: "Last seen", min: 96, rank: 1, show: (one) => clock(one.last_seen) },
];

/** When each address was there, on one scale. */
function Times({ sources }: { sources: Source[] }) {
  const from = Math.min(...sources.map((one) => Date.parse(one.first_seen)));
  const to = Math.max(...sources.map((one) => Date.parse(one.last_seen)), from + 1000);
  const at = (time: string) => (100 * (Date.parse(time) - from)) / (to - from);
  return (
    <section className="panel" aria-label="Timeline">
      <header><h2>Timeline</h2></header>
      <div className="path">
        {sources.slice(0, 60).map((one) => (
          <Link key={one.src_ip} to={`/identities/${one.identity}`}>
            <span className="cut mono">{one.src_ip} <span className="faint">identity {one.identity}</span></span>
            <svg viewBox="0 0 100 10" preserveAspectRatio="none" role="img" aria-label={`${one.first_seen} to ${one.last_seen}`}>
              <line x1="0" x2="100" y1="5" y2="5" className="axis" />
              <rect x={Math.min(at(one.first_seen), 99)} width={Math.max(1, at(one.last_seen) - at(one.first_seen))} y="1.5" height="7" className={one.risk >= 60 ? "evidence" : one.risk >= 30 ? "interaction" : "scan"} />
            </svg>
            <span className="num quiet">{count(one.events)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}

/** Whether what an identity is recognised by stays the same. */
function Attributed({ found }: { found: Attribution }) {
  return (
    <section className="panel" aria-label="Fingerprints">
      <header>
        <h2>Fingerprints</h2>
        {found.several_actors && <span className="chip bad">several actors suspected</span>}
        <span className="faint">{found.because}</span>
      </header>
      <dl className="facts">
        {found.facts.map((fact) => (
          <Fragment key={fact.kind}>
            <dt>{fact.kind}</dt>
            <dd>{fact.state.replace("_", " ")} since {clock(fact.since)} <span className="faint">{fact.confidence} % · {fact.because}; {count(fact.values)} values, {count(fact.rotations)} rotations</span></dd>
          </Fragment>
        ))}
      </dl>
    </section>
  );
}

function Said({ level, id, may, decisions }: { level: Level; id: string; may: boolean; decisions: Decision[] }) {
  const deed = useDeed("/api/v1/clusters/{level}/{id}", "/api/v1/clusters/{level}");
  const undo = (one: Decision) => void deed.run(() => call("delete", "/api/v1/clusters/{level}/decisions/{id}", { path: { level, id: String(one.id) } }));
  const columns: Column<Decision>[] = [
    { name: "When", min: 96, show: (one) => clock(one.at) },
    { name: "Who", min: 70, show: (one) => one.actor },
    { name: "What", min: 60, show: (one) => one.deed },
    { name: "About", min: 140, grow: 2, rank: 1, show: (one) => <span className="mono cut">{[...one.left, ...one.right].join(" ")}</span> },
    { name: "Why", min: 100, grow: 2, rank: 2, show: (one) => <Captured text={one.reason} /> },
    { name: "", min: 90, right: true, show: (one) => (one.undone_at ? <span className="faint">taken back</span> : may ? <Sure busy={deed.busy} label={`Take decision ${one.id} back`} act={() => undo(one)}>Take back</Sure> : null) },
  ];
  if (!decisions.length) return null;
  return (
    <section className="panel" aria-label="What analysts have said" data-of={id}>
      <header><h2>What analysts have said</h2></header>
      {deed.error !== null && <Fault error={deed.error} />}
      <Table whole label="What analysts have said" columns={columns} rows={decisions} keyOf={(one) => String(one.id)} />
    </section>
  );
}
