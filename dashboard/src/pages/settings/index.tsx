import { session } from "../../api/session";
import { Account } from "./Account";
import { AuditLog } from "./AuditLog";
import { Configuration } from "./Configuration";
import { Tokens } from "./Tokens";
import { Users } from "./Users";

/** One's own account, and for administrators: everybody's, the configuration and who changed what. */
export default function Settings() {
  const admin = session.get()?.role === "admin";
  return (
    <div className="page">
      <div className="head"><h1>Settings</h1></div>
      <Account />
      <Tokens />
      {admin && <Users />}
      {admin && <Configuration />}
      {admin && <AuditLog />}
    </div>
  );
}
