import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { useList } from "../../kit/useList";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";

type Entry = Body["AuditEntry"];
const COLUMNS: Column<Entry>[] = [
  { name: "When", min: 100, grow: 1, show: (one) => clock(one.at) },
  { name: "Who", min: 80, grow: 1, show: (one) => <Captured text={one.actor} /> },
  { name: "What", min: 120, grow: 1, show: (one) => one.action },
  { name: "With", min: 100, grow: 2, rank: 2, show: (one) => <Captured text={one.target} /> },
  { name: "From", min: 104, grow: 1, rank: 3, show: (one) => <span className="mono">{one.address ?? one.via}</span> },
  { name: "Answer", min: 60, right: true, rank: 1, show: (one) => <Answer status={one.outcome} /> },
];
const keyOf = (one: Entry) => String(one.id);

function Answer({ status }: { status: number }) {
  return <span className={status < 400 ? "good" : "bad"}>{status}</span>;
}

/** Who changed what. */
export function AuditLog() {
  const list = useList<Entry>("/api/v1/audit-log", {}, keyOf, false);
  return (
    <section className="panel">
      <header><h2>Audit log</h2></header>
      {list.error ? <Fault error={list.error} retry={list.again} /> : list.loading ? <Loading /> : list.rows.length === 0 ? <Empty title="Nothing was changed yet" /> : (
        <>
          <Table whole label="Audit log" columns={COLUMNS} rows={list.rows} keyOf={keyOf} />
          {!list.done && <div className="note"><button onClick={list.more}>Older</button></div>}
        </>
      )}
    </section>
  );
}
