import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { clock } from "../../kit/time";

type Attacker = Body["Attacker"];

/** Whose an address is, and what providers have answered of it; nothing where nobody says. */
export function Whose({ one }: { one: Attacker }) {
  if (!one.country && !one.network && !one.reputation.length) return null;
  return (
    <section className="panel body" aria-label="Whose address">
      <dl className="facts">
        {one.country && <><dt>Country</dt><dd><Link to="/attackers" search={{ country: one.country } as never}>{one.country}</Link></dd></>}
        {one.asn != null && (
          <>
            <dt>System</dt>
            <dd><Link to="/attackers" search={{ asn: `${one.asn}` } as never}>AS{one.asn}</Link> <Captured text={one.as_name} /></dd>
          </>
        )}
        {one.network && <><dt>Network</dt><dd className="mono">{one.network}{one.rpki && <span className="faint"> route {one.rpki}</span>}</dd></>}
        <Answers answers={one.reputation} />
      </dl>
    </section>
  );
}

/** What providers have answered, a line each. */
export function Answers({ answers }: { answers: Body["Reputation"][] }) {
  if (!answers.length) return null;
  return (
    <>
      <dt>Reputation</dt>
      <dd>
        {answers.map((one) => (
          <div key={one.provider}>
            {one.provider}: {one.verdict}{one.score != null && ` (${one.score})`} {one.reason && <Captured text={one.reason} />}
            <span className="faint"> {clock(one.at)}</span>
          </div>
        ))}
      </dd>
    </>
  );
}
