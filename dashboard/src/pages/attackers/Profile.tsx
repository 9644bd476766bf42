import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { clock, count } from "../../kit/time";

type Detail = Body["ProfileDetail"];

/** What an attacker is like: risk with its terms, behaviour, phases, tools and commands, each with what says so. */
export function Profile({ ip }: { ip: string }) {
  const found = useQuery("/api/v1/profiles/{ip}", { path: { ip } }, { live: 3000 });
  if (!found.data) return null;
  const one = found.data;
  return (
    <section className="panel" aria-label="Profile">
      <header>
        <h2>Profile</h2><span className="faint">{one.behaviour}: {one.behaviour_reason}</span>
        <span className="spring" />
        {one.identity != null && <Link to={`/identities/${one.identity}`} className="button">Identity {one.identity}</Link>}
      </header>
      <dl className="facts">
        <dt>Risk</dt>
        <dd><b className="num">{one.risk}</b> = {one.risk_terms.map((term) => <div key={term.reason} className="num">{term.points > 0 ? "+" : ""}{term.points} {term.reason}</div>)}</dd>
        <dt>Phases</dt>
        <dd>{one.phases.map((phase) => <div key={phase.phase} className="num">{phase.phase}: {count(phase.events)} events, {clock(phase.first_seen)} to {clock(phase.last_seen)}</div>)}</dd>
        <dt>Logins</dt>
        <dd className="num">{count(one.logins.attempts)} with {count(one.logins.principals)} names and {count(one.logins.secrets)} secrets, {count(one.logins.accepted)} let in, {count(one.logins.unlisted)} on no list</dd>
        <dt>Pace</dt>
        <dd className="num">{one.pace.count > 1 ? `an event every ${(one.pace.mean / 1000).toFixed(1)} s on average, give or take ${(one.pace.deviation / 1000).toFixed(1)} s` : "too little to tell"}; on {count(one.days)} days</dd>
        <Tools one={one} />
        <Commands one={one} />
        <Fingerprints one={one} />
        {one.urls.length > 0 && <><dt>Fetches</dt><dd>{one.urls.map((url) => <div key={url}><Captured text={url} /></div>)}</dd></>}
      </dl>
    </section>
  );
}

function Tools({ one }: { one: Detail }) {
  if (!one.tools.length) return null;
  return <><dt>Tools</dt><dd>{one.tools.map((tool) => <div key={tool.name}>{tool.name} <span className="faint">{tool.role}, because {tool.field} is</span> <Captured text={tool.value} /></div>)}</dd></>;
}

function Commands({ one }: { one: Detail }) {
  if (!one.commands.length) return null;
  return <><dt>Commands</dt><dd>{one.commands.map((said) => <div key={said.text}><span className="num quiet">{count(said.times)} x</span> <Captured text={said.text} /></div>)}</dd></>;
}

/** What the address can be recognised by, each with what it means. */
function Fingerprints({ one }: { one: Detail }) {
  if (!one.fingerprints.length) return null;
  return (
    <>
      <dt>Fingerprints</dt>
      <dd>
        {one.probed_at && <div className="faint">asked by the prober {clock(one.probed_at)}</div>}
        {one.fingerprints.map((found) => (
          <div key={found.kind + found.value}>
            {found.kind} <Captured text={found.value} /> <span className="faint"><Captured text={found.detail} /> · {count(found.events)} x, {clock(found.last_seen)}</span>
          </div>
        ))}
      </dd>
    </>
  );
}
