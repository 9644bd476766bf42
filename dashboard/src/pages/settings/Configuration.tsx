import { useState } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { type Column, Table } from "../../kit/Table";

type Setting = Body["Setting"];
const COLUMNS: Column<Setting>[] = [
  { name: "Setting", min: 150, grow: 2, show: (one) => <span className="mono" title={one.variable}>{one.key}</span> },
  { name: "Value", min: 110, grow: 2, show: (one) => <span className="mono" title={one.value}>{one.value || "—"}</span> },
  { name: "From", min: 80, grow: 1, rank: 1, show: (one) => one.origin },
  { name: "What it does", min: 200, grow: 4, rank: 2, show: (one) => <span title={one.about}>{one.about}</span> },
];

/** What this host is set to, and where each value comes from. */
export function Configuration() {
  const settings = useQuery("/api/v1/config", {});
  const [sought, setSought] = useState("");
  if (settings.error) return <Fault error={settings.error} retry={() => void settings.refetch()} />;
  if (!settings.data) return <Loading />;
  const rows = settings.data.filter((one) => [one.key, one.value, one.about].join(" ").toLowerCase().includes(sought.toLowerCase()));
  return (
    <section className="panel">
      <header>
        <h2>Configuration</h2>
        <span className="faint">set in the configuration file or by environment variables</span>
      </header>
      <div className="filters line" role="search">
        <div className="search"><Icon name="search" /><input type="search" aria-label="Setting" placeholder="Setting" value={sought} onChange={(event) => setSought(event.target.value)} /></div>
      </div>
      <Table whole label="Configuration" columns={COLUMNS} rows={rows} keyOf={(one) => one.key} />
    </section>
  );
}
