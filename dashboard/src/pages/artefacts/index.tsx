import { useNavigate } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { ListPage } from "../../kit/ListPage";
import type { Column } from "../../kit/Table";
import { bytes, clock, count } from "../../kit/time";

type Artifact = Body["Artifact"];
const COLUMNS: Column<Artifact>[] = [
  { name: "SHA-256", min: 130, grow: 3, show: (one) => <span className="mono">{one.sha256}</span> },
  { name: "Size", min: 76, right: true, show: (one) => bytes(one.size) },
  { name: "Origin", min: 100, grow: 1, rank: 1, show: (one) => <Captured text={one.origin} /> },
  { name: "Format", min: 90, grow: 1, rank: 2, show: (one) => <Captured text={one.format} /> },
  { name: "Seen", min: 48, right: true, rank: 3, show: (one) => count(one.sightings) },
  { name: "First", min: 96, rank: 4, show: (one) => <span className="num quiet">{clock(one.first_seen)}</span> },
  { name: "Last", min: 96, rank: 5, show: (one) => <span className="num quiet">{clock(one.last_seen)}</span> },
];

export default function Artefacts() {
  const navigate = useNavigate();
  return (
    <ListPage<Artifact>
      title="Artefacts"
      path="/api/v1/artifacts"
      filters={["since", "until"]}
      columns={COLUMNS}
      keyOf={(one) => one.sha256}
      open={(one) => void navigate({ to: `/artefacts/${one.sha256}` })}
      empty={{ title: "No artefacts", text: "Files that attackers bring, and recordings of terminals, appear here." }}
    />
  );
}
