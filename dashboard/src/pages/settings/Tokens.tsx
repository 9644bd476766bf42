import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Once } from "../../kit/Once";
import { Empty, Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

type Token = Body["ApiToken"];
const SCOPES = [["read", "Read"], ["work", "Read and work"], ["manage", "Read, work and manage"]] as const;
/** What a choice of the form comes to. */
const scopesOf = (name: string) => SCOPES.slice(0, SCOPES.findIndex(([scope]) => scope === name) + 1).map(([scope]) => scope as string);

/** Tokens by which programs use the interface. */
export function Tokens() {
  const tokens = useQuery("/api/v1/tokens", {});
  const deed = useDeed("/api/v1/tokens");
  const [made, setMade] = useState<{ name: string; token: string } | null>(null);
  const columns: Column<Token>[] = [
    { name: "For", min: 100, grow: 2, show: (one) => one.name },
    { name: "Whose", min: 70, grow: 1, rank: 2, show: (one) => one.user },
    { name: "May", min: 120, grow: 1, rank: 1, show: (one) => one.scopes.join(", ") },
    { name: "Used", min: 100, grow: 1, rank: 3, show: (one) => one.used_at ? clock(one.used_at) : "never" },
    { name: "Ends", min: 100, grow: 1, rank: 1, show: (one) => clock(one.expires_at) },
    { name: "", min: 80, right: true, show: (one) => one.revoked_at ? <span className="faint">revoked</span> : <Sure busy={deed.busy} label={`Revoke the token ${one.name}`} act={() => void deed.run(() => call("delete", "/api/v1/tokens/{id}", { path: { id: one.id } }))}>Revoke</Sure> },
  ];
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const body = { name: String(given.get("name")), scopes: scopesOf(String(given.get("scope"))), days: Number(given.get("days")) };
    void deed.run(async () => {
      setMade(await call("post", "/api/v1/tokens", { body }));
      form.reset();
    });
  };
  return (
    <section className="panel">
      <header><h2>Tokens for programs</h2><a href="/docs">What the API can do</a></header>
      <form className="line" onSubmit={submit} aria-label="Make a token">
        <label className="field">For<input name="name" required maxLength={100} placeholder="what uses it" /></label>
        <label className="field">May<select name="scope">{SCOPES.map(([scope, title]) => <option key={scope} value={scope}>{title}</option>)}</select></label>
        <label className="field">Days<input name="days" type="number" min={1} max={3650} defaultValue={90} required /></label>
        <button disabled={deed.busy}>Make a token</button>
      </form>
      {made && <Once what={`The token “${made.name}”`} secret={made.token} close={() => setMade(null)} />}
      {deed.error !== null && <Fault error={deed.error} />}
      {tokens.error && <Fault error={tokens.error} retry={() => void tokens.refetch()} />}
      {tokens.data && (tokens.data.length ? <Table whole label="Tokens" columns={columns} rows={tokens.data} keyOf={(one) => one.id} /> : <Empty icon="key" title="No tokens" />)}
    </section>
  );
}
