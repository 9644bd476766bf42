import { useNavigate, useSearch } from "@tanstack/react-router";
import { type FormEvent, type ReactNode, useEffect, useRef, useState } from "react";
import { changePassword, logIn, logInByLink, provider } from "../../api/account";
import { session } from "../../api/session";
import { Fault } from "../../kit/State";
import { inside } from "./inside";
import { takeDenied, takeLink } from "./link";

/** Shortest password that is taken here; the server has the last word. */
const SHORTEST = 8;

/** Logging in by password or one-time link, and the change of a password that must not stay. */
export default function Login() {
  const [error, setError] = useState<unknown>(null);
  const [busy, setBusy] = useState(false);
  const [other, setOther] = useState<string | null>(null);
  const [change, setChange] = useState(session.get()?.password_change_required ?? false);
  const old = useRef("");
  const begun = useRef(false);
  const navigate = useNavigate();
  const { next } = useSearch({ strict: false }) as { next?: string };
  const attempt = async (act: () => Promise<void>) => {
    setBusy(true);
    setError(null);
    try {
      await act();
      if (session.get()?.password_change_required) setChange(true);
      else await navigate({ href: inside(next), replace: true });
    } catch (fault) {
      setError(fault);
    } finally {
      setBusy(false);
    }
  };
  useEffect(() => {
    if (begun.current) return;
    begun.current = true;
    const link = takeLink();
    if (link) void attempt(() => logInByLink(link));
    setError(takeDenied());
    void provider().then(setOther);
  });
  const withPassword = (given: FormData) => {
    old.current = String(given.get("password"));
    return logIn(String(given.get("user")), old.current);
  };
  const withChange = (given: FormData) => {
    const wanted = String(given.get("new"));
    if (wanted !== given.get("again")) throw new Error("The two passwords differ.");
    return changePassword(old.current || String(given.get("old") ?? ""), wanted);
  };
  const submit = (act: (given: FormData) => Promise<void>) => (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    void attempt(async () => act(given));
  };
  if (change) {
    return (
      <Card key="change" title="Choose a password" submit={submit(withChange)} error={error} busy={busy} action="Change it and go on">
        {!old.current && <Secret name="old" label="Password so far, unless you came by a link" autoComplete="current-password" />}
        <Secret name="new" label="New password" autoComplete="new-password" minLength={SHORTEST} required />
        <Secret name="again" label="New password once more" autoComplete="new-password" minLength={SHORTEST} required />
      </Card>
    );
  }
  return (
    <Card key="login" title="DECNET" submit={submit(withPassword)} error={error} busy={busy} action="Log in" provider={other}>
      <label>
        Name
        <input name="user" autoComplete="username" required autoFocus defaultValue="admin" />
      </label>
      <Secret name="password" label="Password" autoComplete="current-password" required />
    </Card>
  );
}

interface CardProps {
  title: string;
  action: string;
  submit: (event: FormEvent<HTMLFormElement>) => void;
  error: unknown;
  busy: boolean;
  /** Who lets people in besides. */
  provider?: string | null;
  children: ReactNode;
}

function Card({ title, action, submit, error, busy, provider, children }: CardProps) {
  return (
    <main className="login">
      <form onSubmit={submit}>
        <h1 className="row">
          <img src="/icon.svg" alt="" width={26} height={26} /> {title}
        </h1>
        {children}
        {error !== null && <Fault error={error} />}
        <button className="primary" disabled={busy}>
          {busy ? "One moment…" : action}
        </button>
        {provider && <a className="button" href="/api/v1/login/oidc">Log in by {provider}</a>}
      </form>
    </main>
  );
}

function Secret({ label, ...rest }: { label: string; name: string; autoComplete: string; required?: boolean; minLength?: number }) {
  return (
    <label>
      {label}
      <input type="password" {...rest} />
    </label>
  );
}
