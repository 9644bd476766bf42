import { Link, useParams } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { call, send } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";
import { Hits } from "./Hits";

/** One canary: its file, where it lies, and who took or used it. */
export default function CanaryPage() {
  const { id = "" } = useParams({ strict: false }) as { id?: string };
  const canary = useQuery("/api/v1/canaries/{id}", { path: { id } }, { live: 3000 });
  const hits = useQuery("/api/v1/canaries/{id}/hits", { path: { id }, query: { limit: 200 } }, { live: 3000 });
  const kinds = useQuery("/api/v1/canaries/kinds", {});
  const deed = useDeed("/api/v1/canaries/{id}", "/api/v1/canaries");
  const [error, setError] = useState<unknown>(null);
  if (canary.error) return <div className="page"><Fault error={canary.error} retry={() => void canary.refetch()} /></div>;
  if (!canary.data) return <Loading />;
  const one = canary.data;
  const kind = kinds.data?.find((other) => other.name === one.kind);
  const role = session.get()?.role;
  const may = role === "admin" || role === "analyst";
  const download = async () => {
    try {
      const answer = await send("GET", "/api/v1/canaries/{id}/content", { path: { id } });
      save(one.file, "application/octet-stream", new Uint8Array(await answer.arrayBuffer()));
    } catch (fault) {
      setError(fault);
    }
  };
  const plant = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const body = { decky: text("decky"), path: text("path"), owner: text("owner") || null };
    await deed.run(() => call("put", "/api/v1/canaries/{id}/place", { path: { id }, body }));
  };
  return (
    <div className="page">
      <div className="head">
        <Link to="/canaries" className="button plain icon" aria-label="All canaries"><Icon name="back" /></Link>
        <h1 className="mono cut">{one.id}</h1>
        <span className="spring" />
        {may && <button onClick={() => void download()}><Icon name="down" /> Download</button>}
        {may && !one.revoked_at && <Sure busy={deed.busy} label={`Revoke ${one.id}`} act={() => void deed.run(() => call("delete", "/api/v1/canaries/{id}", { path: { id } }))}>Revoke</Sure>}
      </div>
      {error !== null && <Fault error={error} />}
      {deed.error !== null && <Fault error={deed.error} />}
      <section className="panel body">
        <dl className="facts">
          <dt>Kind</dt><dd>{one.kind}</dd>
          <dt>Memo</dt><dd><Captured text={one.memo} /></dd>
          <dt>File</dt><dd className="mono"><Captured text={one.file} /></dd>
          <dt>Leads to</dt><dd className="mono"><Captured text={one.lead} /></dd>
          <dt>Lies</dt><dd>{one.decky ? <><Captured text={one.path} /> on <Link to={`/fleet/${one.decky}`}>{one.decky}</Link></> : "on no decky"}</dd>
          <dt>Made</dt><dd className="num">{clock(one.created_at)} by {one.created_by}</dd>
          {one.revoked_at && <><dt>Revoked</dt><dd className="num">{clock(one.revoked_at)}</dd></>}
          {kind && <><dt>Fires with</dt><dd>{kind.fires}</dd><dt>Silent with</dt><dd>{kind.silent}</dd></>}
        </dl>
        {role === "admin" && !one.revoked_at && (
          <form className="line" aria-label="Plant it" onSubmit={(event) => void plant(event)}>
            <label className="field">Decky<input name="decky" required maxLength={48} defaultValue={one.decky ?? ""} /></label>
            <label className="field">Path<input name="path" required maxLength={400} defaultValue={one.path ?? kind?.place ?? ""} /></label>
            <label className="field">Owner<input name="owner" maxLength={64} placeholder="by the home it is in" /></label>
            <button disabled={deed.busy}>Plant it</button>
            {one.decky && <button type="button" className="plain" disabled={deed.busy} onClick={() => void deed.run(() => call("delete", "/api/v1/canaries/{id}/place", { path: { id } }))}>Take it away</button>}
          </form>
        )}
      </section>
      <section className="panel">
        <header><h2>Uses</h2></header>
        {hits.error && <Fault error={hits.error} retry={() => void hits.refetch()} />}
        {hits.data && <Hits rows={hits.data.items} />}
      </section>
    </div>
  );
}
