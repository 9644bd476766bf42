import { useState } from "react";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { ago, count } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Invite } from "./Invite";

type Host = Body["SwarmHost"];
type Decky = Body["SwarmDecky"];
/** How often they are asked after, ms. */
const EVERY = 3000;
const TONE: Record<string, string> = { active: "good", enrolled: "warn", drained: "warn", unreachable: "bad", decommissioned: "" };

/** Whether somebody should look at a host. */
const odd = (one: Host) => one.state === "unreachable" || Boolean(one.trouble) || one.owes_removal || (one.state === "active" && one.deckies_running !== one.deckies_wanted);

/** The hosts of the swarm: how each does, what it carries, how far its log has come; and how another joins. */
export default function Hosts() {
  const hosts = useQuery("/api/v1/swarm/hosts", {});
  const deckies = useQuery("/api/v1/swarm/deckies", {});
  const work = useOperation();
  const [gone, setGone] = useState(false);
  useEvery(EVERY, () => {
    void hosts.refetch();
    void deckies.refetch();
  });
  if (hosts.error) return <div className="page"><Fault error={hosts.error} retry={() => void hosts.refetch()} /></div>;
  if (!hosts.data) return <Loading />;
  const admin = session.get()?.role === "admin";
  const rows = hosts.data.filter((one) => gone || one.state !== "decommissioned" || one.owes_removal);
  const bad = hosts.data.filter(odd).length;
  const ask = (deed: Body["Deed"], host: string | null) => void work.ask(() => call("post", "/api/v1/swarm/work", { body: { deed, host } }));
  return (
    <div className="page">
      <div className="head">
        <h1>Hosts</h1>
        <p className="num">{count(rows.length)} hosts</p>
        {hosts.data.length > 0 && <span className={bad ? "chip bad" : "chip good"}>{bad ? `${bad} need somebody to look` : "all well"}</span>}
        <span className="spring" />
        <label><input type="checkbox" checked={gone} onChange={(event) => setGone(event.target.checked)} /> those that left</label>
        {admin && hosts.data.length > 0 && <button disabled={work.busy} onClick={() => ask("check", null)}>Ask all</button>}
      </div>
      {work.error !== null && <Fault error={work.error} />}
      {work.operation && <p className="quiet">{work.operation.state}: <Captured text={work.operation.progress || work.operation.notes.join(" ")} /></p>}
      <section className="panel">
        {rows.length ? <Table whole label="Hosts" columns={columns(admin, work.busy, ask)} rows={rows} keyOf={(one) => one.id} /> : <Empty icon="grid" title="One machine, no swarm">Agents on other hosts carry deckies for this master.</Empty>}
      </section>
      {admin && <Invite />}
      {deckies.data && deckies.data.length > 0 && (
        <section className="panel">
          <header><h2>Deckies of the swarm</h2></header>
          <Table whole label="Deckies of the swarm" columns={DECKIES} rows={deckies.data} keyOf={(one) => `${one.host_id} ${one.decky}`} />
        </section>
      )}
    </div>
  );
}

const DECKIES: Column<Decky>[] = [
  { name: "Decky", min: 110, grow: 1, show: (one) => one.decky },
  { name: "Host", min: 90, grow: 1, show: (one) => one.host },
  { name: "Address", min: 112, rank: 1, show: (one) => <span className="mono">{one.address ?? "—"}</span> },
  { name: "State", min: 80, show: (one) => <span className={`chip ${one.state === "running" ? "good" : one.state === "failed" ? "bad" : "warn"}`}>{one.state}</span> },
  { name: "Services", min: 140, grow: 2, rank: 2, show: (one) => one.services.join("  ") },
  { name: "Reason", min: 100, grow: 2, rank: 3, show: (one) => (one.reason ? <Captured text={one.reason} /> : null) },
];

function columns(admin: boolean, busy: boolean, ask: (deed: Body["Deed"], host: string) => void): Column<Host>[] {
  const acts: Column<Host>[] = [
    { name: "", min: 70, right: true, rank: 2, show: (one) => (one.left_at ? null : <button className="plain" disabled={busy} aria-label={`${one.state === "drained" ? "Use" : "Drain"} ${one.name}`} onClick={() => ask(one.state === "drained" ? "undrain" : "drain", one.id)}>{one.state === "drained" ? "Use" : "Drain"}</button>) },
    { name: "", min: 120, right: true, rank: 2, show: (one) => (one.left_at ? null : <Sure busy={busy} label={`Decommission ${one.name}`} act={() => ask("decommission", one.id)}>Decommission</Sure>) },
  ];
  return [
    { name: "Host", min: 110, grow: 1, show: (one) => one.name },
    { name: "State", min: 104, show: (one) => <span className={`chip ${TONE[one.state] ?? ""}`}>{one.state}</span> },
    { name: "Heard of", min: 80, rank: 1, show: (one) => <span className="num quiet">{ago(one.seen_at)}</span> },
    { name: "Deckies", min: 70, right: true, show: (one) => <span className="num">{one.deckies_running}/{one.deckies_wanted}</span> },
    { name: "Network", min: 120, rank: 3, show: (one) => <span className="mono">{one.network ?? "—"}</span> },
    { name: "Lag", min: 70, right: true, rank: 3, show: (one) => <span className="num">{count(one.lag_bytes)} B</span> },
    { name: "Certificate", min: 84, right: true, rank: 4, show: (one) => (typeof one.certificate_days === "number" ? `${one.certificate_days} days` : "—") },
    { name: "Labels", min: 100, grow: 1, rank: 5, show: (one) => Object.entries(one.labels).map(([key, value]) => `${key}=${value}`).join(" ") },
    { name: "Release", min: 60, rank: 6, show: (one) => (one.version ? <Captured text={one.version} /> : "—") },
    { name: "Trouble", min: 110, grow: 2, rank: 2, show: (one) => (one.owes_removal ? "has not heard that it left" : one.trouble ? <Captured text={one.trouble} /> : null) },
    ...(admin ? acts : []),
  ];
}
