import { useState } from "react";
import type { Operation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, span } from "../../kit/time";
import { useEvery } from "../../kit/useEvery";
import { Outcome, tone } from "./Outcome";

const COLUMNS: Column<Operation>[] = [
  { name: "When", min: 100, grow: 1, show: (one) => clock(one.asked_at) },
  { name: "What", min: 80, grow: 1, show: (one) => one.kind },
  { name: "State", min: 80, grow: 1, show: (one) => <State one={one} /> },
  { name: "Who", min: 80, grow: 1, rank: 2, show: (one) => one.asked_by },
  { name: "Took", min: 70, right: true, rank: 1, show: (one) => one.begun_at && one.ended_at ? span(Date.parse(one.ended_at) - Date.parse(one.begun_at)) : "—" },
  { name: "Notes", min: 140, grow: 4, rank: 3, show: (one) => <Captured text={one.progress ?? one.notes.at(-1)} /> },
];

function State({ one }: { one: Operation }) {
  return <><span className={`dot ${tone(one)}`} /> {one.state}</>;
}

/** What was asked for through the interface: deploys, fire drills, audits. */
export default function Operations() {
  const list = useQuery("/api/v1/operations", { query: { limit: 100 } });
  const [chosen, setChosen] = useState<number | null>(null);
  const { refetch } = list;
  useEvery(1000, refetch);
  if (list.error) return <div className="page"><Fault error={list.error} retry={() => void refetch()} /></div>;
  if (!list.data) return <Loading />;
  const rows = list.data.items;
  const one = rows.find((row) => row.id === chosen);
  return (
    <div className="page fills">
      <div className="head"><h1>Operations</h1></div>
      <div className="list">
        {rows.length ? <Table label="Operations" columns={COLUMNS} rows={rows} keyOf={(row) => String(row.id)} open={(row) => setChosen(row.id)} selected={chosen === null ? null : String(chosen)} /> : <Empty icon="sliders" title="Nothing was asked for yet">Deploys, fire drills and audits that are begun here are listed.</Empty>}
        {one && (
          <aside className="drawer" aria-label="Details">
            <header>
              <h2>{one.kind}</h2>
              <span className="spring" />
              <button className="plain icon" aria-label="Close" onClick={() => setChosen(null)}><Icon name="close" /></button>
            </header>
            <div className="body" tabIndex={0}>
              <Outcome operation={one} />
              {one.result !== undefined && <Captured text={JSON.stringify(one.result, null, 2)} block />}
            </div>
          </aside>
        )}
      </div>
    </div>
  );
}
