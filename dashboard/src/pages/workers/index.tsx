import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { ago, count } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Outcome } from "../operations/Outcome";
import { Lookup } from "./Lookup";

type Lag = Body["Lag"];
const LAGS: Column<Lag>[] = [
  { name: "View", min: 120, grow: 2, show: (one) => one.view },
  { name: "Up to event", min: 90, grow: 1, right: true, rank: 1, show: (one) => count(one.event) },
  { name: "Behind", min: 70, right: true, show: (one) => count(one.behind) },
];
/** How often they are asked after, ms. */
const EVERY = 3000;

/** What works on this host, how it is, and how far views of the events have come. */
export default function Workers() {
  const workers = useQuery("/api/v1/workers", {});
  const work = useOperation();
  const may = session.get()?.role === "admin";
  const { refetch } = workers;
  useEvery(EVERY, refetch);
  if (workers.error) return <div className="page"><Fault error={workers.error} retry={() => void refetch()} /></div>;
  if (!workers.data) return <Loading />;
  const bad = workers.data.workers.filter((one) => !one.good).length;
  return (
    <div className="page">
      <div className="head">
        <h1>Workers</h1>
        <span className={bad ? "chip bad" : "chip good"}>{bad ? `${bad} need somebody to look` : "all well"}</span>
      </div>
      {work.error !== null && <Fault error={work.error} />}
      {work.operation && <Outcome operation={work.operation} />}
      <div className="cards">{workers.data.workers.map((one) => <Card key={one.name} one={one} work={may ? work : null} />)}</div>
      <section className="panel">
        <header><h2>Views of the events</h2></header>
        <Table whole label="Views of the events" columns={LAGS} rows={workers.data.views} keyOf={(one) => one.view} />
      </section>
      <Lookup />
    </div>
  );
}

type Work = ReturnType<typeof useOperation>;

/** What carries out such requests, and what they come by, cannot be stopped from here. */
const NEEDED: Record<string, string[]> = { operator: ["stop", "restart"], api: ["stop"] };

/** Bytes as people read them. */
const mebibytes = (bytes: number) => `${Math.round(bytes / 1048576)} MiB`;

function Card({ one, work }: { one: Body["Worker"]; work: Work | null }) {
  const act = (action: string) => void work?.ask(() => call("post", "/api/v1/workers/{name}/{action}", { path: { name: one.name, action } }));
  const can = (action: string) => !NEEDED[one.name]?.includes(action);
  const counters = Object.entries(one.counters as Record<string, unknown>).filter(([, value]) => typeof value === "number" && value !== 0);
  return (
    <section className="panel" aria-label={one.name}>
      <header>
        <h2>{one.name}</h2>
        <span className={`chip ${one.good ? "good" : "bad"}`}>{one.state}</span>
        <span className="spring" />
        <span className="faint">{one.process}</span>
      </header>
      <div className="body">
        <p>{one.about}</p>
        <dl className="facts">
          {one.since && <><dt>Since</dt><dd className="num">{ago(one.since)}</dd></>}
          {one.memory != null && <><dt>Memory of its process</dt><dd className="num">{mebibytes(one.memory)}</dd></>}
          {one.lag != null && <><dt>Waiting</dt><dd className="num">{count(one.lag)}</dd></>}
          <dt>Heard of</dt><dd className="num">{ago(one.heartbeat_at)}</dd>
          {one.restarts > 0 && <><dt>Started again</dt><dd className="num">{count(one.restarts)} times</dd></>}
          {one.trouble && <><dt>Trouble</dt><dd><Captured text={one.trouble} /></dd></>}
          {one.last_error && <><dt>Last error</dt><dd><Captured text={one.last_error} /></dd></>}
          {counters.map(([name, value]) => <div key={name} style={{ display: "contents" }}><dt>{name.replaceAll("_", " ")}</dt><dd className="num">{count(value as number)}</dd></div>)}
        </dl>
        {work && (
          <p>
            {one.state === "stopped"
              ? <button disabled={work.busy} onClick={() => act("start")}>Start</button>
              : <>
                  {can("restart") && <Sure busy={work.busy} label={`Restart ${one.name}`} act={() => act("restart")}>Restart</Sure>}
                  {can("stop") && <Sure busy={work.busy} label={`Stop ${one.name}`} act={() => act("stop")}>Stop</Sure>}
                </>}
          </p>
        )}
      </div>
    </section>
  );
}
