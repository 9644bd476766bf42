import { useNavigate } from "@tanstack/react-router";
import { ListPage } from "../../kit/ListPage";
import { COLUMNS, type Session } from "./columns";

export default function Sessions() {
  const navigate = useNavigate();
  return (
    <ListPage<Session>
      title="Sessions"
      path="/api/v1/sessions"
      filters={["src_ip", "decky", "service", "session", "since", "until", "recorded", "probes"]}
      columns={COLUMNS}
      keyOf={(one) => one.id}
      open={(one) => void navigate({ to: `/sessions/${encodeURIComponent(one.id)}` })}
      empty={{ title: "No sessions", text: "Whoever connects to a decky has a session here." }}
    />
  );
}
