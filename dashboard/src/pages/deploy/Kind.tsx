import { useQuery } from "../../api/queries";
import { Fault, Loading } from "../../kit/State";
import type { Wanted } from "./index";

const words = (text: string) => text.split(/[\s,]+/).filter(Boolean);

/** So many deckies of a kind of machine, or with services of one's own. */
export function Kind({ wanted, change }: { wanted: Wanted; change: (wanted: Wanted) => void }) {
  const archetypes = useQuery("/api/v1/archetypes", {});
  const services = useQuery("/api/v1/services", {});
  const distros = useQuery("/api/v1/distros", {});
  const error = archetypes.error ?? services.error ?? distros.error;
  if (error) return <Fault error={error} />;
  if (!archetypes.data || !services.data || !distros.data) return <Loading />;
  const archetype = archetypes.data.find((one) => one.slug === wanted.archetype);
  const toggle = (slug: string) => {
    const list = wanted.services ?? [];
    change({ ...wanted, services: list.includes(slug) ? list.filter((one) => one !== slug) : [...list, slug] });
  };
  return (
    <div className="body kind">
      <label className="field">How many<input type="number" min={1} max={10_000} value={wanted.deckies ?? 1} onChange={(event) => change({ ...wanted, deckies: Number(event.target.value) })} /></label>
      <label className="field">
        Kind of machine
        <select value={wanted.archetype ?? ""} onChange={(event) => change({ ...wanted, archetype: event.target.value || null })}>
          <option value="">as their services say</option>
          <option value="random">each another one</option>
          {archetypes.data.map((one) => <option key={one.slug} value={one.slug}>{one.name}</option>)}
        </select>
        {archetype && <small className="faint">{archetype.about}. Services: {archetype.services.join(", ") || "none yet"}{archetype.absent.length > 0 && `; not there yet: ${archetype.absent.join(", ")}`}</small>}
      </label>
      <label className="field">Distributions, taken in turn<input list="distros" value={(wanted.distros ?? []).join(" ")} placeholder="those of the kind" onChange={(event) => change({ ...wanted, distros: words(event.target.value) })} /><datalist id="distros">{distros.data.map((one) => <option key={one.slug} value={one.slug}>{one.name}</option>)}</datalist></label>
      <label className="field">Seed<input value={wanted.seed ?? ""} placeholder="by chance" onChange={(event) => change({ ...wanted, seed: event.target.value || null })} /></label>
      <fieldset className="field">
        <legend>Services, in place of those of the kind</legend>
        <div className="row wrap">
          {services.data.map((one) => <button key={one.slug} type="button" className="chip" aria-pressed={wanted.services?.includes(one.slug) ?? false} title={one.about} onClick={() => toggle(one.slug)}>{one.slug}</button>)}
        </div>
      </fieldset>
    </div>
  );
}
