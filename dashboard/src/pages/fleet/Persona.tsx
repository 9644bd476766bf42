import { call, Problem } from "../../api/client";
import type { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { facts, type Seen, type User, type Version, users, versions } from "./seen";

const PRODUCTS: Column<Version>[] = [
  { name: "Service", min: 80, grow: 1, show: (one) => one.slug },
  { name: "Shows", min: 140, grow: 3, show: (one) => <Captured text={one.shows} /> },
];
const USERS: Column<User>[] = [
  { name: "Account", min: 90, grow: 1, show: (one) => <span className="mono">{one.name}</span> },
  { name: "Name", min: 110, grow: 2, rank: 1, show: (one) => <Captured text={one.full_name} /> },
  { name: "Home", min: 110, grow: 1, rank: 2, show: (one) => <span className="mono">{one.home}</span> },
  { name: "Password", min: 70, right: true, show: (one) => (one.password ? "has one" : "none") },
];

/** The decky as attackers see it: each fact once. */
export function Persona({ decky, work, may }: { decky: string; work: ReturnType<typeof useOperation>; may: boolean }) {
  const persona = useQuery("/api/v1/deckies/{name}/persona", { path: { name: decky } });
  if (persona.error instanceof Problem && persona.error.status === 404) return null;
  if (persona.error) return <Fault error={persona.error} retry={() => void persona.refetch()} />;
  if (!persona.data) return null;
  const seen = persona.data.document as unknown as Seen;
  return (
    <section className="panel" aria-label="Persona">
      <header><h2>As attackers see it</h2><span className="faint">passwords and keys are not shown</span>
        <span className="spring" />
        {may && <Sure busy={work.busy} label={`Give ${decky} another persona`} act={() => void work.ask(() => call("post", "/api/v1/deckies/{name}/persona", { path: { name: decky } }))}>Another machine</Sure>}
      </header>
      {persona.data.contradictions.map((one) => <p key={one.subject + one.detail} className="note bad">{one.subject}: <Captured text={one.detail} />; <Captured text={one.remedy} /></p>)}
      <dl className="facts body">
        {facts(seen, persona.data).map(([name, value]) => <div key={name} style={{ display: "contents" }}><dt>{name}</dt><dd><Captured text={value} /></dd></div>)}
      </dl>
      <Table whole label="What services show" columns={PRODUCTS} rows={versions(seen)} keyOf={(one) => one.slug} />
      <Table whole label="Accounts" columns={USERS} rows={users(seen)} keyOf={(one) => one.name} />
    </section>
  );
}
