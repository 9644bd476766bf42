import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Body, send } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { ClassDot, summary } from "../../kit/EventRow";
import { csv, save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { ListPage } from "../../kit/ListPage";
import type { Column } from "../../kit/Table";
import { clock } from "../../kit/time";
import { Views } from "../../kit/Views";

type Event = Body["Event"];
const FILTERS = ["q", "decky", "service", "kind", "class", "src_ip", "session", "since", "until", "probes"] as const;
const COLUMNS: Column<Event>[] = [
  { name: "Time", min: 112, show: (event) => <><ClassDot name={event.class} /> <span className="num quiet">{clock(event.at)}</span></> },
  { name: "Kind", min: 118, rank: 0.5, show: (event) => event.kind },
  { name: "Source", min: 120, rank: 1, show: (event) => <span className="mono">{event.src_ip ?? "—"}</span> },
  { name: "Decky", min: 130, rank: 2, show: (event) => event.decky },
  { name: "Service", min: 70, rank: 3, show: (event) => event.service },
  { name: "What", min: 120, grow: 1, show: (event) => <Captured text={summary(event)} /> },
];

export default function Events() {
  return (
    <ListPage<Event>
      title="Events"
      path="/api/v1/events"
      filters={FILTERS}
      columns={COLUMNS}
      keyOf={(event) => String(event.id)}
      empty={{ title: "Nobody has touched the fleet yet", text: "Every touch appears here within a second." }}
      detailTitle={(event) => `${event.kind} · ${event.id}`}
      detail={(event, filter) => <Detail event={event} filter={filter} />}
      actions={(query) => <><Views list="events" names={FILTERS} /><Export query={query} /></>}
    />
  );
}

function Detail({ event, filter }: { event: Event; filter: (change: Record<string, string>) => void }) {
  const only = (name: string, value: string | null | undefined) =>
    value ? <button className="plain" onClick={() => filter({ [name]: value })}>only these</button> : null;
  return (
    <dl className="facts">
      <dt>When</dt><dd className="num">{event.at}</dd>
      <dt>Class</dt><dd><ClassDot name={event.class} /> {event.class} {only("class", event.class)}</dd>
      <dt>Source</dt>
      <dd>{event.src_ip ? <Link to={`/attackers/${event.src_ip}`} className="mono">{event.src_ip}</Link> : "—"}{event.src_port ? <span className="faint"> port {event.src_port}</span> : null} {only("src_ip", event.src_ip)}</dd>
      <dt>Decky</dt><dd><Link to={`/fleet/${encodeURIComponent(event.decky)}`}>{event.decky}</Link> {only("decky", event.decky)}</dd>
      <dt>Service</dt><dd>{event.service}{event.dst_port ? ` on port ${event.dst_port}` : ""} {only("service", event.service)}</dd>
      {event.session && <><dt>Session</dt><dd><Link to={`/sessions/${encodeURIComponent(event.session)}`} className="mono">{event.session}</Link></dd></>}
      {Object.entries(event.fields as Record<string, string>).map(([name, value]) => (
        <div key={name} style={{ display: "contents" }}>
          <dt><Captured text={name} /></dt>
          <dd><Captured text={value} block /></dd>
        </div>
      ))}
      <dt>Line</dt><dd className="mono faint">{event.writer} {event.number}{event.probe ? " · our own probe" : ""}</dd>
    </dl>
  );
}

function Export({ query }: { query: Record<string, string> }) {
  const [busy, setBusy] = useState(false);
  const take = async (kind: "ndjson" | "csv" | "ecs") => {
    setBusy(true);
    try {
      const asked = kind === "ecs" ? { ...query, format: "ecs" } : query;
      const text = await (await send("GET", "/api/v1/events/export", { query: asked })).text();
      const rows = () => text.split("\n").filter(Boolean).map((line) => JSON.parse(line) as Event);
      if (kind === "ndjson") save("events.ndjson", "application/x-ndjson", text);
      else if (kind === "ecs") save("events-ecs.ndjson", "application/x-ndjson", text);
      else save("events.csv", "text/csv", csv(["id", "at", "decky", "service", "kind", "class", "src_ip", "src_port", "session", "fields"], rows().map((e) => [e.id, e.at, e.decky, e.service, e.kind, e.class, e.src_ip, e.src_port, e.session, e.fields])));
    } finally {
      setBusy(false);
    }
  };
  return (
    <>
      <button disabled={busy} onClick={() => void take("ndjson")}><Icon name="down" /> JSON</button>
      <button disabled={busy} onClick={() => void take("csv")}><Icon name="down" /> CSV</button>
      <button disabled={busy} onClick={() => void take("ecs")}><Icon name="down" /> ECS</button>
    </>
  );
}
