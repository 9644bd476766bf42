import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Once } from "../../kit/Once";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

type User = Body["User"];
const ROLES = ["viewer", "analyst", "admin"] as const;

/** Who may log in, and what they may do. */
export function Users() {
  const users = useQuery("/api/v1/users", {});
  const deed = useDeed("/api/v1/users");
  const [made, setMade] = useState<{ name: string; password: string } | null>(null);
  const show = (answer: { name: string; password?: string | null }) => answer.password && setMade({ name: answer.name, password: answer.password });
  const me = session.get()?.user;
  const columns: Column<User>[] = [
    { name: "Name", min: 100, grow: 2, show: (one) => <>{one.name}{one.password_change_required && <span className="chip warn">has to change the password</span>}</> },
    { name: "Role", min: 104, grow: 1, show: (one) => <Role one={one} busy={deed.busy} choose={(role) => void deed.run(() => call("patch", "/api/v1/users/{name}", { path: { name: one.name }, body: { role } }))} /> },
    { name: "Since", min: 100, grow: 1, rank: 2, show: (one) => clock(one.created_at) },
    { name: "", min: 118, right: true, rank: 1, show: (one) => one.name === me ? null : <Sure busy={deed.busy} label={`Give ${one.name} a new password`} act={() => void deed.run(async () => show(await call("post", "/api/v1/users/{name}/password", { path: { name: one.name }, body: {} })))}>New password</Sure> },
    { name: "", min: 70, right: true, show: (one) => one.name === me ? <span className="faint">you</span> : <Sure busy={deed.busy} label={`Delete ${one.name}`} act={() => void deed.run(() => call("delete", "/api/v1/users/{name}", { path: { name: one.name } }))}>Delete</Sure> },
  ];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    void deed.run(async () => {
      show(await call("post", "/api/v1/users", { body: { name: String(given.get("name")), role: String(given.get("role")) } }));
      form.reset();
    });
  };
  return (
    <section className="panel">
      <header><h2>Users</h2><span className="faint">viewers read, analysts also take artefacts away, administrators change things</span></header>
      <form className="line" onSubmit={submit} aria-label="Make a user">
        <label className="field">Name<input name="name" required maxLength={64} autoComplete="off" /></label>
        <label className="field">Role<select name="role">{ROLES.map((role) => <option key={role}>{role}</option>)}</select></label>
        <button disabled={deed.busy}>Make a user</button>
      </form>
      {made && <Once what={`The first password of ${made.name}, to be changed at login`} secret={made.password} close={() => setMade(null)} />}
      {deed.error !== null && <Fault error={deed.error} />}
      {users.error && <Fault error={users.error} retry={() => void users.refetch()} />}
      {users.data && <Table whole label="Users" columns={columns} rows={users.data} keyOf={(one) => one.name} />}
    </section>
  );
}

function Role({ one, busy, choose }: { one: User; busy: boolean; choose: (role: string) => void }) {
  return (
    <select className="small" aria-label={`Role of ${one.name}`} value={one.role} disabled={busy} onChange={(event) => choose(event.target.value)}>
      {ROLES.map((role) => <option key={role}>{role}</option>)}
    </select>
  );
}
