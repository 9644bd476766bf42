import { useNavigate } from "@tanstack/react-router";
import { useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Empty, Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { ago, clock, count } from "../../kit/time";
import { type Level, LEVELS } from "./level";

type Cluster = Body["Cluster"];

/** Identities or campaigns, those active last first. */
export function ClusterList({ level }: { level: Level }) {
  const navigate = useNavigate();
  const [all, setAll] = useState(false);
  const words = LEVELS[level];
  const list = useQuery("/api/v1/clusters/{level}", { path: { level }, query: { members: all ? 1 : 2, limit: 500 } }, { live: 3000 });
  const columns: Column<Cluster>[] = [
    { name: words.title, min: 80, grow: 1, show: (one) => <span className="num">{one.id}</span> },
    { name: "Risk", min: 48, right: true, show: (one) => <span className={`chip ${one.risk >= 60 ? "evidence" : one.risk >= 30 ? "interaction" : "scan"}`}>{one.risk}</span> },
    { name: words.members, min: 80, right: true, grow: 1, show: (one) => count(one.members) },
    ...(level === "campaigns" ? [{ name: "Addresses", min: 72, right: true, grow: 1, rank: 2, show: (one: Cluster) => count(one.addresses) }] : []),
    { name: "Events", min: 64, right: true, grow: 1, rank: 1, show: (one) => count(one.events) },
    { name: "Last seen", min: 92, grow: 1, show: (one) => <span title={one.last_seen}>{ago(one.last_seen)}</span> },
    { name: "First seen", min: 96, grow: 1, rank: 3, show: (one) => <span className="num quiet">{clock(one.first_seen)}</span> },
  ];
  if (list.error) return <div className="page"><Fault error={list.error} retry={() => void list.refetch()} /></div>;
  if (!list.data) return <Loading />;
  return (
    <div className="page">
      <div className="head">
        <h1>{words.plural}</h1>
        <p>{words.about}</p>
        <span className="spring" />
        <button aria-pressed={all} onClick={() => setAll(!all)}>{all ? "All" : words.several}</button>
      </div>
      {list.data.length
        ? <Table whole label={words.plural} columns={columns} rows={list.data} keyOf={(one) => String(one.id)} open={(one) => void navigate({ to: `/${level}/${one.id}` })} />
        : <Empty icon="target" title={words.none}>{words.hint}</Empty>}
    </div>
  );
}
