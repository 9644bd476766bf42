import { useMemo } from "react";
import { useQuery } from "../../api/queries";
import type { Chosen } from "./Canvas";
import type { Change } from "./change";
import { bridged, type Decky, homeOf, routes, type Service } from "./document";
import { Field, Fields } from "./Field";
import type { Editing } from "./Inspector";

type Patch = Partial<Extract<Change, { op: "update_decky" }>>;

/** What can be told and changed of a decky. */
export function DeckyFields({ editing, decky, choose }: { editing: Editing; decky: Decky; choose: (chosen: Chosen | null) => void }) {
  const { document, live, act } = editing;
  const { name } = decky;
  const systems = useSystems(decky.system);
  const home = homeOf(document, name);
  const others = bridged(document, name);
  const router = routes(document, name);
  const put = (patch: Patch) => act?.([{ op: "update_decky", decky: name, ...patch }], { kind: "decky", name: patch.rename ?? name });
  const inDmz = document.lans.find((one) => one.name === home)?.dmz === true;
  const free = document.lans.filter((one) => one.name !== home && !others.includes(one.name));
  return (
    <>
      <h3>Decky {name}</h3>
      <Fields title={`Decky ${name}`}>
        <Field label="Name" value={name} disabled={!act || live} commit={(rename) => put({ rename })} />
        <label className="field">System
          <select value={decky.system} disabled={!act || live} onChange={(event) => put({ system: event.target.value })}>
            {systems.map((one) => <option key={one}>{one}</option>)}
          </select>
        </label>
        <label><input type="checkbox" checked={Boolean(decky.front)} disabled={!act || (!inDmz && !decky.front)} onChange={(event) => put({ front: event.target.checked })} /> stands in front, where attackers come from</label>
        <label><input type="checkbox" checked={router} disabled={!act || (!router && others.length === 0)} onChange={(event) => put({ forwards: event.target.checked, ...(live ? { force: true } : {}) })} /> forwards packets between its LANs as a router</label>
        {live && <p className="faint">It is deployed: its name, its system and its addresses stay. Connections through it break where it begins or ends to forward.</p>}
      </Fields>
      <Services editing={editing} decky={decky} put={put} />
      <Fields title="Addresses">
        {[...(home === undefined ? [] : [home]), ...others].map((lan) => (
          <div className="row" key={lan}>
            <Field label={lan === home ? `Address in ${lan}, its home` : `Address in ${lan}`} value={decky.ips[lan] ?? ""} disabled={!act || live} commit={(ip) => put({ ips: { [lan]: ip } })} />
            {act && lan !== home && <button className="plain" aria-label={`Take ${name} out of ${lan}`} onClick={() => act([{ op: "detach_decky", decky: name, lan }])}>Take out</button>}
          </div>
        ))}
        {act && free.length > 0 && (
          <label className="field">Join it to
            <select value="" onChange={(event) => event.target.value && act([{ op: "attach_decky", decky: name, lan: event.target.value, forwards: router }])}>
              <option value="">another LAN…</option>
              {free.map((one) => <option key={one.name}>{one.name}</option>)}
            </select>
          </label>
        )}
      </Fields>
      <Fields title="Its LAN">
        {home !== undefined && <button className="plain" onClick={() => choose({ kind: "lan", name: home })}>To its LAN {home}</button>}
        {act && <button className="danger" onClick={() => act([{ op: "remove_decky", decky: name }], home === undefined ? null : { kind: "lan", name: home })}>Remove the decky</button>}
      </Fields>
    </>
  );
}

/** Systems that something can be asked for with, and the one that is. */
function useSystems(own: string): string[] {
  const distros = useQuery("/api/v1/distros", {}).data;
  const archetypes = useQuery("/api/v1/archetypes", {}).data;
  return useMemo(() => {
    const all = [...(distros ?? []).map((one) => one.system), ...(archetypes ?? []).flatMap((one) => one.systems), own];
    return [...new Set(all)].sort();
  }, [distros, archetypes, own]);
}

function Services({ editing, decky, put }: { editing: Editing; decky: Decky; put: (patch: Patch) => void }) {
  const known = useQuery("/api/v1/services", {}).data;
  const may = editing.act !== undefined;
  const others = known?.filter((one) => !decky.services.some((service) => service.slug === one.slug)) ?? [];
  const set = (service: Service, key: string, value: string) => {
    const { [key]: _, ...rest } = service.settings ?? {};
    const settings = value ? { ...rest, [key]: value } : rest;
    put({ services: decky.services.map((one) => (one === service ? { slug: one.slug, settings } : one)) });
  };
  return (
    <Fields title={`Services of ${decky.name}`}>
      {decky.services.length === 0 && <p className="quiet">It serves nothing.</p>}
      {decky.services.map((service) => {
        const about = known?.find((one) => one.slug === service.slug);
        return (
          <details key={service.slug}>
            <summary>{service.slug} <span className="faint">{Object.keys(service.settings ?? {}).length ? "set" : ""}</span></summary>
            {about?.settings.map((one) => <Field key={one.key} label={one.key} value={service.settings?.[one.key] ?? ""} placeholder={one.default || "as the persona has it"} disabled={!may} commit={(value) => set(service, one.key, value)} />)}
            {about && about.settings.length === 0 && <p className="faint">There is nothing to set.</p>}
            {may && <button className="plain" aria-label={`Take ${service.slug} from ${decky.name}`} onClick={() => put({ services: decky.services.filter((one) => one !== service) })}>Remove</button>}
          </details>
        );
      })}
      {may && (
        <label className="field">Add a service
          <select value="" onChange={(event) => event.target.value && put({ services: [...decky.services, { slug: event.target.value }] })}>
            <option value="">{others.length} others…</option>
            {others.map((one) => <option key={one.slug} value={one.slug}>{one.slug}: {one.about}</option>)}
          </select>
        </label>
      )}
    </Fields>
  );
}
