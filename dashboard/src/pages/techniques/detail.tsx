import { Link, useParams } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";
import { title } from "./tactics";

type Hit = Body["TechniqueHit"];
type Rule = Body["TechniqueRule"];

const HITS: Column<Hit>[] = [
  { name: "Address", min: 110, grow: 1, show: (one) => <Link to={`/attackers/${encodeURIComponent(one.src_ip)}`} className="mono">{one.src_ip}</Link> },
  { name: "Decky", min: 90, grow: 1, show: (one) => <Captured text={one.decky} /> },
  { name: "Service", min: 64, rank: 2, show: (one) => one.service },
  { name: "Events", min: 64, right: true, show: (one) => count(one.events) },
  { name: "Last seen", min: 96, rank: 1, show: (one) => clock(one.last_seen) },
  { name: "Rule", min: 110, grow: 1, rank: 3, show: (one) => <span className="mono">{one.rule}</span> },
];
const RULES: Column<Rule>[] = [
  { name: "Rule", min: 110, grow: 1, rank: 1, show: (one) => <span className="mono">{one.id}</span> },
  { name: "What it sees", min: 150, grow: 3, show: (one) => one.title },
  { name: "How sure", min: 70, show: (one) => one.confidence },
  { name: "Times", min: 56, right: true, rank: 2, show: (one) => count(one.count) },
  { name: "Looks at", min: 120, grow: 2, rank: 3, show: (one) => `${one.kinds.join(" ")}${one.services.length ? ` of ${one.services.join(" ")}` : ""}` },
];

/** One technique: the rules that look for it, where it would be noticed, and who showed it. */
export default function TechniquePage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const coverage = useQuery("/api/v1/techniques/coverage", {}, { live: 5000 });
  const rules = useQuery("/api/v1/techniques/rules", {});
  const hits = useQuery("/api/v1/techniques/{id}/hits", { path: { id } }, { live: 3000 });
  const error = coverage.error ?? rules.error ?? hits.error;
  if (error) return <div className="page"><Fault error={error} retry={() => void coverage.refetch()} /></div>;
  if (!coverage.data || !rules.data || !hits.data) return <Loading />;
  const one = coverage.data.find((other) => other.id === id);
  if (!one) return <Empty icon="target" title="No rule is about it"><Link to="/techniques">To the techniques</Link></Empty>;
  return (
    <div className="page">
      <div className="head">
        <Link to="/techniques" className="button plain icon" aria-label="All techniques"><Icon name="back" /></Link>
        <h1>{one.name}</h1>
        <p><span className="mono">{one.id}</span> · {title(one.tactic)}</p>
      </div>
      <section className="panel" aria-label="Rules">
        <header><h2>Rules</h2></header>
        <Table whole label="Rules" columns={RULES} rows={rules.data.filter((rule) => rule.technique === id)} keyOf={(rule) => rule.id} />
        <p className="note">{one.services.length ? `This fleet would notice it at: ${one.services.join(", ")}.` : "No service of this fleet writes what these rules look at: nobody would notice it."}</p>
      </section>
      <section className="panel" aria-label="Who showed it">
        <header><h2>Who showed it</h2><span className="faint num">{count(one.attackers)} addresses</span></header>
        {hits.data.length ? <Table whole label="Who showed it" columns={HITS} rows={hits.data} keyOf={(hit) => `${hit.rule} ${hit.src_ip} ${hit.decky}`} /> : <Empty icon="target" title="Nobody yet" />}
      </section>
    </div>
  );
}
