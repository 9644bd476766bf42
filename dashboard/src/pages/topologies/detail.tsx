import { Link, useNavigate, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { clock } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Outcome } from "../operations/Outcome";
import { Editor } from "./Editor";
import { chip, isLive } from "./state";

/** One topology: drawn, checked, deployed, and lit where somebody is. */
export default function TopologyPage() {
  const { name = "" } = useParams({ strict: false }) as { name?: string };
  const topology = useQuery("/api/v1/topologies/{name}", { path: { name } });
  const work = useOperation();
  const [unsaved, setUnsaved] = useState(0);
  const navigate = useNavigate();
  useEvery(3000, () => void topology.refetch());
  if (topology.error) return <div className="page"><Fault error={topology.error} retry={() => void topology.refetch()} /></div>;
  if (!topology.data) return <Loading />;
  const one = topology.data;
  const admin = session.get()?.role === "admin";
  const path = { name };
  const remove = async () => {
    const done = await work.ask(() => call("delete", "/api/v1/topologies/{name}", { path }));
    if (done?.state === "done") void navigate({ to: "/topologies" });
  };
  return (
    <div className="page">
      <div className="head">
        <Link to="/topologies" className="button plain icon" aria-label="All topologies"><Icon name="back" /></Link>
        <h1 className="cut">{one.name}</h1>
        <span className={`chip ${chip(one.state)}`}>{one.state.replace("_", " ")}</span>
        <span className="spring" />
        <button title="Without secrets of settings" onClick={() => save(`${one.name}.json`, "application/json", `${JSON.stringify(one.document, null, 2)}\n`)}><Icon name="down" /> Export</button>
        {admin && one.state === "pending" && <button className="primary" disabled={work.busy || unsaved > 0 || one.findings.some((finding) => !finding.warning)} title={unsaved ? "Save first" : undefined} onClick={() => void work.ask(() => call("post", "/api/v1/topologies/{name}/deploy", { path }))}>Deploy</button>}
        {admin && isLive(one.state) && <Sure busy={work.busy} label={`Take ${one.name} down`} act={() => void work.ask(() => call("post", "/api/v1/topologies/{name}/teardown", { path }))}>Take down</Sure>}
        {admin && !isLive(one.state) && <Sure busy={work.busy} label={`Delete ${one.name}`} act={() => void remove()}>Delete</Sure>}
      </div>
      {work.error !== null && <Fault error={work.error} />}
      {work.operation && <Outcome operation={work.operation} />}
      <p className="quiet">{one.lans} LANs, {one.deckies} deckies, version {one.version}; what is touched lights up.</p>
      <Editor key={one.name} topology={one} work={work} may={admin && one.state !== "torn_down"} reload={topology.refetch} unsaved={setUnsaved} />
      {Object.keys(one.fronts).length > 0 && (
        <section className="panel">
          <header><h2>In front</h2></header>
          {Object.entries(one.fronts).map(([decky, ip]) => <p className="note" key={decky}>{decky} stands on the segment at <span className="mono">{ip}</span></p>)}
        </section>
      )}
      <section className="panel">
        <header><h2>Checked</h2></header>
        {one.findings.length
          ? <dl className="facts">{one.findings.map((finding) => <div key={`${finding.code} ${finding.subject} ${finding.detail}`}><dt className="mono">{finding.code}</dt><dd>{finding.subject} {finding.detail}</dd></div>)}</dl>
          : <p className="note">Nothing is wrong with it.</p>}
      </section>
      <section className="panel">
        <header><h2>What became of it</h2></header>
        {one.events.length
          ? <dl className="facts">{one.events.map((event) => <div key={event.at}><dt className="num">{clock(event.at)}</dt><dd>{event.to.replace("_", " ")} {event.reason}</dd></div>)}</dl>
          : <p className="note">It is a plan.</p>}
      </section>
    </div>
  );
}
