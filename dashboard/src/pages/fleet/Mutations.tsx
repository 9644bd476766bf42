import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";

type Mutation = Body["Mutation"];

const said = (one: Mutation): string => {
  if (one.kind === "service_added") return `${one.service} came`;
  if (one.kind === "service_removed") return `${one.service} went`;
  if (one.kind === "service_set") return `${one.service} is set: ${one.after || "as the persona has it"}`;
  return `${one.service} was updated from ${one.before} to ${one.after}`;
};

const COLUMNS: Column<Mutation>[] = [
  { name: "When", min: 96, show: (one) => clock(one.at) },
  { name: "What", min: 160, grow: 3, show: (one) => <Captured text={said(one)} /> },
  { name: "Who", min: 80, grow: 1, rank: 1, show: (one) => one.by || "it was time" },
];

/** What changed of a decky while it ran. */
export function Mutations({ decky }: { decky: string }) {
  const rows = useQuery("/api/v1/mutations", { query: { decky, limit: 20 } }, { live: 5000 });
  return (
    <section className="panel" aria-label="Changes">
      <header><h2>Changes</h2></header>
      {rows.error && <Fault error={rows.error} retry={() => void rows.refetch()} />}
      {rows.data && (rows.data.items.length ? <Table whole label="Changes" columns={COLUMNS} rows={rows.data.items} keyOf={(one) => String(one.id)} /> : <Empty icon="sliders" title="It is as it was deployed" />)}
    </section>
  );
}
