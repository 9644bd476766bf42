import { Link } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import type { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";

type Work = ReturnType<typeof useOperation>;
type Row = { service: string; settings: Record<string, string>; events: number };

/** The services of a decky: what is set of each, and, for administrators, how that is changed. */
export function Services({ decky, sums, work, may }: { decky: Body["DeckyDetail"]; sums: Map<string, number>; work: Work; may: boolean }) {
  const [open, setOpen] = useState<string | null>(null);
  const known = useQuery("/api/v1/services", {});
  const path = (service: string) => ({ name: decky.name, service });
  const rows: Row[] = decky.services.map((service) => ({ service, settings: decky.settings[service] ?? {}, events: sums.get(service) ?? 0 }));
  const remove = (service: string) => void work.ask(() => call("delete", "/api/v1/deckies/{name}/services/{service}", { path: path(service) }));
  const columns: Column<Row>[] = [
    { name: "Service", min: 90, grow: 1, show: (one) => <Link to="/events" search={{ decky: decky.name, service: one.service } as never}>{one.service}</Link> },
    { name: "Set", min: 120, grow: 3, rank: 1, show: (one) => <Captured text={Object.entries(one.settings).map(([key, value]) => `${key}=${value}`).join(" ")} /> },
    { name: "Events", min: 64, right: true, show: (one) => count(one.events) },
    ...(may ? [{ name: "", min: 132, right: true, show: (one: Row) => (
      <>
        <button className="plain" aria-expanded={open === one.service} onClick={() => setOpen(open === one.service ? null : one.service)}>Set…</button>
        {rows.length > 1 && <Sure busy={work.busy} label={`Take ${one.service} away`} act={() => remove(one.service)}>Remove</Sure>}
      </>
    ) }] : []),
  ];
  const chosen = known.data?.find((one) => one.slug === open);
  const others = known.data?.filter((one) => !decky.services.includes(one.slug)) ?? [];
  const add = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const service = String(new FormData(event.currentTarget).get("service") ?? "");
    await work.ask(() => call("post", "/api/v1/deckies/{name}/services", { path: { name: decky.name }, body: { service } }));
  };
  return (
    <section className="panel" aria-label="Services">
      <header><h2>Services</h2><span className="faint">a change ends the connections of this decky, and of no other</span></header>
      <Table whole label="Services" columns={columns} rows={rows} keyOf={(one) => one.service} />
      {chosen && open && <Settings key={open} about={chosen} now={decky.settings[open] ?? {}} busy={work.busy} save={(settings) => void work.ask(() => call("patch", "/api/v1/deckies/{name}/services/{service}", { path: path(open), body: { settings } })).then(() => setOpen(null))} />}
      {may && others.length > 0 && (
        <form className="line" aria-label="Add a service" onSubmit={(event) => void add(event)}>
          <label className="field">Service<select name="service">{others.map((one) => <option key={one.slug} value={one.slug}>{one.slug}: {one.about}</option>)}</select></label>
          <button disabled={work.busy}>Add</button>
        </form>
      )}
    </section>
  );
}

/** Settings of one service; what is left as it was is not sent, and a secret that is set is never shown. */
function Settings({ about, now, busy, save }: { about: Body["Service"]; now: Record<string, string>; busy: boolean; save: (settings: Record<string, string>) => void }) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const changed: Record<string, string> = {};
    for (const { key } of about.settings) {
      const value = String(given.get(key) ?? "").trim();
      if (value !== (now[key] ?? "")) changed[key] = value;
    }
    if (Object.keys(changed).length) save(changed);
  };
  if (!about.settings.length) return <p className="note">There is nothing to set of {about.slug}.</p>;
  return (
    <form className="line" aria-label={`Set ${about.slug}`} onSubmit={submit}>
      {about.settings.map((one) => (
        <label className="field" key={one.key} title={one.help}>{one.key}<input name={one.key} defaultValue={now[one.key] ?? ""} placeholder={one.default || "as the persona has it"} maxLength={512} autoComplete="off" /></label>
      ))}
      <button className="primary" disabled={busy}>Save</button>
    </form>
  );
}
