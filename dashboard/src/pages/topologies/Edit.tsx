import { type FormEvent, useState } from "react";
import { type Body, call } from "../../api/client";
import type { useOperation } from "../../api/operations";
import { useQuery } from "../../api/queries";
import type { Document } from "./document";

type Field = "name" | "lan" | "decky" | "services" | "subnet" | "forwards";
/** What can be changed, and what has to be said for it. */
const OPS: { op: string; title: string; fields: Field[] }[] = [
  { op: "add_lan", title: "Add a LAN", fields: ["name", "subnet"] },
  { op: "remove_lan", title: "Remove a LAN", fields: ["lan"] },
  { op: "add_decky", title: "Add a decky", fields: ["name", "lan", "services"] },
  { op: "remove_decky", title: "Remove a decky", fields: ["decky"] },
  { op: "attach_decky", title: "Join a decky to a LAN", fields: ["decky", "lan", "forwards"] },
  { op: "detach_decky", title: "Take a decky out of a LAN", fields: ["decky", "lan"] },
];

/** One change of a topology, made for the version that is shown: refused where somebody else was faster. */
export function Edit({ name, version, document, work }: { name: string; version: number; document: Document; work: ReturnType<typeof useOperation> }) {
  const [op, choose] = useState("add_lan");
  const services = useQuery("/api/v1/services", {});
  const fields = OPS.find((one) => one.op === op)?.fields ?? [];
  const submit = async (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const form = event.currentTarget;
    const given = new FormData(form);
    const text = (field: string) => String(given.get(field) ?? "").trim();
    const named = op === "remove_lan" ? { name: text("lan") } : {};
    const said = Object.fromEntries(fields.filter((field) => op !== "remove_lan" || field !== "lan").map((field) => {
      if (field === "services") return [field, given.getAll(field).map((slug) => ({ slug }))];
      if (field === "forwards") return [field, given.get(field) === "on"];
      return [field, text(field)];
    }).filter(([, value]) => value !== ""));
    const body: Body["WantedChange"] = { op, payload: { ...said, ...named }, expected_version: version };
    const done = await work.ask(() => call("post", "/api/v1/topologies/{name}/mutate", { path: { name }, body }));
    if (done?.state === "done") form.reset();
  };
  return (
    <section className="panel">
      <header><h2>Change it</h2><span className="faint">checked as a whole; what does not change is not touched</span></header>
      <form className="line" aria-label="Change the topology" onSubmit={(event) => void submit(event)}>
        <label className="field">What<select value={op} onChange={(event) => choose(event.target.value)}>{OPS.map((one) => <option key={one.op} value={one.op}>{one.title}</option>)}</select></label>
        {fields.includes("name") && <label className="field">Name<input name="name" required maxLength={23} /></label>}
        {fields.includes("decky") && <label className="field">Decky<select name="decky">{document.deckies.map((one) => <option key={one.name}>{one.name}</option>)}</select></label>}
        {fields.includes("lan") && <label className="field">LAN<select name="lan">{document.lans.map((one) => <option key={one.name}>{one.name}</option>)}</select></label>}
        {fields.includes("subnet") && <label className="field">Network<input name="subnet" placeholder="the next free one" /></label>}
        {fields.includes("services") && <label className="field">Services<select name="services" multiple required size={3} defaultValue={["ssh"]}>{services.data?.map((one) => <option key={one.slug}>{one.slug}</option>)}</select></label>}
        {fields.includes("forwards") && <label className="field">As a router<input name="forwards" type="checkbox" /></label>}
        <button disabled={work.busy}>Do it</button>
      </form>
    </section>
  );
}
