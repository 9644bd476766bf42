import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";

type File = Body["LookupFile"];
type Provider = Body["ReputationProvider"];

const FILES: Column<File>[] = [
  { name: "File", min: 140, grow: 2, show: (one) => <Captured text={one.name} /> },
  { name: "Form", min: 60, grow: 1, show: (one) => one.form ?? "" },
  { name: "Rows", min: 70, right: true, grow: 1, show: (one) => count(one.rows) },
  { name: "Bad lines", min: 70, right: true, grow: 1, show: (one) => count(one.malformed) },
  { name: "Changed", min: 96, grow: 1, show: (one) => clock(one.changed_at) },
  { name: "Problem", min: 120, grow: 3, show: (one) => (one.problem ? <Captured text={one.problem} /> : "") },
];
const PROVIDERS: Column<Provider>[] = [
  { name: "Provider", min: 100, grow: 1, show: (one) => one.name },
  { name: "Asked today", min: 90, right: true, grow: 1, show: (one) => `${count(one.asked_today)} of ${count(one.per_day)}` },
  { name: "Answers", min: 70, right: true, grow: 1, show: (one) => count(one.answers) },
  { name: "Rests until", min: 96, grow: 1, show: (one) => (one.rests_until ? clock(one.rests_until) : "") },
  { name: "Problem", min: 120, grow: 3, show: (one) => (one.problem ? <Captured text={one.problem} /> : "") },
];

/** What addresses of attackers are looked up in, and who is asked about them; nothing where there is neither. */
export function Lookup() {
  const status = useQuery("/api/v1/enrichment", {}, { live: 5000 }).data;
  if (!status || (!status.files.length && !status.providers.length)) return null;
  return (
    <section className="panel">
      <header><h2>Whose addresses</h2></header>
      {status.files.length > 0 && <Table whole label="Files" columns={FILES} rows={status.files} keyOf={(one) => one.name} />}
      {status.providers.length > 0 && <Table whole label="Providers" columns={PROVIDERS} rows={status.providers} keyOf={(one) => one.name} />}
    </section>
  );
}
