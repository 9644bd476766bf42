import { useNavigate } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { Export } from "../../kit/Export";
import { ListPage } from "../../kit/ListPage";
import type { Column } from "../../kit/Table";
import { ago, count } from "../../kit/time";

type Profile = Body["Profile"];
const COLUMNS: Column<Profile>[] = [
  { name: "Address", min: 130, grow: 2, show: (one) => <span className="mono">{one.src_ip}</span> },
  { name: "Risk", min: 48, right: true, show: (one) => <span className={`chip ${one.risk >= 60 ? "evidence" : one.risk >= 30 ? "interaction" : "scan"}`}>{one.risk}</span> },
  { name: "Behaviour", min: 90, grow: 1, show: (one) => one.behaviour },
  { name: "Came as far as", min: 90, grow: 1, rank: 1, show: (one) => one.phase },
  { name: "Deckies", min: 56, right: true, grow: 1, rank: 2, show: (one) => count(one.deckies) },
  { name: "Services", min: 60, right: true, grow: 1, rank: 3, show: (one) => count(one.services) },
  { name: "Events", min: 64, right: true, grow: 1, rank: 1, show: (one) => count(one.events) },
  { name: "Last seen", min: 92, grow: 1, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
];

/** What attackers are like, those active last first. */
export default function Profiles() {
  const navigate = useNavigate();
  return (
    <ListPage<Profile>
      title="Profiles"
      path="/api/v1/profiles"
      filters={["since"]}
      columns={COLUMNS}
      keyOf={(one) => one.src_ip}
      open={(one) => void navigate({ to: `/attackers/${one.src_ip}` })}
      empty={{ title: "No profiles", text: "The profiler makes one of whoever touches a decky." }}
      actions={(query) => <Export since={query.since} />}
    />
  );
}
