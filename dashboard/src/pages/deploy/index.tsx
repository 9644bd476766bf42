import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { Icon } from "../../kit/Icon";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { Outcome } from "../operations/Outcome";
import { Kind } from "./Kind";
import { Plan, takesAway } from "./Plan";

export type Wanted = Body["WantedFleet"];
type Way = "kind" | "ini";

/** From what is wanted to a fleet: say it, see what it would do, do it. */
export default function Deploy() {
  const [way, setWay] = useState<Way>("kind");
  const [kind, setKind] = useState<Wanted>({ deckies: 5, services: [], distros: [] });
  const [ini, setIni] = useState("");
  const plan = useOperation();
  const deploy = useOperation();
  const [planned, setPlanned] = useState<Wanted | null>(null);
  const wanted: Wanted = way === "ini" ? { ini } : kind;
  const current = JSON.stringify(planned) === JSON.stringify(wanted);
  const preview = async () => {
    setPlanned(null);
    const done = await plan.ask(() => call("post", "/api/v1/plan", { body: wanted }));
    if (done?.state === "done") setPlanned(wanted);
  };
  const take = async (file: File | undefined) => file && setIni(await file.text());
  const carryOut = (take_away: boolean) => void deploy.ask(() => call("post", "/api/v1/deploy", { body: { ...wanted, take_away } }));
  const result = plan.operation?.state === "done" && current ? plan.operation.result : undefined;
  return (
    <div className="page">
      <div className="head">
        <Link to="/fleet" className="button plain icon" aria-label="The fleet"><Icon name="back" /></Link>
        <h1>Deploy</h1>
        <p>The fleet that is wanted takes the place of the present one; deckies that do not change are not touched.</p>
      </div>
      <section className="panel">
        <header>
          <h2>What is wanted</h2>
          <span className="spring" />
          <button aria-pressed={way === "kind"} onClick={() => setWay("kind")}>Kinds of machine</button>
          <button aria-pressed={way === "ini"} onClick={() => setWay("ini")}>Deployment INI</button>
        </header>
        {way === "kind" ? <Kind wanted={kind} change={setKind} /> : (
          <div className="body ini">
            <label className="field">From a file<input type="file" accept=".ini,text/plain" onChange={(event) => void take(event.target.files?.[0])} /></label>
            <div className="field"><textarea aria-label="Deployment INI" rows={14} spellCheck={false} value={ini} onChange={(event) => setIni(event.target.value)} placeholder={"[general]\nseed = office\n[archetype:linux-server]\namount = 3"} /></div>
          </div>
        )}
        <div className="line">
          <button className="primary" disabled={plan.busy || deploy.busy || (way === "ini" && !ini.trim())} onClick={() => void preview()}>{plan.busy ? "Planning…" : "See what it would do"}</button>
        </div>
        {plan.error !== null && <Fault error={plan.error} />}
        {plan.operation && plan.operation.state !== "done" && <Outcome operation={plan.operation} />}
      </section>
      {result !== undefined && (
        <Plan result={result as never}>
          {takesAway(result as never) ? <Sure busy={deploy.busy} label="Deploy, and take away what is not wanted any more" act={() => carryOut(true)}>Deploy</Sure> : <button className="primary" disabled={deploy.busy} onClick={() => carryOut(false)}>Deploy</button>}
        </Plan>
      )}
      {deploy.error !== null && <Fault error={deploy.error} />}
      {deploy.operation && (
        <section className="panel">
          <header><h2>Deploying</h2><span className="spring" />{deploy.operation.state === "done" && <Link to="/fleet">To the fleet</Link>}</header>
          <Outcome operation={deploy.operation} />
        </section>
      )}
    </div>
  );
}
