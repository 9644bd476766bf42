import { Link, useParams } from "@tanstack/react-router";
import { Fragment, lazy, Suspense, useState } from "react";
import { send } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Timeline } from "../../kit/EventRow";
import { save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { bytes, clock, span } from "../../kit/time";

const Replay = lazy(() => import("./Replay"));

/** One session: replay where there is one, and everything that was said. */
export default function SessionPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const session = useQuery("/api/v1/sessions/{id}", { path: { id } }, { live: 1500 });
  const [error, setError] = useState<unknown>(null);
  if (session.error) return <div className="page"><Fault error={session.error} retry={() => void session.refetch()} /></div>;
  if (!session.data) return <Loading />;
  const one = session.data;
  const load = async () => {
    try {
      const answer = await send("GET", "/api/v1/sessions/{id}/packets", { path: { id } });
      save(`${id}.pcap`, "application/vnd.tcpdump.pcap", new Uint8Array(await answer.arrayBuffer()));
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <div className="page">
      <div className="head">
        <Link to="/sessions" className="button plain icon" aria-label="All sessions"><Icon name="back" /></Link>
        <h1>{one.service} on {one.decky}</h1>
        {one.ended_at ? <p>{span(one.duration_ms)}</p> : <span className="chip good">open</span>}
        {one.probe && <span className="chip">our own probe</span>}
        <span className="spring" />
        {one.packets.length > 0 && <button onClick={() => void load()}><Icon name="down" /> Packets</button>}
      </div>
      {error !== null && <Fault error={error} />}
      {one.recording && (
        <section className="panel">
          <header><h2>Replay</h2></header>
          <Suspense fallback={<Loading />}><Replay sha256={one.recording} /></Suspense>
        </section>
      )}
      <section className="panel body">
        <dl className="facts">
          <dt>Source</dt><dd>{one.src_ip ? <Link className="mono" to={`/attackers/${one.src_ip}`}>{one.src_ip}</Link> : "—"}{one.src_port ? <span className="faint"> port {one.src_port}</span> : null}</dd>
          <dt>Decky</dt><dd><Link to={`/fleet/${encodeURIComponent(one.decky)}`}>{one.decky}</Link>{one.dst_port ? <span className="faint"> port {one.dst_port}</span> : null}</dd>
          <dt>Begun</dt><dd className="num">{clock(one.started_at)}</dd>
          <dt>Login</dt><dd><Captured text={one.principal} /></dd>
          <dt>Client</dt><dd><Captured text={one.client} block /></dd>
          <dt>Bytes</dt><dd className="num">{bytes(one.bytes_in)} in · {bytes(one.bytes_out)} out</dd>
          <dt>Ended</dt><dd><Captured text={one.reason ?? (one.ended_at ? null : "not yet")} /></dd>
          <dt>Id</dt><dd className="mono">{one.id}</dd>
        </dl>
      </section>
      {one.keystrokes && (
        <section className="panel" aria-label="Keystrokes">
          <header><h2>Keystrokes</h2><span className="faint num">{one.keystrokes.keys} keys, {one.keystrokes.lines} lines</span></header>
          <dl className="facts">
            {one.keystrokes.features.map((feature) => (
              <Fragment key={feature.name}>
                <dt>{feature.name}</dt>
                <dd>{feature.value} <span className="faint">{feature.confidence} % · {feature.evidence}</span></dd>
              </Fragment>
            ))}
          </dl>
        </section>
      )}
      <section className="panel">
        <header>
          <h2>Transcript</h2><span className="faint num">{one.timeline.length} of {one.events} events</span>
          <span className="spring" />
          <Link to="/events" search={{ session: id } as never}>As events</Link>
        </header>
        <Timeline events={one.timeline} decky={false} />
      </section>
    </div>
  );
}
