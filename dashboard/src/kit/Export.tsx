import { type Readable, send } from "../api/client";
import { save } from "./export";
import { Fault } from "./State";
import { useDeed } from "./useDeed";

interface Form {
  name: string;
  path: Readable;
  parts?: Record<string, string>;
  file: string;
}

/** The forms in which what is known leaves for other systems. */
const FORMS: Form[] = [
  { name: "STIX 2.1 bundle", path: "/api/v1/export/stix", file: "decnet.stix.json" },
  { name: "MISP events", path: "/api/v1/export/misp", file: "decnet.misp.json" },
  { name: "Blocklist, CSV", path: "/api/v1/export/blocklist/{format}", parts: { format: "csv" }, file: "decnet-blocklist.csv" },
  { name: "Blocklist, JSON", path: "/api/v1/export/blocklist/{format}", parts: { format: "json" }, file: "decnet-blocklist.json" },
  { name: "Blocklist, one address a line", path: "/api/v1/export/blocklist/{format}", parts: { format: "plain" }, file: "decnet-blocklist.txt" },
];

/** Hands what is known of attackers to the browser, in the form that is chosen; `since` as the list beside it. */
export function Export({ since }: { since: string | undefined }) {
  const deed = useDeed();
  const take = (form: Form) =>
    deed.run(async () => {
      const answer = await send("GET", form.path, { path: form.parts ?? {}, query: { since } });
      save(form.file, answer.headers.get("Content-Type") ?? "", await answer.blob());
    });
  return (
    <>
      {deed.error !== null && <Fault error={deed.error} />}
      <select aria-label="Export" className="small" value="" disabled={deed.busy} onChange={(event) => {
        const form = FORMS.find((one) => one.name === event.target.value);
        if (form) void take(form);
      }}>
        <option value="">{deed.busy ? "Exporting…" : "Export…"}</option>
        {FORMS.map((form) => <option key={form.name} value={form.name}>{form.name}</option>)}
      </select>
    </>
  );
}
