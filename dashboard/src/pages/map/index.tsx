import { Link, useNavigate } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { count } from "../../kit/time";
import { OUTLINES } from "./outlines";
import { named, shade } from "./shade";

type Count = Body["CountryCount"];
const COLUMNS: Column<Count>[] = [
  { name: "Country", min: 140, grow: 3, show: (one) => <Link to="/attackers" search={{ country: one.country } as never}>{named(one.country)}</Link> },
  { name: "Code", min: 50, grow: 1, show: (one) => one.country },
  { name: "Attackers", min: 80, right: true, grow: 1, show: (one) => count(one.attackers) },
];

/** Where attackers come from, on outlines that are part of the program: nothing is loaded from elsewhere. */
export default function MapPage() {
  const found = useQuery("/api/v1/enrichment/countries", {}, { live: 10_000 });
  if (found.error) return <div className="page"><Fault error={found.error} retry={() => void found.refetch()} /></div>;
  if (!found.data) return <Loading />;
  return (
    <div className="page">
      <div className="head"><h1>Map</h1></div>
      {found.data.length === 0 ? (
        <Empty icon="world" title="No countries">Put files of countries and networks into the folder intel of the state folder.</Empty>
      ) : (
        <>
          <section className="panel body"><World counts={found.data} /></section>
          <section className="panel">
            <header><h2>Countries</h2></header>
            <Table whole label="Countries" columns={COLUMNS} rows={found.data} keyOf={(one) => one.country} />
          </section>
        </>
      )}
    </div>
  );
}

function World({ counts }: { counts: Count[] }) {
  const navigate = useNavigate();
  const of = new Map(counts.map((one) => [one.country, one.attackers]));
  const most = Math.max(...of.values());
  return (
    <svg className="world" viewBox="0 0 1000 396" role="img" aria-label="Attackers by country; the list below says the same">
      {Object.entries(OUTLINES).map(([code, outline]) => {
        const here = of.get(code) ?? 0;
        return (
          <path key={code} d={outline} className={here ? "some" : ""} style={here ? { fillOpacity: shade(here, most) } : undefined}
            onClick={here ? () => void navigate({ to: "/attackers", search: { country: code } as never }) : undefined}>
            <title>{`${named(code)}: ${count(here)}`}</title>
          </path>
        );
      })}
    </svg>
  );
}
