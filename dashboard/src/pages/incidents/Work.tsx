import { type FormEvent } from "react";
import { type Body, call } from "../../api/client";
import { session } from "../../api/session";
import { Captured } from "../../kit/Captured";
import { Fault } from "../../kit/State";
import { clock } from "../../kit/time";
import { useDeed } from "../../kit/useDeed";

type Detail = Body["IncidentDetail"];

/** What analysts make of an incident, and its log. */
export function Work({ one }: { one: Detail }) {
  const deed = useDeed("/api/v1/incidents/{id}", "/api/v1/incidents");
  const who = session.get();
  const may = who?.role === "admin" || who?.role === "analyst";
  const change = (body: Body["IncidentUpdate"]) => deed.run(() => call("patch", "/api/v1/incidents/{id}", { path: { id: String(one.id) }, body }));
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    if (await change({ note: String(new FormData(form).get("note")) })) form.reset();
  };
  return (
    <section className="panel" aria-label="Work">
      <header>
        <h2>Work</h2>
        <span className="faint">{one.assignee ? `given to ${one.assignee}` : "given to nobody"}</span>
        <span className="spring" />
        {may && one.assignee !== who?.user && <button disabled={deed.busy} onClick={() => void change({ assignee: who?.user })}>Take it</button>}
        {may && one.assignee === who?.user && <button className="plain" disabled={deed.busy} onClick={() => void change({ assignee: "" })}>Give it back</button>}
        {may && one.state === "new" && <button className="primary" disabled={deed.busy} onClick={() => void change({ state: "acknowledged", assignee: one.assignee ?? who?.user })}>Acknowledge</button>}
        {may && one.state !== "closed" && <button disabled={deed.busy} onClick={() => void change({ state: "closed" })}>Close</button>}
        {may && one.state === "closed" && <button disabled={deed.busy} onClick={() => void change({ state: "new" })}>Open again</button>}
      </header>
      {deed.error !== null && <Fault error={deed.error} />}
      <ol className="timeline" aria-label="Log">
        {one.notes.map((note) => (
          <li key={note.id}>
            <span className="faint num">{clock(note.at)}</span>
            <span className="cut">{note.actor}</span>
            <span className="cut">{note.deed === "note" ? <Captured text={note.text} block /> : <span className="quiet">{note.deed}: {note.text || "nobody"}</span>}</span>
          </li>
        ))}
      </ol>
      {may && (
        <form className="line" aria-label="Write a note" onSubmit={(event) => void submit(event)}>
          <label className="field wide">Note<textarea name="note" rows={2} required maxLength={4000} /></label>
          <button disabled={deed.busy}>Note it</button>
        </form>
      )}
    </section>
  );
}
