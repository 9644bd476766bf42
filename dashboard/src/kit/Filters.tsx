import { useNavigate, useSearch } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useQuery } from "../api/queries";
import { Icon } from "./Icon";

/** Conditions that lists know, by the names of the API's parameters. */
export type FilterName = "q" | "decky" | "service" | "kind" | "class" | "src_ip" | "session" | "since" | "until" | "secret_kind" | "recorded" | "probes" | "state" | "severity" | "stage" | "assignee" | "country" | "asn";
export type Query = Record<string, string>;

const LABEL: Record<FilterName, string> = {
  q: "text", decky: "decky", service: "service", kind: "kind", class: "at least", src_ip: "source", session: "session",
  since: "since", until: "until", secret_kind: "secret", recorded: "recorded", probes: "probes",
  state: "state", severity: "at least", stage: "came to", assignee: "assignee", country: "country", asn: "system",
};
const FIXED: Partial<Record<FilterName, [string, string][]>> = {
  class: [["scan", "scan"], ["interaction", "interaction"], ["evidence", "evidence"]],
  since: [["15m", "last 15 min"], ["1h", "last hour"], ["24h", "last day"], ["7d", "last 7 days"]],
  secret_kind: [["plaintext", "plaintext"], ["publickey", "public key"]],
  recorded: [["true", "with recording"]],
  probes: [["true", "our own probes too"]],
  state: [["new", "new"], ["acknowledged", "acknowledged"], ["closed", "closed"]],
  severity: [["low", "low"], ["medium", "medium"], ["high", "high"], ["critical", "critical"]],
  stage: [["scanned", "scanned"], ["tried-credentials", "tried credentials"], ["logged-in", "logged in"], ["executed-commands", "executed commands"], ["left-artefact", "left an artefact"]],
};

/** The conditions in the address that `names` allow, and a way to change them. */
export function useFilters(names: readonly FilterName[]): [Query, (change: Record<string, string | undefined>) => void] {
  const search = useSearch({ strict: false }) as Query;
  const navigate = useNavigate();
  const given = Object.fromEntries(names.flatMap((name) => (search[name] ? [[name, search[name]]] : []))) as Query;
  return [given, (change) => void navigate({ to: ".", search: { ...search, ...change } as never, replace: true })];
}

/** Search, selections, and a chip for each condition that holds. */
export function Filters({ names, extra }: { names: readonly FilterName[]; extra?: React.ReactNode }) {
  const [given, change] = useFilters(names);
  const [open, setOpen] = useState(false);
  const stats = useQuery("/api/v1/stats", {}).data;
  const options = (name: FilterName): [string, string][] => {
    const fixed = FIXED[name];
    if (fixed) return fixed;
    const field = name as "decky" | "service" | "kind";
    return [...new Set(stats?.tallies.map((tally) => tally[field]))].sort().map((value) => [value, value]);
  };
  const selects = names.filter((name) => !["q", "src_ip", "session", "until", "assignee", "country", "asn"].includes(name));
  return (
    <div className="filters" role="search">
      <Search names={names} given={given} change={change} />
      <button className="toggle" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Icon name="filter" /> Filter
      </button>
      <div className={open ? "more open" : "more"}>
        {selects.map((name) => (
          <select
            key={name}
            aria-label={LABEL[name]}
            value={given[name] ?? ""}
            onChange={(event) => change({ [name]: event.target.value || undefined })}
          >
            <option value="">{name === "probes" ? "without probes" : name === "class" ? "any class" : name === "severity" ? "any severity" : name === "stage" ? "any stage" : name === "since" ? "any time" : `any ${LABEL[name]}`}</option>
            {given[name] && !options(name).some(([value]) => value === given[name]) && <option>{given[name]}</option>}
            {options(name).map(([value, text]) => (
              <option key={value} value={value}>{text}</option>
            ))}
          </select>
        ))}
      </div>
      {extra}
      {Object.keys(given).length > 0 && (
        <div className="row" style={{ flexBasis: "100%" }}>
          {Object.entries(given).map(([name, value]) => (
            <button key={name} className="chip" aria-label={`Remove ${LABEL[name as FilterName]}`} onClick={() => change({ [name]: undefined })}>
              <span className="faint">{LABEL[name as FilterName]}</span>
              <bdi className="cut">{value}</bdi>
              <Icon name="close" />
            </button>
          ))}
          <button className="plain" onClick={() => change(Object.fromEntries(Object.keys(given).map((name) => [name, undefined])))}>
            Clear
          </button>
        </div>
      )}
    </div>
  );
}

/** One line: text, or `name:value`, taken over by Enter. */
function Search({ names, given, change }: { names: readonly FilterName[]; given: Query; change: (change: Record<string, string | undefined>) => void }) {
  const [text, setText] = useState(given.q ?? "");
  useEffect(() => setText(given.q ?? ""), [given.q]);
  const take = () => {
    const found: Record<string, string | undefined> = {};
    const rest = text.replace(/(?:^|\s)(\w+):(\S+)/g, (whole, name: string, value: string) => {
      const known = names.find((own) => own === name || LABEL[own] === name);
      if (!known || known === "q") return whole;
      found[known] = value;
      return "";
    });
    const free = rest.trim();
    if (names.includes("q")) found.q = free || undefined;
    else if (free && names.includes("src_ip")) found.src_ip = free;
    change(found);
    if (!names.includes("q")) setText("");
  };
  const hint = names.includes("q") ? "Search text, or decky:… service:… source:…" : "Source address, or decky:… service:…";
  return (
    <form
      className="search"
      onSubmit={(event) => {
        event.preventDefault();
        take();
      }}
    >
      <Icon name="search" />
      <input type="search" aria-label={hint} placeholder={hint} value={text} onChange={(event) => setText(event.target.value)} />
    </form>
  );
}
