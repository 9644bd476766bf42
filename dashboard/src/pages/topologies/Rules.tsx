import type { FormEvent } from "react";
import type { Rule } from "./document";
import { Fields } from "./Field";
import type { Editing } from "./Inspector";

const said = (rule: Rule) => `${rule.verdict} from ${rule.from === "*" ? "any LAN" : rule.from} to ${rule.to === "*" ? "any LAN" : rule.to}${rule.ports?.length ? `, ports ${rule.ports.join(" ")}` : ""}`;

/** Ports as people write them; nothing where one is none. */
export function ports(text: string): number[] | undefined {
  const all = text.split(/[\s,]+/).filter(Boolean).map(Number);
  return all.every((port) => Number.isInteger(port) && port > 0 && port < 65_536) ? all : undefined;
}

/** What passes from one network to another where a router joins them. */
export function Rules({ editing }: { editing: Editing }) {
  const { document, act } = editing;
  const rules = document.rules ?? [];
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (name: string) => String(given.get(name) ?? "");
    const list = ports(text("ports"));
    const field = form.elements.namedItem("ports") as HTMLInputElement;
    field.setCustomValidity(list ? "" : "numbers from 1 to 65535, with spaces between");
    if (!list) return void field.reportValidity();
    act?.([{ op: "set_rules", rules: [...rules, { from: text("from"), to: text("to"), verdict: text("verdict") === "allow" ? "allow" : "deny", ...(list.length ? { ports: list } : {}) }] }]);
    form.reset();
  };
  const lans = <><option value="*">any LAN</option>{document.lans.map((one) => <option key={one.name}>{one.name}</option>)}</>;
  return (
    <>
      <Fields title="Rules of the routers">
        <p className="quiet">{rules.length ? "Rules of the routers:" : "No rule: whatever routers join is open."}</p>
        {rules.map((rule, number) => (
          <div className="row" key={`${number} ${said(rule)}`}>
            <span>{number + 1}. {said(rule)}</span>
            <span className="spring" />
            {act && <button className="plain" aria-label={`Remove rule ${number + 1}`} onClick={() => act([{ op: "set_rules", rules: rules.filter((_, at) => at !== number) }])}>Remove</button>}
          </div>
        ))}
      </Fields>
      {act && (
        <form className="fields" aria-label="Add a rule" onSubmit={add}>
          <div className="row">
            <label className="field">From<select name="from">{lans}</select></label>
            <label className="field">To<select name="to">{lans}</select></label>
          </div>
          <div className="row">
            <label className="field">What<select name="verdict"><option value="allow">let through</option><option value="deny">drop</option></select></label>
            <label className="field">TCP ports<input name="ports" placeholder="all" onInput={(event) => event.currentTarget.setCustomValidity("")} /></label>
          </div>
          <button>Add the rule</button>
        </form>
      )}
    </>
  );
}
