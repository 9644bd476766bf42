import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Fault } from "../../kit/State";
import { useDeed } from "../../kit/useDeed";

/** Says what a kind is, when it fires and when not, and makes one. */
export function Wizard() {
  const kinds = useQuery("/api/v1/canaries/kinds", {});
  const deed = useDeed("/api/v1/canaries");
  const [chosen, choose] = useState("docx");
  const kind = kinds.data?.find((one) => one.name === chosen);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const body: Body["CanaryRequest"] = { kind: chosen, memo: text("memo"), file: text("file") || null, user: text("user") || null, target: text("target") || null };
    if (await deed.run(() => call("post", "/api/v1/canaries", { body }))) form.reset();
  };
  return (
    <section className="panel">
      <header><h2>Make a canary</h2><span className="faint">each is the only one of its kind</span></header>
      {kinds.error && <Fault error={kinds.error} retry={() => void kinds.refetch()} />}
      <form className="line" aria-label="Make a canary" onSubmit={(event) => void submit(event)}>
        <label className="field">Kind<select name="kind" value={chosen} onChange={(event) => choose(event.target.value)}>{kinds.data?.map((one) => <option key={one.name}>{one.name}</option>)}</select></label>
        <label className="field">Memo<input name="memo" maxLength={500} placeholder="where it goes, whom it is for" /></label>
        {kind?.file && <label className="field">File<input name="file" maxLength={120} placeholder={kind.file} /></label>}
        <label className="field">Shows the login<input name="user" maxLength={64} placeholder="a usual one" /></label>
        {kind?.target && <label className="field">{kind.needs === "domain" ? "Mail domain" : "Target"}<input name="target" maxLength={200} required={kind.needs === "domain"} title={kind.target} placeholder={kind.target} /></label>}
        <button disabled={deed.busy || !kind?.ready}>Make it</button>
      </form>
      {kind && (
        <dl className="facts">
          <dt>What it is</dt><dd>{kind.about}</dd>
          <dt>Fires with</dt><dd>{kind.fires}</dd>
          <dt>Silent with</dt><dd>{kind.silent}</dd>
          {kind.place && <><dt>Usually lies at</dt><dd className="mono">{kind.place}</dd></>}
          {!kind.ready && <><dt>Needs</dt><dd>{kind.needs === "base" ? "the setting canary.http-base" : "the setting canary.dns-zone"}</dd></>}
        </dl>
      )}
      {deed.error !== null && <Fault error={deed.error} />}
    </section>
  );
}
