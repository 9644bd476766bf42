import { useNavigate } from "@tanstack/react-router";
import { ListPage } from "../../kit/ListPage";
import { COLUMNS, type Incident } from "./columns";

/** What there is to work on. */
export default function Incidents() {
  const navigate = useNavigate();
  return (
    <ListPage<Incident>
      title="Incidents"
      path="/api/v1/incidents"
      filters={["src_ip", "state", "severity", "stage", "decky", "service", "assignee", "since", "until"]}
      columns={COLUMNS}
      keyOf={(one) => String(one.id)}
      open={(one) => void navigate({ to: `/incidents/${one.id}` })}
      empty={{ title: "No incidents", text: "What somebody does to deckies without a longer pause is one incident here." }}
    />
  );
}
