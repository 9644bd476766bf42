import { Link, useNavigate } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Export } from "../../kit/Export";
import { ListPage } from "../../kit/ListPage";
import type { Column } from "../../kit/Table";
import { Captured } from "../../kit/Captured";
import { worst } from "./reputation";
import { ago, clock, count } from "../../kit/time";

type Attacker = Body["Attacker"];
const COLUMNS: Column<Attacker>[] = [
  { name: "Address", min: 130, grow: 2, show: (one) => <span className="mono">{one.src_ip}</span> },
  { name: "Country", min: 56, grow: 1, rank: 2.5, show: (one) => one.country ?? "" },
  { name: "System", min: 110, grow: 2, rank: 3.5, show: (one) => (one.as_name ? <Captured text={one.as_name} /> : one.asn ? `AS${one.asn}` : "") },
  { name: "Reputation", min: 80, grow: 1, rank: 4.5, show: (one) => worst(one.reputation) },
  { name: "Last seen", min: 92, grow: 1, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
  { name: "First seen", min: 96, grow: 1, rank: 5, show: (one) => <span className="num quiet">{clock(one.first_seen)}</span> },
  { name: "Deckies", min: 56, right: true, grow: 1, rank: 0.5, show: (one) => one.deckies },
  { name: "Moves", min: 52, right: true, grow: 1, rank: 6, show: (one) => one.hops },
  { name: "Connections", min: 80, right: true, grow: 1, rank: 4, show: (one) => count(one.connections) },
  { name: "Scans", min: 60, right: true, grow: 1, rank: 4, show: (one) => count(one.scans) },
  { name: "Interactions", min: 80, right: true, grow: 1, rank: 3, show: (one) => count(one.interactions) },
  { name: "Credentials", min: 80, right: true, grow: 1, rank: 2, show: (one) => count(one.credentials) },
  { name: "Events", min: 64, right: true, grow: 1, rank: 1, show: (one) => count(one.events) },
];

export default function Attackers() {
  const navigate = useNavigate();
  return (
    <ListPage<Attacker>
      title="Attackers"
      path="/api/v1/attackers"
      filters={["src_ip", "country", "asn", "since", "until", "probes"]}
      columns={COLUMNS}
      keyOf={(one) => one.src_ip}
      open={(one) => void navigate({ to: `/attackers/${one.src_ip}` })}
      empty={{ title: "No attackers", text: "Whoever touches a decky appears here." }}
      actions={(query) => <><Export since={query.since} /><Link to="/profiles" className="button">Profiles</Link></>}
    />
  );
}
