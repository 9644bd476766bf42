import { type FormEvent } from "react";
import { call } from "../../api/client";
import { Fault } from "../../kit/State";
import { useDeed } from "../../kit/useDeed";
import type { Node } from "./Graph";
import { type Level, LEVELS } from "./level";

/** What an analyst says of an identity or campaign. It is remembered, and counts more than what is seen. */
export function Say({ level, id, members }: { level: Level; id: number; members: Node[] }) {
  const deed = useDeed("/api/v1/clusters/{level}/{id}", "/api/v1/clusters/{level}");
  const words = LEVELS[level];
  const say = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const kind = String(given.get("deed"));
    const other = Number(given.get("other") || 0);
    const leave = given.getAll("leave").map(String);
    const body = { deed: kind, cluster: id, other: kind === "merge" ? other : null, members: kind === "split" ? leave : [], reason: String(given.get("reason") ?? "") };
    if (await deed.run(() => call("post", "/api/v1/clusters/{level}/decisions", { path: { level }, body }))) form.reset();
  };
  return (
    <section className="panel" aria-label="Say otherwise">
      <header><h2>Say otherwise</h2><span className="faint">it is remembered, and can be taken back</span></header>
      <form className="line" aria-label="Say otherwise" onSubmit={(event) => void say(event)}>
        <label className="field">What<select name="deed"><option value="merge">is one with another</option><option value="split">some are not of it</option><option value="pin">is right as it is</option></select></label>
        <label className="field">The other {words.title.toLowerCase()}<input name="other" inputMode="numeric" pattern="[0-9]*" placeholder="number" /></label>
        <label className="field">Who leaves<select name="leave" multiple size={3}>{members.map((one) => <option key={one.number} value={level === "identities" ? one.name : String(one.number)}>{one.name}</option>)}</select></label>
        <label className="field">Why<input name="reason" maxLength={1000} /></label>
        <button disabled={deed.busy}>Say so</button>
      </form>
      {deed.error !== null && <Fault error={deed.error} />}
    </section>
  );
}
