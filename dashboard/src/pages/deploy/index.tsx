import { Link, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { Icon } from "../../kit/Icon";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { Outcome } from "../operations/Outcome";
import { Kind } from "./Kind";
import { isPlaced } from "./seats";
import { Placement, Results, takesAwayOfSwarm } from "./Placement";
import { Plan, type Result, takesAway } from "./Plan";
import { type On, Where } from "./Where";

export type Wanted = Body["WantedFleet"];
type Way = "kind" | "ini";

/** From what is wanted to a fleet, here or over the hosts of the swarm: say it, see what it would do, do it. */
export default function Deploy() {
  const { learned } = useSearch({ strict: false }) as { learned?: string };
  const [way, setWay] = useState<Way>(learned ? "ini" : "kind");
  const [kind, setKind] = useState<Wanted>({ deckies: 5, services: [], distros: [] });
  const [ini, setIni] = useState("");
  const [over, setOver] = useState(false);
  const [on, setOn] = useState<On>({});
  const hosts = useQuery("/api/v1/swarm/hosts", {});
  const proposal = useQuery("/api/v1/learned/{id}", { path: { id: learned ?? "" } }, { enabled: Boolean(learned) });
  const proposed = proposal.data?.ini;
  useEffect(() => {
    if (proposed) setIni((now) => now || proposed);
  }, [proposed]);
  const plan = useOperation();
  const deploy = useOperation();
  const [planned, setPlanned] = useState<string | null>(null);
  const wanted: Wanted = way === "ini" ? { ini } : kind;
  const whole = JSON.stringify([wanted, over, on]);
  const current = planned === whole;
  const preview = async () => {
    setPlanned(null);
    const done = await plan.ask(() => over ? call("post", "/api/v1/swarm/deploy", { body: { fleet: wanted, on, plan: true } }) : call("post", "/api/v1/plan", { body: wanted }));
    if (done?.state === "done") setPlanned(whole);
  };
  const take = async (file: File | undefined) => file && setIni(await file.text());
  const carryOut = (take_away: boolean) => void deploy.ask(() => over ? call("post", "/api/v1/swarm/deploy", { body: { fleet: { ...wanted, take_away }, on, plan: false } }) : call("post", "/api/v1/deploy", { body: { ...wanted, take_away } }));
  const result: unknown = plan.operation?.state === "done" && current ? plan.operation.result : undefined;
  const ended: unknown = deploy.operation?.result;
  const go = (away: boolean) => away
    ? <Sure busy={deploy.busy} label="Deploy, and take away what is not wanted any more" act={() => carryOut(true)}>Deploy</Sure>
    : <button className="primary" disabled={deploy.busy} onClick={() => carryOut(false)}>Deploy</button>;
  const swarm = hosts.data?.filter((one) => one.state !== "decommissioned") ?? [];
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
        {proposal.error && <Fault error={proposal.error} />}
        {proposed && way === "ini" && <p className="note">What was <Link to={`/learned/${learned}`}>learned of {proposal.data?.network}</Link> proposes this.</p>}
        {way === "kind" ? <Kind wanted={kind} change={setKind} /> : (
          <div className="body ini">
            <label className="field">From a file<input type="file" accept=".ini,text/plain" onChange={(event) => void take(event.target.files?.[0])} /></label>
            <div className="field"><textarea aria-label="Deployment INI" rows={14} spellCheck={false} value={ini} onChange={(event) => setIni(event.target.value)} placeholder={"[general]\nseed = office\n[web]\narchetype = web-server\namount = 3"} /></div>
          </div>
        )}
        {swarm.length > 0 && (
          <fieldset className="line where">
            <legend className="sr">Where</legend>
            <label><input type="radio" name="mode" checked={!over} onChange={() => setOver(false)} /> on this host</label>
            <label><input type="radio" name="mode" checked={over} onChange={() => setOver(true)} /> over the hosts of the swarm</label>
          </fieldset>
        )}
        {over && <Where hosts={swarm} on={on} change={setOn} />}
        <div className="line">
          <button className="primary" disabled={plan.busy || deploy.busy || (way === "ini" && !ini.trim())} onClick={() => void preview()}>{plan.busy ? "Planning…" : "See what it would do"}</button>
        </div>
        {plan.error !== null && <Fault error={plan.error} />}
        {plan.operation && plan.operation.state !== "done" && <Outcome operation={plan.operation} />}
      </section>
      {isPlaced(result) && <Placement placed={result}>{go(takesAwayOfSwarm(result))}</Placement>}
      {result !== undefined && !isPlaced(result) && <Plan result={result as Result}>{go(takesAway(result as Result))}</Plan>}
      {deploy.error !== null && <Fault error={deploy.error} />}
      {deploy.operation && (
        <section className="panel">
          <header><h2>Deploying</h2><span className="spring" />{deploy.operation.state === "done" && (isPlaced(ended) ? <Link to="/hosts">To the hosts</Link> : <Link to="/fleet">To the fleet</Link>)}</header>
          <Outcome operation={deploy.operation} />
          {isPlaced(ended) && <Results placed={ended} />}
        </section>
      )}
    </div>
  );
}
