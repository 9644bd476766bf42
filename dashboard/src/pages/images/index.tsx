import { useState } from "react";
import { Link } from "@tanstack/react-router";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";
import { Outcome } from "../operations/Outcome";

type Service = Body["CustomService"];
interface Made { image: string; from: string }

const COLUMNS: Column<Service>[] = [
  { name: "Service", min: 100, grow: 1, show: (one) => one.name },
  { name: "Image", min: 130, grow: 2, show: (one) => <span className="mono">{one.image}</span> },
  { name: "Made from", min: 130, grow: 2, rank: 1, show: (one) => <span className="mono">{one.build ?? "as it is found"}</span> },
  { name: "Ports", min: 90, grow: 1, rank: 2, show: (one) => <span className="num">{[...one.ports, ...one.udp_ports.map((port) => `${port}/udp`)].join(" ") || "—"}</span> },
  { name: "Environment", min: 110, grow: 1, rank: 5, show: (one) => <span className="mono">{one.env.join(" ") || "—"}</span> },
  { name: "Lines", min: 80, grow: 1, rank: 4, show: (one) => <span className="mono">{one.log}</span> },
  { name: "Deckies", min: 60, right: true, rank: 3, show: (one) => <span title={one.deckies.slice(0, 50).join(", ")}>{count(one.deckies.length)}</span> },
];
const MADE: Column<Made>[] = [
  { name: "Image", min: 160, grow: 1, show: (one) => <Captured text={one.image} /> },
  { name: "From", min: 160, grow: 1, show: (one) => <Captured text={one.from} /> },
];

/** What containers run: services that the operator brings along, and making their images. */
export default function Images() {
  const services = useQuery("/api/v1/images", {});
  const work = useOperation();
  const [fresh, setFresh] = useState(false);
  const made = work.operation?.state === "done" && Array.isArray(work.operation.result) ? (work.operation.result as { image: string; from: string | null }[]) : null;
  return (
    <div className="page">
      <div className="head">
        <h1>Images</h1>
        <p>What containers of the runtime docker run, and services of your own.</p>
      </div>
      <section className="panel" aria-label="Make images">
        <header><h2>Make images</h2><span className="faint">needs a Docker daemon; containers of an image that changes are replaced</span></header>
        {session.get()?.role === "admin" && (
          <div className="line">
            <label><input type="checkbox" checked={fresh} onChange={(event) => setFresh(event.target.checked)} /> take nothing from what was made before</label>
            <button className="primary" disabled={work.busy} onClick={() => void work.ask(() => call("post", "/api/v1/images/build", { body: { no_cache: fresh } }))}>{work.busy ? "Making them…" : "Make them"}</button>
          </div>
        )}
        {work.error !== null && <Fault error={work.error} />}
        {work.operation && <Outcome operation={work.operation} />}
        {made && <Table whole label="Images made" columns={MADE} rows={made.map((one) => ({ image: one.image, from: one.from ?? "as it was found" }))} keyOf={(one) => one.image} />}
        <p className="note">What was said each time is kept under <Link to="/operations">Operations</Link>.</p>
      </section>
      <section className="panel">
        <header><h2>Services of your own</h2><span className="faint">sections [custom-…] of the deployed fleet; values of the environment are not shown</span></header>
        {services.error && <Fault error={services.error} retry={() => void services.refetch()} />}
        {services.data && (services.data.length ? <Table whole label="Services of your own" columns={COLUMNS} rows={services.data} keyOf={(one) => one.name} /> : <Empty icon="box" title="None">A deployment INI brings them along: [custom-shop] with image or build, and ports. <Link to="/deploy">To the deploy wizard</Link></Empty>)}
      </section>
    </div>
  );
}
