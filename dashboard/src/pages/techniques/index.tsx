import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { get } from "../../api/client";
import { useQuery } from "../../api/queries";
import { save } from "../../kit/export";
import { Empty, Fault, Loading } from "../../kit/State";
import { count } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";
import { columns, type Coverage, heat, title } from "./tactics";

/** The matrix: what attackers showed, what this fleet would notice, and what it would not. */
export default function Techniques() {
  const coverage = useQuery("/api/v1/techniques/coverage", {}, { live: 5000 });
  const [only, setOnly] = useState(false);
  const deed = useDeed();
  if (coverage.error) return <div className="page"><Fault error={coverage.error} retry={() => void coverage.refetch()} /></div>;
  if (!coverage.data) return <Loading />;
  const all = coverage.data;
  const seen = all.filter((one) => one.attackers > 0).length;
  const noticed = all.filter((one) => one.services.length > 0).length;
  const shown = columns(only ? all.filter((one) => one.attackers > 0) : all);
  const layer = () => deed.run(async () => save("layer.json", "application/json", JSON.stringify(await get("/api/v1/techniques/navigator"), null, 2)));
  return (
    <div className="page">
      <div className="head">
        <h1>Techniques</h1>
        <p className="num">{count(seen)} seen · {count(noticed)} of {count(all.length)} would be noticed</p>
        <span className="spring" />
        <button aria-pressed={only} onClick={() => setOnly(!only)}>{only ? "Seen only" : "All"}</button>
        <button disabled={deed.busy} title="For the ATT&CK Navigator" onClick={() => void layer()}>Layer</button>
      </div>
      {deed.error !== null && <Fault error={deed.error} />}
      {shown.length === 0 ? <Empty icon="target" title="No technique was seen">Rows appear here as soon as somebody shows one.</Empty> : (
        <div className="matrix" role="group" aria-label="Techniques by tactic" tabIndex={0}>
          {shown.map(([tactic, list]) => (
            <section key={tactic} aria-label={title(tactic)}>
              <h2>{title(tactic)}</h2>
              {list.map((one) => <Cell key={one.id} one={one} />)}
            </section>
          ))}
        </div>
      )}
    </div>
  );
}

function Cell({ one }: { one: Coverage }) {
  const state = one.attackers > 0 ? `seen of ${count(one.attackers)}` : one.services.length > 0 ? "would be noticed" : "nobody would notice it";
  return (
    <Link to={`/techniques/${one.id}`} className={`cell heat${heat(one.attackers)}${one.services.length ? "" : " bare"}`} title={`${one.name}: ${state}`}>
      <span className="row"><span className="mono">{one.id}</span><span className="spring" />{one.attackers > 0 && <b className="num">{count(one.attackers)}</b>}</span>
      <small>{one.name}</small>
      <span className="sr">{state}</span>
    </Link>
  );
}
