import { type FormEvent } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

type Mute = Body["AlertMute"];
const FOR = [["60", "an hour"], ["480", "8 hours"], ["1440", "a day"], ["10080", "a week"], ["", "until it is ended"]] as const;

/** Incidents that nobody is told of for a while. */
export function Mutes() {
  const mutes = useQuery("/api/v1/alerts/mutes", {});
  const deed = useDeed("/api/v1/alerts/mutes");
  const role = session.get()?.role;
  const may = role === "admin" || role === "analyst";
  const columns: Column<Mute>[] = [
    { name: "Addresses", min: 120, grow: 1, show: (one) => <span className="mono">{one.network ?? "any"}</span> },
    { name: "Hours", min: 84, rank: 3, show: (one) => one.hours ?? "all" },
    { name: "Decky", min: 90, grow: 1, rank: 2, show: (one) => one.decky ?? "any" },
    { name: "Service", min: 64, rank: 3, show: (one) => one.service ?? "any" },
    { name: "Why", min: 100, grow: 2, rank: 1, show: (one) => <Captured text={one.reason} /> },
    { name: "Until", min: 96, rank: 1, show: (one) => (one.until ? clock(one.until) : "ended by hand") },
    { name: "By", min: 70, rank: 4, show: (one) => one.created_by },
    ...(may ? [{ name: "", min: 60, right: true, show: (one: Mute) => <Sure busy={deed.busy} label={`End mute ${one.id}`} act={() => void deed.run(() => call("delete", "/api/v1/alerts/mutes/{id}", { path: { id: String(one.id) } }))}>End</Sure> }] : []),
  ];
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const minutes = text("minutes");
    const body = { network: text("network") || null, decky: text("decky") || null, service: text("service") || null, hours: text("hours") || null, all: given.get("all") === "on", reason: text("reason"), minutes: minutes ? Number(minutes) : null };
    if (await deed.run(() => call("post", "/api/v1/alerts/mutes", { body }))) form.reset();
  };
  return (
    <section className="panel">
      <header><h2>Mutes</h2><span className="faint">our own scanners, and what is known</span></header>
      {may && (
        <form className="line" aria-label="Make a mute" onSubmit={(event) => void submit(event)}>
          <label className="field">Addresses<input name="network" maxLength={64} placeholder="192.0.2.0/24" /></label>
          <label className="field">Decky<input name="decky" maxLength={255} placeholder="any" /></label>
          <label className="field">Service<input name="service" maxLength={64} placeholder="any" /></label>
          <label className="field">Hours (UTC)<input name="hours" maxLength={11} placeholder="02:00-03:30" /></label>
          <label className="field">Why<input name="reason" maxLength={500} required /></label>
          <label className="field">For<select name="minutes">{FOR.map(([minutes, title]) => <option key={title} value={minutes}>{title}</option>)}</select></label>
          <label><input name="all" type="checkbox" /> everything (maintenance)</label>
          <button disabled={deed.busy}>Mute</button>
        </form>
      )}
      {deed.error !== null && <Fault error={deed.error} />}
      {mutes.error && <Fault error={mutes.error} retry={() => void mutes.refetch()} />}
      {mutes.data && (mutes.data.length ? <Table whole label="Mutes" columns={columns} rows={mutes.data} keyOf={(one) => String(one.id)} /> : <Empty icon="bell" title="Nothing is muted" />)}
    </section>
  );
}
