import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { ListPage } from "../../kit/ListPage";
import { Fault, Loading } from "../../kit/State";
import type { Column } from "../../kit/Table";
import { ago, clock, count } from "../../kit/time";

type Reuse = Body["Reuse"];
const COLUMNS: Column<Reuse>[] = [
  { name: "Secret", min: 110, grow: 2, show: (one) => <Captured text={one.secret} /> },
  { name: "Kind", min: 80, rank: 4, show: (one) => one.secret_kind },
  { name: "List", min: 64, rank: 3, show: (one) => one.listed ?? "none" },
  { name: "Targets", min: 60, right: true, grow: 1, show: (one) => count(one.targets) },
  { name: "Names", min: 56, right: true, grow: 1, rank: 2, show: (one) => count(one.principals) },
  { name: "Addresses", min: 72, right: true, grow: 1, rank: 1, show: (one) => count(one.attackers) },
  { name: "Attempts", min: 64, right: true, grow: 1, rank: 2, show: (one) => count(one.attempts) },
  { name: "Last", min: 84, right: true, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
];

/** Secrets that came again: over deckies, services, login names and addresses. */
export default function ReusePage() {
  return (
    <ListPage<Reuse>
      title="Reused secrets"
      path="/api/v1/reuse"
      filters={["secret_kind", "since"]}
      columns={COLUMNS}
      keyOf={(one) => one.id}
      empty={{ title: "No secret came twice", text: "Secrets that are offered to several services, by several addresses or for several names appear here." }}
      detailTitle={(one) => <Captured text={one.secret} />}
      detail={(one) => <Detail id={one.id} />}
    />
  );
}

function Detail({ id }: { id: string }) {
  const found = useQuery("/api/v1/reuse/{id}", { path: { id } });
  if (found.error) return <Fault error={found.error} />;
  if (!found.data) return <Loading />;
  const one = found.data;
  return (
    <dl className="facts">
      <dt>Secret</dt><dd><Captured text={one.secret} block /></dd>
      {one.names.default_of && <><dt>Comes with</dt><dd>{one.names.default_of}</dd></>}
      <dt>Let in</dt><dd className="num">{count(one.accepted)} of {count(one.attempts)}</dd>
      <dt>First</dt><dd className="num">{clock(one.first_seen)}</dd>
      <dt>Last</dt><dd className="num">{clock(one.last_seen)}</dd>
      <dt>Targets</dt><dd>{one.names.targets.map((text) => <div key={text}><Captured text={text} /></div>)}</dd>
      <dt>Names</dt><dd>{one.names.principals.map((text) => <div key={text}><Captured text={text} /></div>)}</dd>
      <dt>Addresses</dt><dd>{one.names.attackers.map((text) => <div key={text}><Link className="mono" to={`/attackers/${encodeURIComponent(text)}`}>{text}</Link></div>)}</dd>
    </dl>
  );
}
