import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import { Fault } from "../../kit/State";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

/** Labels as KEY=VALUE, separated by spaces. */
const labels = (text: string) => Object.fromEntries(text.split(/\s+/).filter(Boolean).map((one) => [one.split("=")[0], one.slice(one.indexOf("=") + 1)]));

/** How another host joins: a command, shown once. */
export function Invite() {
  const deed = useDeed("/api/v1/swarm/hosts");
  const [made, setMade] = useState<Body["Invitation"] | null>(null);
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const text = (name: string) => String(given.get(name) ?? "").trim();
    const capacity = text("capacity");
    const body = { name: text("name"), address: text("address") || null, labels: labels(text("labels")), capacity: capacity ? Number(capacity) : null };
    setMade(null);
    await deed.run(async () => setMade(await call("post", "/api/v1/swarm/enroll", { body })));
  };
  return (
    <section className="panel">
      <header><h2>Invite a host</h2><span className="faint">its key is made there and never leaves it</span></header>
      <form className="line" aria-label="Invite a host" onSubmit={(event) => void submit(event)}>
        <label className="field">Name<input name="name" required maxLength={40} pattern="[a-z0-9]([a-z0-9\-]*[a-z0-9])?" autoComplete="off" placeholder="berlin-1" /></label>
        <label className="field">Labels<input name="labels" maxLength={256} placeholder="site=berlin" /></label>
        <label className="field">Most deckies<input name="capacity" type="number" min={1} placeholder="any" /></label>
        <label className="field">Reaches us at<input name="address" maxLength={253} placeholder="as you do" /></label>
        <button disabled={deed.busy}>Make the command</button>
      </form>
      {deed.error !== null && <Fault error={deed.error} />}
      {made && (
        <div className="body">
          <p>Run this on the host as root, with <code>--interface IF</code> for deckies on its segment. It works once, until {clock(made.expires_at)}.</p>
          <pre aria-label="Command">{made.command}</pre>
        </div>
      )}
    </section>
  );
}
