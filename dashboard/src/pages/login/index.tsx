import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { logIn } from "../../api/account";
import { Fault } from "../../kit/State";
import { inside } from "./inside";

export default function Login() {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const navigate = useNavigate();
  const { next } = useSearch({ strict: false }) as { next?: string };
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    setBusy(true);
    setError(null);
    try {
      await logIn(String(given.get("user")), String(given.get("password")));
      await navigate({ href: inside(next) });
    } catch (fault) {
      setError(fault);
    } finally {
      setBusy(false);
    }
  };
  return (
    <main className="login">
      <form onSubmit={(event) => void submit(event)}>
        <h1 className="row">
          <img src="/icon.svg" alt="" width={26} height={26} /> DECNET
        </h1>
        <label>
          Name
          <input name="user" autoComplete="username" required autoFocus defaultValue="admin" />
        </label>
        <label>
          Password
          <input name="password" type="password" autoComplete="current-password" required />
        </label>
        {error !== null && <Fault error={error} />}
        <button className="primary" disabled={busy}>
          {busy ? "One moment…" : "Log in"}
        </button>
      </form>
    </main>
  );
}
