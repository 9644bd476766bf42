import { Table } from "../../kit/Table";
import { COLUMNS, type Credential, keyOf } from "./columns";

/** Credentials that are all there, inside of another page. */
export function CredentialTable({ rows }: { rows: Credential[] }) {
  return <Table whole label="Credentials" columns={COLUMNS} rows={rows} keyOf={keyOf} />;
}
