import { Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useMemo, useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Empty, Fault, Loading } from "../../kit/State";
import { Captured } from "../../kit/Captured";
import { Timeline } from "../../kit/EventRow";
import { count } from "../../kit/time";
import { buckets, CLASSES } from "./buckets";
import { Segment } from "./Segment";

const Timechart = lazy(() => import("../../kit/Timechart"));
const LIVE = { live: 1000 };

/** What is happening now. */
export default function Overview() {
  const stats = useQuery("/api/v1/stats", {}, LIVE);
  const latest = useQuery("/api/v1/events", { query: { limit: 12 } }, LIVE);
  const attackers = useQuery("/api/v1/attackers", { query: { limit: 8 } }, LIVE);
  if (stats.error) return <div className="page"><Fault error={stats.error} retry={() => void stats.refetch()} /></div>;
  if (!stats.data) return <Loading />;
  return (
    <div className="page">
      <div className="head">
        <h1>Overview</h1>
        {stats.data.missing > 0 && <span className="chip bad">{count(stats.data.missing)} events are known to be missing</span>}
      </div>
      <Numbers stats={stats.data} />
      <Activity />
      <div className="columns">
        <Talkers attackers={attackers.data?.items} />
        <Busiest stats={stats.data} of="service" />
        <Busiest stats={stats.data} of="decky" />
        <Most of="username" title="Names tried most" />
        <Most of="password" title="Passwords tried most" />
      </div>
      <Segment />
      <section className="panel">
        <header>
          <h2>Latest events</h2>
          <span className="spring" />
          <Link to="/events">All events</Link>
        </header>
        {latest.data?.items.length ? <Timeline events={latest.data.items} /> : <Empty icon="pulse" title="Nobody has touched the fleet yet">Every touch appears here within a second.</Empty>}
      </section>
    </div>
  );
}

function Numbers({ stats }: { stats: Body["Stats"] }) {
  const tiles: [string, number, string][] = [
    ["Attackers", stats.attackers, "/attackers"],
    ["Sessions", stats.sessions, "/sessions"],
    ["Credentials", stats.credentials, "/credentials"],
    ["Artefacts", stats.artifacts, "/artefacts"],
    ["Events", stats.events, "/events"],
  ];
  return (
    <div className="tiles">
      {tiles.map(([name, value, to]) => (
        <Link key={name} to={to} className="panel tile">
          <b>{count(value)}</b>
          <span>{name}</span>
        </Link>
      ))}
    </div>
  );
}

const RANGES = [["1h", "Hour"], ["1d", "Day"], ["7d", "Week"]] as const;

function Activity() {
  const navigate = useNavigate();
  const [since, setSince] = useState<string>("1h");
  const numbers = useQuery("/api/v1/timeline", { query: { by: "class", since } }, LIVE);
  const { times, series } = useMemo(() => (numbers.data ? buckets(numbers.data) : { times: [], series: [] }), [numbers.data]);
  const brush = (from: number, to: number) => {
    const search = { since: new Date(from * 1000).toISOString(), until: new Date(to * 1000).toISOString() };
    void navigate({ to: "/events", search: search as never });
  };
  return (
    <section className="panel">
      <header>
        <h2>Activity</h2>
        <span className="faint hint">drag to look closer</span>
        <span className="spring" />
        <div className="legend">
          {CLASSES.map((name) => (
            <span key={name}><span className={`dot ${name}`} /> {name}</span>
          ))}
        </div>
        <div className="row" role="group" aria-label="Time shown">
          {RANGES.map(([value, name]) => <button key={value} className="chip" aria-pressed={since === value} onClick={() => setSince(value)}>{name}</button>)}
        </div>
      </header>
      {numbers.error && <Fault error={numbers.error} retry={() => void numbers.refetch()} />}
      <Suspense fallback={<div className="chart" />}>
        {numbers.data?.items.length ? <Timechart label="Events by time" times={times} series={series} brush={brush} /> : <Empty icon="pulse" title="Quiet so far" />}
      </Suspense>
    </section>
  );
}

function Talkers({ attackers }: { attackers: Body["Attacker"][] | undefined }) {
  const most = Math.max(1, ...(attackers ?? []).map((one) => one.events));
  return (
    <section className="panel">
      <header><h2>Active last</h2><span className="spring" /><Link to="/attackers">All attackers</Link></header>
      {attackers?.length ? (
        <div className="bars">
          {attackers.map((one) => (
            <Link key={one.src_ip} to={`/attackers/${one.src_ip}`}>
              <span className="cut mono">{one.src_ip}</span>
              <span className="num quiet">{count(one.events)} · {one.deckies} deckies</span>
              <meter min={0} max={most} value={one.events} aria-label={`events of ${one.src_ip}`} />
            </Link>
          ))}
        </div>
      ) : <Empty icon="target" title="No attackers" />}
    </section>
  );
}

function Busiest({ stats, of }: { stats: Body["Stats"]; of: "service" | "decky" }) {
  const sums = new Map<string, number>();
  for (const tally of stats.tallies) sums.set(tally[of], (sums.get(tally[of]) ?? 0) + tally.events);
  const top = [...sums].sort((a, b) => b[1] - a[1]).slice(0, 8);
  return (
    <section className="panel">
      <header><h2>{of === "service" ? "Services" : "Deckies"} by events</h2></header>
      {top.length ? (
        <div className="bars">
          {top.map(([name, events]) => (
            <Link key={name} to="/events" search={{ [of]: name } as never}>
              <span className="cut">{name}</span>
              <span className="num quiet">{count(events)}</span>
              <meter min={0} max={top[0]?.[1] ?? 1} value={events} aria-label={`events of ${name}`} />
            </Link>
          ))}
        </div>
      ) : <Empty icon="list" title="No events" />}
    </section>
  );
}

function Most({ of, title }: { of: "username" | "password"; title: string }) {
  const ranked = useQuery("/api/v1/top", { query: { of, limit: 8 } }, LIVE);
  const most = ranked.data?.[0]?.events ?? 1;
  return (
    <section className="panel">
      <header><h2>{title}</h2><span className="spring" /><Link to="/credentials">All credentials</Link></header>
      {ranked.error && <Fault error={ranked.error} retry={() => void ranked.refetch()} />}
      {ranked.data?.length ? (
        <div className="bars">
          {ranked.data.map((one) => (
            <Link key={one.exact?.value ?? one.value} to="/credentials">
              <span className="cut mono"><Captured text={one.value} /></span>
              <span className="num quiet">{count(one.events)}</span>
              <meter min={0} max={most} value={one.events} aria-label="times offered" />
            </Link>
          ))}
        </div>
      ) : <Empty icon="key" title="Nobody has tried yet" />}
    </section>
  );
}
