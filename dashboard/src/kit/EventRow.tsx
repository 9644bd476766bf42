import { Link } from "@tanstack/react-router";
import type { Body } from "../api/client";
import { Captured } from "./Captured";
import { clock } from "./time";

type Event = Body["Event"];

/** Fields that other columns show already, or that say nothing to a reader. */
const ELSEWHERE = new Set(["src_ip", "src_port", "dst_ip", "dst_port", "session", "transport", "class", "secret_b64"]);

/** What an event says, in one line. */
export function summary({ kind, fields }: Pick<Event, "kind" | "fields">): string {
  const said = fields as Record<string, string>;
  if (said.command) return said.command;
  if (said.principal || said.secret_printable) return `${said.principal ?? ""} : ${said.secret_printable ?? said.key_sha256 ?? ""}${said.outcome ? `  (${said.outcome})` : ""}`;
  if (said.method) return `${said.method} ${said.target ?? said.path ?? ""}`;
  if (said.query) return said.query;
  if (kind === "disconnect" && said.reason) return said.reason;
  return Object.entries(said)
    .filter(([name]) => !ELSEWHERE.has(name))
    .map(([name, value]) => `${name}=${value}`)
    .join("  ");
}

export function ClassDot({ name }: { name: string }) {
  return <span className={`dot ${name}`} role="img" aria-label={name} title={name} />;
}

/** Events below one another, in the order given. */
export function Timeline({ events, decky = true }: { events: Event[]; decky?: boolean }) {
  return (
    <ol className="timeline">
      {events.map((event) => (
        <li key={event.id}>
          <span className="faint num">{clock(event.at)}</span>
          <span className="row cut">
            <ClassDot name={event.class} /> <span className="cut">{event.kind}</span>
          </span>
          <span className="cut">
            {decky && <span className="faint"><Link to={`/fleet/${encodeURIComponent(event.decky)}`}>{event.decky}</Link> {event.service} · </span>}
            <Captured text={summary(event)} />
          </span>
        </li>
      ))}
    </ol>
  );
}
