import { Link, useNavigate } from "@tanstack/react-router";
import type { FormEvent } from "react";
import { type Body, call } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { ago, count } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Outcome } from "../operations/Outcome";
import { chip } from "./state";

type Topology = Body["Topology"];

const COLUMNS: Column<Topology>[] = [
  { name: "Topology", min: 120, grow: 1, show: (one) => <Link to={`/topologies/${one.name}`}>{one.name}</Link> },
  { name: "State", min: 90, show: (one) => <span className={`chip ${chip(one.state)}`}>{one.state.replace("_", " ")}</span> },
  { name: "LANs", min: 52, right: true, rank: 2, show: (one) => count(one.lans) },
  { name: "Deckies", min: 64, right: true, rank: 1, show: (one) => count(one.deckies) },
  { name: "Version", min: 60, right: true, rank: 4, show: (one) => count(one.version) },
  { name: "Since", min: 84, right: true, rank: 3, show: (one) => ago(one.state_at) },
];

/** Networks of deckies behind a DMZ. */
export default function Topologies() {
  const list = useQuery("/api/v1/topologies", {});
  useEvery(3000, () => void list.refetch());
  const work = useOperation();
  const navigate = useNavigate();
  const admin = session.get()?.role === "admin";
  const draw = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const body: Body["NewTopology"] = {
      name: text("name"), depth: Number(text("depth")), branching: Number(text("branching")),
      deckies_per_lan: text("deckies") || null, seed: text("seed") || null,
    };
    void work.ask(() => call("post", "/api/v1/topologies", { body }));
  };
  const empty = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const [name, file] = [String(given.get("name") ?? "").trim(), given.get("file")];
    const text = file instanceof File && file.size > 0 ? await file.text() : "";
    const done = await work.ask(async () => {
      const document = (text ? JSON.parse(text) : { lans: [{ name: "DMZ", subnet: "172.16.0.0/24", dmz: true }] }) as object;
      return call("post", "/api/v1/topologies", { body: { name, document: { ...document, name } as never } });
    });
    if (done?.state === "done") void navigate({ to: `/topologies/${encodeURIComponent(name)}` });
  };
  return (
    <div className="page">
      <div className="head"><h1>Topologies</h1></div>
      {admin && (
        <section className="panel">
          <header><h2>Draw one</h2><span className="faint">the same wish and seed give the same one</span></header>
          <form className="line" aria-label="Draw a topology" onSubmit={draw}>
            <label className="field">Name<input name="name" required maxLength={23} pattern="[A-Za-z0-9]([A-Za-z0-9_\-]*[A-Za-z0-9])?" /></label>
            <label className="field">Levels<input name="depth" type="number" min={1} max={16} defaultValue={3} required /></label>
            <label className="field">Branches<input name="branching" type="number" min={1} max={8} defaultValue={2} required /></label>
            <label className="field">Deckies of a LAN<input name="deckies" placeholder="1-3" pattern="\d+(-\d+)?" /></label>
            <label className="field">Seed<input name="seed" maxLength={64} placeholder="by chance" /></label>
            <button disabled={work.busy}>Draw it</button>
          </form>
          <form className="line" aria-label="Begin a topology" onSubmit={(event) => void empty(event)}>
            <label className="field">Name<input name="name" required maxLength={23} pattern="[A-Za-z0-9]([A-Za-z0-9_\-]*[A-Za-z0-9])?" /></label>
            <label className="field">From a file<input name="file" type="file" accept=".json,application/json" /></label>
            <button disabled={work.busy}>Begin with it, or with an empty one</button>
          </form>
          {work.error !== null && <Fault error={work.error} />}
          {work.operation && <Outcome operation={work.operation} />}
        </section>
      )}
      <section className="panel">
        <header><h2>Networks</h2><span className="faint">LANs behind a DMZ, each reached through a machine of the one before</span></header>
        {list.error && <Fault error={list.error} retry={() => void list.refetch()} />}
        {list.data && (list.data.length ? <Table whole label="Topologies" columns={COLUMNS} rows={list.data} keyOf={(one) => one.name} /> : <Empty icon="grid" title="No topologies yet">Draw one here, or import one with the command line.</Empty>)}
      </section>
    </div>
  );
}
