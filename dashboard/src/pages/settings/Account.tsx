import type { FormEvent } from "react";
import { changePassword, logOut } from "../../api/account";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { switchTheme } from "../../app/theme";
import { Captured } from "../../kit/Captured";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

type Login = Body["Login"];

/** Who is logged in, from where else, and with which password. */
export function Account() {
  const who = session.get();
  const logins = useQuery("/api/v1/me/sessions", {});
  const end = useDeed("/api/v1/me/sessions");
  const columns: Column<Login>[] = [
    { name: "From", min: 110, grow: 1, show: (one) => <span className="mono">{one.address ?? "—"}</span> },
    { name: "Program", min: 120, grow: 3, rank: 2, show: (one) => <Captured text={one.agent} /> },
    { name: "By", min: 70, rank: 3, show: (one) => one.kind },
    { name: "Since", min: 100, grow: 1, rank: 1, show: (one) => clock(one.issued_at) },
    { name: "", min: 70, right: true, show: (one) => one.current ? <span className="faint">this one</span> : <Sure busy={end.busy} label={`End the login of ${clock(one.issued_at)}`} act={() => void end.run(() => call("delete", "/api/v1/me/sessions/{id}", { path: { id: one.id } }))}>End</Sure> },
  ];
  return (
    <section className="panel">
      <header>
        <h2>Your account</h2>
        <span className="spring" />
        <button onClick={switchTheme}>Dark or light</button>
        <button onClick={() => void logOut()}>Log out</button>
      </header>
      <div className="body">
        <dl className="facts">
          <dt>Name</dt><dd>{who?.user}</dd>
          <dt>Role</dt><dd>{who?.role}</dd>
          <dt>Until</dt><dd className="num">{clock(who?.expires_at)}</dd>
        </dl>
      </div>
      <Password />
      {end.error !== null && <Fault error={end.error} />}
      {logins.error && <Fault error={logins.error} retry={() => void logins.refetch()} />}
      {logins.data && <Table whole label="Your logins" columns={columns} rows={logins.data} keyOf={(one) => one.id} />}
    </section>
  );
}

function Password() {
  const change = useDeed("/api/v1/me/sessions");
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    void change.run(() => changePassword(String(given.get("old")), String(given.get("new")))).then((done) => done && form.reset());
  };
  return (
    <form className="line" onSubmit={submit} aria-label="Change your password">
      <label className="field">Old password<input name="old" type="password" autoComplete="current-password" required /></label>
      <label className="field">New password<input name="new" type="password" autoComplete="new-password" minLength={8} required /></label>
      <button disabled={change.busy}>Change it</button>
      {change.error !== null && <Fault error={change.error} />}
    </form>
  );
}
