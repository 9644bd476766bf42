import { Link } from "@tanstack/react-router";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { session } from "../../api/session";
import { Fault } from "../../kit/State";
import { Outcome } from "../operations/Outcome";

/** What can be done with the whole fleet by whoever is logged in. */
export function Work() {
  const work = useOperation();
  const role = session.get()?.role;
  if (role === "viewer") return null;
  const drill = () => void work.ask(() => call("post", "/api/v1/firedrill"));
  const audit = () => void work.ask(() => call("post", "/api/v1/audit", { body: {} }));
  return (
    <section className="panel" aria-label="Work on the fleet">
      <header>
        <button disabled={work.busy} title="Touch every declared port and find each touch in the store" onClick={drill}>Fire drill</button>
        <button disabled={work.busy} title="Judge how convincing the deckies are" onClick={audit}>Audit</button>
        {role === "admin" && <button disabled={work.busy} title="Start what does not run of workers and fleet; what runs is not touched" onClick={() => void work.ask(() => call("post", "/api/v1/redeploy"))}>Mend</button>}
        <span className="spring" />
        <Link to="/operations">Operations</Link>
        {role === "admin" && <Link to="/deploy" className="button primary">Deploy…</Link>}
      </header>
      {work.error !== null && <Fault error={work.error} />}
      {work.operation && <Outcome operation={work.operation} />}
      {work.operation?.kind === "firedrill" && <Drill result={work.operation.result} />}
    </section>
  );
}

function Drill({ result }: { result: Body["Operation"]["result"] }) {
  const drill = result as { ports: number; silent: unknown[]; p50_ms: number | null; p99_ms: number | null } | null | undefined;
  if (!drill) return null;
  return <p className="note">{drill.ports - drill.silent.length} of {drill.ports} ports answered and were stored; event in the store after {Math.round(drill.p50_ms ?? 0)} ms (half of them), {Math.round(drill.p99_ms ?? 0)} ms (99 of 100).</p>;
}
