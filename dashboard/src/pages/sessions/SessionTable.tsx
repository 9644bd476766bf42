import { useNavigate } from "@tanstack/react-router";
import { Table } from "../../kit/Table";
import { COLUMNS, type Session } from "./columns";

/** Sessions that are all there, inside of another page. */
export function SessionTable({ rows }: { rows: Session[] }) {
  const navigate = useNavigate();
  return <Table whole label="Sessions" columns={COLUMNS} rows={rows} keyOf={(one) => one.id} open={(one) => void navigate({ to: `/sessions/${encodeURIComponent(one.id)}` })} />;
}
