import { Link } from "@tanstack/react-router";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";
import { useEvery } from "../../kit/useEvery";

type Delivery = Body["AlertDelivery"];
const TONE: Record<string, string> = { delivered: "good", failed: "bad", waiting: "warn" };

/** Messages and what became of them. */
export function Deliveries() {
  const list = useQuery("/api/v1/alerts/deliveries", { query: { limit: 100 } });
  const deed = useDeed("/api/v1/alerts/deliveries");
  useEvery(2000, () => void list.refetch());
  const role = session.get()?.role;
  const may = role === "admin" || role === "analyst";
  const columns: Column<Delivery>[] = [
    { name: "State", min: 84, show: (one) => <span className={`chip ${TONE[one.state] ?? ""}`}>{one.state}</span> },
    { name: "Rule", min: 80, grow: 1, rank: 2, show: (one) => one.rule },
    { name: "What", min: 140, grow: 4, show: (one) => (one.incident ? <Link to={`/incidents/${one.incident}`}><Captured text={one.title} /></Link> : <Captured text={one.title} />) },
    { name: "Answer", min: 100, grow: 2, rank: 1, show: (one) => <Captured text={one.answer} /> },
    { name: "Tries", min: 44, right: true, rank: 4, show: (one) => one.attempts },
    { name: "Made", min: 96, rank: 3, show: (one) => <span className="num quiet">{clock(one.created_at)}</span> },
    { name: "", min: 84, right: true, rank: 5, show: (one) => (one.state === "failed" && may ? <button className="plain" disabled={deed.busy} onClick={() => void deed.run(() => call("post", "/api/v1/alerts/deliveries/{id}/retry", { path: { id: String(one.id) } }))}>Send again</button> : null) },
  ];
  return (
    <section className="panel">
      <header><h2>Messages</h2><span className="faint">latest 100</span></header>
      {deed.error !== null && <Fault error={deed.error} />}
      {list.error && <Fault error={list.error} retry={() => void list.refetch()} />}
      {list.data && (list.data.items.length ? <Table whole label="Messages" columns={columns} rows={list.data.items} keyOf={(one) => String(one.id)} /> : <Empty icon="bell" title="No messages yet" />)}
    </section>
  );
}
