import { type FormEvent } from "react";
import { type Body, call } from "../../api/client";
import { useQuery } from "../../api/queries";
import { session } from "../../api/session";
import { Empty, Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { type Column, Table } from "../../kit/Table";
import { useDeed } from "../../kit/useDeed";
import { Severity } from "../incidents/columns";

type Rule = Body["AlertRule"];
const FORMATS = ["json", "slack", "mattermost", "teams", "discord", "ntfy", "ecs", "cef"] as const;
const SEVERITIES = ["info", "low", "medium", "high", "critical"] as const;

/** Where messages go, and of which incidents. Only administrators change that. */
export function Rules() {
  const rules = useQuery("/api/v1/alerts/rules", {});
  const deed = useDeed("/api/v1/alerts/rules", "/api/v1/alerts/deliveries");
  const admin = session.get()?.role === "admin";
  const put = (name: string, body: Body["RuleRequest"]) => deed.run(() => call("put", "/api/v1/alerts/rules/{name}", { path: { name }, body }));
  const columns: Column<Rule>[] = [
    { name: "Name", min: 90, grow: 1, show: (one) => one.name },
    { name: "Tells", min: 130, grow: 3, show: (one) => <span className="mono">{one.target}</span> },
    { name: "Format", min: 70, rank: 3, show: (one) => one.format },
    { name: "Signed", min: 50, rank: 5, show: (one) => (one.signed ? "yes" : "no") },
    { name: "At least", min: 72, rank: 1, show: (one) => <Severity name={one.severity} /> },
    { name: "Only", min: 80, grow: 1, rank: 4, show: (one) => [one.decky, one.service, one.network].filter(Boolean).join(" ") || <span className="faint">everything</span> },
    { name: "Quiet", min: 90, rank: 6, show: (one) => one.quiet ?? <span className="faint">never</span> },
    { name: "An hour", min: 52, right: true, rank: 5, show: (one) => one.per_hour },
    ...(admin ? actions() : []),
  ];
  function actions(): Column<Rule>[] {
    return [
      { name: "", min: 54, right: true, show: (one) => <button className="plain" disabled={deed.busy} aria-label={`Test ${one.name}`} onClick={() => void deed.run(() => call("post", "/api/v1/alerts/rules/{name}/test", { path: { name: one.name } }))}>Test</button> },
      { name: "", min: 62, right: true, rank: 2, show: (one) => <button className="plain" disabled={deed.busy} aria-label={`${one.enabled ? "Stop" : "Use"} ${one.name}`} onClick={() => void put(one.name, { enabled: !one.enabled })}>{one.enabled ? "Stop" : "Use"}</button> },
      { name: "", min: 74, right: true, rank: 2, show: (one) => <Sure busy={deed.busy} label={`Remove ${one.name}`} act={() => void deed.run(() => call("delete", "/api/v1/alerts/rules/{name}", { path: { name: one.name } }))}>Remove</Sure> },
    ];
  }
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "");
    const body = { target: text("target"), secret: text("secret"), format: text("format"), severity: text("severity"), network: text("network"), quiet: text("quiet"), per_hour: Number(text("per_hour")) };
    if (await put(text("name"), body)) form.reset();
  };
  return (
    <section className="panel">
      <header><h2>Rules</h2><span className="faint">each incident is told once for every stage it comes to</span></header>
      {admin && (
        <form className="line" aria-label="Make a rule" onSubmit={(event) => void submit(event)}>
          <label className="field">Name<input name="name" required maxLength={64} pattern="[A-Za-z0-9._\-]+" autoComplete="off" /></label>
          <label className="field">Target<input name="target" required maxLength={2048} placeholder="an address of HTTPS, syslog+udp://…, smtps://user@host/to" autoComplete="off" /></label>
          <label className="field">Signed with<input name="secret" type="password" maxLength={256} placeholder="nothing" autoComplete="new-password" /></label>
          <label className="field">Format<select name="format">{FORMATS.map((name) => <option key={name}>{name}</option>)}</select></label>
          <label className="field">At least<select name="severity" defaultValue="medium">{SEVERITIES.map((name) => <option key={name}>{name}</option>)}</select></label>
          <label className="field">Only from<input name="network" maxLength={64} placeholder="any address" /></label>
          <label className="field">Quiet (UTC)<input name="quiet" maxLength={11} placeholder="22:00-06:30" /></label>
          <label className="field">An hour<input name="per_hour" type="number" min={1} max={10000} defaultValue={20} required /></label>
          <button disabled={deed.busy}>Make a rule</button>
        </form>
      )}
      {deed.error !== null && <Fault error={deed.error} />}
      {rules.error && <Fault error={rules.error} retry={() => void rules.refetch()} />}
      {rules.data && (rules.data.length ? <Table whole label="Rules" columns={columns} rows={rules.data} keyOf={(one) => one.name} /> : <Empty icon="bell" title="Nobody is told">A rule says where messages go.</Empty>)}
    </section>
  );
}
