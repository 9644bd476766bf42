import { Link, useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Body, call, handIn } from "../../api/client";
import { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Outcome } from "../operations/Outcome";

type Learned = Body["Learned"];

/** Largest capture that is taken, bytes. */
const LARGEST = 16 * 1024 * 1024;
const TONE: Record<string, string> = { done: "good", failed: "bad" };

const COLUMNS: Column<Learned>[] = [
  { name: "When", min: 110, grow: 1, show: (one) => <Link to={`/learned/${one.id}`}>{clock(one.asked_at)}</Link> },
  { name: "Segment", min: 120, grow: 1, show: (one) => <span className="mono">{one.network || "—"}</span> },
  { name: "State", min: 76, show: (one) => <span className={`chip ${TONE[one.state] ?? "warn"}`}>{one.state}</span> },
  { name: "Hosts", min: 60, right: true, rank: 1, show: (one) => count(one.hosts) },
  { name: "Free", min: 60, right: true, rank: 3, show: (one) => count(one.free) },
  { name: "Proposed", min: 70, right: true, rank: 2, show: (one) => count(one.deckies) },
  { name: "Who", min: 80, rank: 4, show: (one) => one.asked_by },
  { name: "Notes", min: 120, grow: 2, rank: 5, show: (one) => <Captured text={one.notes.at(-1)} /> },
];

/** What segments are like, by captures or by listening; each is a fleet that blends in. */
export default function LearnedPage() {
  const list = useQuery("/api/v1/learned", {});
  const work = useOperation();
  const navigate = useNavigate();
  const { refetch } = list;
  useEvery(3000, refetch);
  const after = (done: { id: number; state: string } | null) => {
    if (done?.state === "done") void navigate({ to: `/learned/${done.id}` });
  };
  return (
    <div className="page">
      <div className="head">
        <h1>Learned</h1>
        <p>What a segment is like, and a fleet that nobody tells from it. Nothing is sent.</p>
      </div>
      {session.get()?.role === "admin" && (
        <section className="panel" aria-label="Learn a segment">
          <header><h2>Learn a segment</h2></header>
          <Upload busy={work.busy} take={(file, query) => void work.ask(() => handIn("/api/v1/learn", "application/vnd.tcpdump.pcap", file, { query })).then(after)} />
          <Listen busy={work.busy} listen={(body) => void work.ask(() => call("post", "/api/v1/learn/listen", { body })).then(after)} />
          {work.error !== null && <Fault error={work.error} />}
          {work.operation && <Outcome operation={work.operation} />}
        </section>
      )}
      <section className="panel">
        <header><h2>What was learned</h2></header>
        {list.error && <Fault error={list.error} retry={() => void refetch()} />}
        {list.data && (list.data.length ? <Table whole label="Learned segments" columns={COLUMNS} rows={list.data} keyOf={(one) => String(one.id)} /> : <Empty icon="ear" title="Nothing yet">A capture of some minutes of the segment tells who is there.</Empty>)}
      </section>
    </div>
  );
}

const number = (text: FormDataEntryValue | null) => (text ? Number(text) : undefined);

function Upload({ busy, take }: { busy: boolean; take: (file: File, query: { deckies?: number | undefined; seed?: string }) => void }) {
  const [file, choose] = useState<File | null>(null);
  const large = file !== null && file.size > LARGEST;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    if (file && !large) take(file, { deckies: number(given.get("deckies")), seed: String(given.get("seed") ?? "") });
  };
  return (
    <form className="line" aria-label="Hand in a capture" onSubmit={submit}>
      <label className="field">Capture<input type="file" accept=".pcap,.pcapng,.cap,.dump" required onChange={(event) => choose(event.target.files?.[0] ?? null)} /></label>
      <label className="field">Deckies<input name="deckies" type="number" min={1} max={1000} placeholder="one to four hosts" /></label>
      <label className="field">Seed<input name="seed" maxLength={200} placeholder="learned" /></label>
      <button className="primary" disabled={busy || !file || large}>Learn from it</button>
      <small className="faint">{large ? "That is more than 16 MiB: tcpdump -s 256 keeps what is looked at." : "tcpdump -w FILE, at most 16 MiB"}</small>
    </form>
  );
}

function Listen({ busy, listen }: { busy: boolean; listen: (body: Body["Listening"]) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    listen({ interface: String(given.get("interface") ?? "").trim(), seconds: Number(given.get("seconds")), deckies: number(given.get("deckies")) ?? null });
  };
  return (
    <form className="line" aria-label="Listen to a segment" onSubmit={submit}>
      <label className="field">Interface<input name="interface" required maxLength={15} placeholder="eth0" /></label>
      <label className="field">Seconds<input name="seconds" type="number" min={1} max={300} defaultValue={120} required /></label>
      <label className="field">Deckies<input name="deckies" type="number" min={1} max={1000} placeholder="one to four hosts" /></label>
      <button disabled={busy}>Listen</button>
      <small className="faint">Other work waits meanwhile.</small>
    </form>
  );
}
