import { useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { clock } from "../../kit/time";

type Letter = Body["Letter"];

/** A thread from its first mail to its last; each opens as it is sent. */
export function Thread({ of, close }: { of: Letter; close: () => void }) {
  const thread = useQuery("/api/v1/letters", { query: { thread: of.thread, limit: 500 } });
  const [open, setOpen] = useState(of.id);
  const letters = [...(thread.data ?? [])].sort((a, b) => a.at.localeCompare(b.at));
  const now = new Date().toISOString();
  return (
    <section className="panel" aria-label="Thread">
      <header>
        <h2 className="cut"><Captured text={of.subject} /></h2>
        <span className="faint">{letters.length} mails of {of.domain}</span>
        <span className="spring" />
        <button className="plain icon" aria-label="Close the thread" onClick={close}><Icon name="close" /></button>
      </header>
      {thread.error && <Fault error={thread.error} retry={() => void thread.refetch()} />}
      {thread.isLoading && <Loading />}
      <ol className="mails">
        {letters.map((one) => (
          <li key={one.id}>
            <button className="plain" aria-expanded={open === one.id} onClick={() => setOpen(open === one.id ? "" : one.id)}>
              <span className="num">{clock(one.at)}</span> <span className="mono cut">{one.sender} to {one.recipients.join(", ")}</span>
              {one.at > now && <span className="chip warn">to come</span>}
            </button>
            {open === one.id && <Mail id={one.id} />}
          </li>
        ))}
      </ol>
    </section>
  );
}

function Mail({ id }: { id: string }) {
  const letter = useQuery("/api/v1/letters/{id}", { path: { id } });
  if (letter.error) return <Fault error={letter.error} retry={() => void letter.refetch()} />;
  return letter.data ? <div className="body"><Captured text={letter.data.content} block /></div> : <Loading />;
}
