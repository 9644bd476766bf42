import { Link } from "@tanstack/react-router";
import type { Body } from "../../api/client";
import { useDeed } from "../../kit/useDeed";
import { call } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { Fault } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";
import { fitting, labels } from "./seats";

type Host = Body["SwarmHost"];
export type On = Record<string, string>;

/** Which hosts of the swarm get deckies: those with the labels that are asked for, each by its weight and capacity. */
export function Where({ hosts, on, change }: { hosts: Host[]; on: On; change: (on: On) => void }) {
  const deed = useDeed("/api/v1/swarm/hosts");
  const rows = fitting(hosts, on);
  const set = (key: string, value: string) => {
    const { [key]: _, ...others } = on;
    change(value ? { ...others, [key]: value } : others);
  };
  const put = (host: Host, body: Body["HostChange"]) => void deed.run(() => call("patch", "/api/v1/swarm/hosts/{id}", { path: { id: host.id }, body }));
  return (
    <div role="group" aria-label="Hosts">
      <div className="line">
        {labels(hosts).map(([key, values]) => (
          <label className="field" key={key}>{key}
            <select value={on[key] ?? ""} onChange={(event) => set(key, event.target.value)}>
              <option value="">any</option>
              {values.map((value) => <option key={value}>{value}</option>)}
            </select>
          </label>
        ))}
        <span className="faint">{rows.length ? `${rows.length} of ${hosts.length} hosts may get deckies` : "No host has these labels and takes deckies."} <Link to="/hosts">Hosts</Link></span>
      </div>
      {deed.error !== null && <Fault error={deed.error} />}
      <Table whole label="Hosts that get deckies" columns={columns(deed.busy, put)} rows={rows} keyOf={(one) => one.id} />
    </div>
  );
}

function columns(busy: boolean, put: (host: Host, body: Body["HostChange"]) => void): Column<Host>[] {
  // Zero takes a capacity back; a weight is 1 at least.
  const number = (host: Host, field: "weight" | "capacity", least: number) => (
    <input
      key={`${host.id} ${field} ${host[field] ?? ""}`} type="number" min={least} max={field === "weight" ? 1000 : 100_000} aria-label={`${field} of ${host.name}`} disabled={busy}
      defaultValue={host[field] ?? ""} placeholder="any" style={{ width: 72 }}
      onBlur={(event) => {
        const value = Number(event.target.value || 0);
        if (event.target.checkValidity() && value >= least && value !== (host[field] ?? 0)) put(host, { [field]: value });
      }}
    />
  );
  return [
    { name: "Host", min: 100, grow: 1, show: (one) => one.name },
    { name: "State", min: 84, rank: 1, show: (one) => <span className={one.state === "active" ? "chip good" : "chip warn"}>{one.state}</span> },
    { name: "Network", min: 120, grow: 1, rank: 3, show: (one) => <span className="mono">{one.network ?? "—"}</span> },
    { name: "Labels", min: 100, grow: 1, rank: 4, show: (one) => Object.entries(one.labels).map(([key, value]) => `${key}=${value}`).join(" ") },
    { name: "Now", min: 60, right: true, rank: 2, show: (one) => <span className="num">{one.deckies_running}/{one.deckies_wanted}</span> },
    { name: "Weight", min: 84, right: true, show: (one) => number(one, "weight", 1) },
    { name: "Most", min: 84, right: true, show: (one) => number(one, "capacity", 0) },
    { name: "Trouble", min: 90, grow: 1, rank: 5, show: (one) => (one.trouble ? <Captured text={one.trouble} /> : null) },
  ];
}
