import type { FormEvent } from "react";
import type { Body } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import type { Chosen, Finding } from "./Canvas";
import type { Change } from "./change";
import { DeckyFields } from "./DeckyFields";
import { bridged, type Document, homes } from "./document";
import { Field, Fields } from "./Field";
import { Rules } from "./Rules";

export interface Editing {
  document: Document;
  /** Whether it is deployed: then some things stay. */
  live: boolean;
  /** Absent: nothing can be changed. */
  act?: ((changes: Change[], then?: Chosen | null) => void) | undefined;
}

/** What can be told and changed of what is chosen; of nothing, what concerns the whole. */
export function Inspector({ editing, chosen, choose, found }: { editing: Editing; chosen: Chosen | null; choose: (chosen: Chosen | null) => void; found: Map<string, Finding[]> }) {
  const { document } = editing;
  const lan = chosen?.kind === "lan" ? document.lans.find((one) => one.name === chosen.name) : undefined;
  const decky = chosen?.kind === "decky" ? document.deckies.find((one) => one.name === chosen.name) : undefined;
  const name = lan?.name ?? decky?.name;
  return (
    <aside aria-label="What is chosen" tabIndex={0}>
      {name !== undefined && <Findings found={found.get(name) ?? []} />}
      {lan ? <LanFields key={lan.name} editing={editing} name={lan.name} choose={choose} /> : decky ? <DeckyFields key={decky.name} editing={editing} decky={decky} choose={choose} /> : <Whole editing={editing} choose={choose} found={found} />}
    </aside>
  );
}

function Findings({ found }: { found: Finding[] }) {
  return found.length === 0 ? null : (
    <div className="fields" role="status">
      {found.map((one) => <p key={one.code + one.detail} className={one.warning ? "warn" : "bad"}><span className="mono">{one.code}</span> <Captured text={one.detail} /></p>)}
    </div>
  );
}

function Whole({ editing, choose, found }: { editing: Editing; choose: (chosen: Chosen) => void; found: Map<string, Finding[]> }) {
  const { document, act } = editing;
  // What is about a rule or the whole has no node.
  const nodes = new Set([...document.lans, ...document.deckies].map((one) => one.name));
  const others = [...found].flatMap(([subject, all]) => (nodes.has(subject) ? [] : all.map((one) => ({ ...one, detail: `${subject} ${one.detail}`.trim() }))));
  const add = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const name = String(given.get("name") ?? "").trim();
    const subnet = String(given.get("subnet") ?? "").trim();
    act?.([{ op: "add_lan", name, ...(subnet ? { subnet } : {}) }], { kind: "lan", name });
  };
  return (
    <>
      <Findings found={others} />
      {act && (
        <form className="fields" aria-label="Add a LAN" onSubmit={add}>
          <div className="row">
            <label className="field">New LAN<input name="name" required maxLength={23} autoComplete="off" /></label>
            <label className="field">Network<input name="subnet" placeholder="the next free one" autoComplete="off" /></label>
          </div>
          <button>Add the LAN</button>
        </form>
      )}
      <Find document={document} choose={choose} />
      <Rules editing={editing} />
      <div className="fields faint">
        <p>Dots: ● inside, ○ ringed in front, ◆ bridge, ■ router. A drag moves a LAN; a decky that is dragged onto a LAN joins it.</p>
        <p>Keys: arrows choose, Alt and arrows move a LAN, + − 0 zoom, Delete removes, Ctrl Z takes back.</p>
      </div>
    </>
  );
}

/** Everything by name, for who does not want to look for it. */
function Find({ document, choose }: { document: Document; choose: (chosen: Chosen) => void }) {
  const all = homes(document);
  return (
    <Fields title="Choose by name">
      <label className="field">Choose by name
        <select
          value="" onChange={(event) => {
            const [kind, name] = event.target.value.split(" ");
            if (name && (kind === "lan" || kind === "decky")) choose({ kind, name });
          }}
        >
          <option value="">{document.lans.length} LANs, {document.deckies.length} deckies</option>
          {document.lans.map((lan) => (
            <optgroup key={lan.name} label={lan.name}>
              <option value={`lan ${lan.name}`}>{lan.name} itself</option>
              {all.get(lan.name)?.map((one) => <option key={one.name} value={`decky ${one.name}`}>{one.name}</option>)}
            </optgroup>
          ))}
        </select>
      </label>
    </Fields>
  );
}

