import { useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { Empty, Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { clock, count } from "../../kit/time";
import { Thread } from "./Thread";

type Person = Body["Person"];
type Letter = Body["Letter"];

/** People of all domains, and what they write to each other. */
export default function People() {
  const people = useQuery("/api/v1/people", {});
  const [sender, setSender] = useState<string>();
  const [chosen, choose] = useState<Letter | null>(null);
  const query = sender === undefined ? { limit: 100 } : { limit: 100, sender };
  const letters = useQuery("/api/v1/letters", { query }, { live: 30_000 });
  const columns: Column<Person>[] = [
    { name: "Name", min: 130, grow: 1, show: (one) => <button aria-pressed={sender === one.account} onClick={() => setSender(sender === one.account ? undefined : one.account)}>{one.given} {one.family}</button> },
    { name: "Login", min: 90, rank: 2, show: (one) => <span className="mono">{one.account}</span> },
    { name: "Address", min: 150, grow: 2, rank: 3, show: (one) => <span className="mono">{one.address}</span> },
    { name: "Title", min: 130, grow: 1, rank: 1, show: (one) => one.title },
    { name: "Department", min: 90, rank: 4, show: (one) => one.department },
    { name: "Writes", min: 80, rank: 2, show: (one) => `${one.language}, ${one.style}` },
    { name: "Hours", min: 96, right: true, rank: 3, show: (one) => one.hours },
    { name: "Knows", min: 52, right: true, rank: 5, show: (one) => count(one.writes_to.length) },
  ];
  return (
    <div className="page">
      <div className="head">
        <h1>People</h1>
        {people.data && <p className="num">{count(people.data.length)} in directories and mailboxes</p>}
      </div>
      <section className="panel">
        <header><h2>Who there is</h2><span className="faint">made up; `decnet personas export` and `import` change them</span></header>
        {people.error && <Fault error={people.error} retry={() => void people.refetch()} />}
        {people.data && (people.data.length ? <Table whole label="People" columns={columns} rows={people.data} keyOf={(one) => `${one.domain}/${one.account}`} /> : <Empty icon="people" title="Nobody yet">People come with the first decky that has mail or a directory.</Empty>)}
      </section>
      <section className="panel">
        <header>
          <h2>What they write</h2>
          <span className="faint">{sender === undefined ? "latest 100, those of the next days too" : `of ${sender}`}</span>
        </header>
        {letters.error && <Fault error={letters.error} retry={() => void letters.refetch()} />}
        {letters.data && (letters.data.length ? <Table whole label="Letters" columns={LETTERS} rows={letters.data} keyOf={(one) => one.id} open={choose} selected={chosen?.id ?? null} /> : <Empty icon="list" title="Nothing is written yet">The worker emailgen writes once a decky has mailboxes.</Empty>)}
      </section>
      {chosen && <Thread key={chosen.id} of={chosen} close={() => choose(null)} />}
    </div>
  );
}

const LETTERS: Column<Letter>[] = [
  { name: "Sent", min: 120, show: (one) => <span className="num">{clock(one.at)}</span> },
  { name: "From", min: 90, rank: 1, show: (one) => <span className="mono">{one.sender}</span> },
  { name: "To", min: 110, grow: 1, rank: 2, show: (one) => <span className="mono">{one.recipients.join(", ")}</span> },
  { name: "Subject", min: 160, grow: 3, show: (one) => <Captured text={one.subject} /> },
  { name: "Language", min: 64, rank: 3, show: (one) => one.language },
  { name: "Words by", min: 72, right: true, rank: 4, show: (one) => one.origin },
];