function LanFields({ editing, name, choose }: { editing: Editing; name: string; choose: (chosen: Chosen | null) => void }) {
  const { document, live, act } = editing;
  const lan = document.lans.find((one) => one.name === name);
  if (!lan) return null;
  const own = homes(document).get(name) ?? [];
  const bridges = document.deckies.filter((one) => bridged(document, one.name).includes(name));
  const put = (patch: Partial<Extract<Change, { op: "update_lan" }>>) => act?.([{ op: "update_lan", name, ...patch }], { kind: "lan", name: patch.rename ?? name });
  const dmz = () => act?.(document.lans.flatMap((one): Change[] => (one.name === name ? [{ op: "update_lan", name, dmz: true }] : one.dmz ? [{ op: "update_lan", name: one.name, dmz: false }] : [])));
  return (
    <>
      <h3>LAN {name}</h3>
      <Fields title={`LAN ${name}`}>
        <Field label="Name" value={name} disabled={!act} commit={(rename) => put({ rename })} />
        <Field label="Network" value={lan.subnet} disabled={!act || live} commit={(subnet) => put({ subnet })} />
        <label><input type="radio" checked={Boolean(lan.dmz)} disabled={!act || live} onChange={dmz} /> the DMZ: its deckies may stand on the segment</label>
        {live && <p className="faint">It is deployed: its network stays.</p>}
      </Fields>
      {act && <NewDecky editing={editing} lan={name} />}
      <Fields title="Who leads here">
        <p className="quiet">{own.length} deckies have their home here. {bridges.length ? "From elsewhere lead here:" : lan.dmz ? "" : "Nobody leads here yet: join a decky of another LAN."}</p>
        {bridges.map((one) => (
          <div className="row" key={one.name}>
            <button className="plain" onClick={() => choose({ kind: "decky", name: one.name })}>{one.name}</button>
            <span className="spring" />
            {act && <button className="plain" aria-label={`Take ${one.name} out of ${name}`} onClick={() => act([{ op: "detach_decky", decky: one.name, lan: name }])}>Take out</button>}
          </div>
        ))}
      </Fields>
      {act && (
        <Fields title="Remove">
          <button className="danger" disabled={own.length > 0} title={own.length ? "Deckies have their home here" : undefined} onClick={() => act([{ op: "remove_lan", name }], null)}>Remove the LAN</button>
        </Fields>
      )}
    </>
  );
}

/** The next name of a kind that nobody has. */
function free(document: Document, kind: string): string {
  const names = new Set(document.deckies.map((one) => one.name));
  let number = 1;
  while (names.has(`${kind}-${number}`)) number += 1;
  return `${kind}-${number}`;
}

function NewDecky({ editing, lan }: { editing: Editing; lan: string }) {
  const archetypes = useQuery("/api/v1/archetypes", {});
  const { document, act } = editing;
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const given = new FormData(event.currentTarget);
    const kind = archetypes.data?.find((one) => one.slug === given.get("kind"));
    const name = String(given.get("name") ?? "").trim();
    const many = Math.min(Math.max(Number(given.get("many")) || 1, 1), 100);
    const changes: Change[] = [];
    for (let number = 0, taken = { ...document }; number < many; number += 1) {
      const own = name ? (many > 1 ? `${name}-${number + 1}` : name) : free(taken, (kind?.slug ?? "decky").slice(0, 18));
      taken = { ...taken, deckies: [...taken.deckies, { name: own, system: "", services: [], ips: {} }] };
      changes.push({ op: "add_decky", name: own, lan, ...made(kind) });
    }
    act?.(changes);
    event.currentTarget.reset();
  };
  return (
    <form className="fields" aria-label={`Add deckies to ${lan}`} onSubmit={submit}>
      <div className="row">
        <label className="field">New decky<input name="name" maxLength={23} placeholder="named by its kind" autoComplete="off" /></label>
        <label className="field">How many<input name="many" type="number" min={1} max={100} defaultValue={1} /></label>
      </div>
      <label className="field">Kind of machine
        <select name="kind">
          <option value="">with ssh, on Debian</option>
          {archetypes.data?.map((one) => <option key={one.slug} value={one.slug}>{one.name}</option>)}
        </select>
      </label>
      <button>Add to {lan}</button>
    </form>
  );
}

const made = (kind: Body["Archetype"] | undefined) => ({
  system: kind?.systems[0] ?? "debian12",
  services: (kind?.services ?? ["ssh"]).map((slug) => ({ slug })),
  ...(kind ? { archetype: kind.slug } : {}),
});
