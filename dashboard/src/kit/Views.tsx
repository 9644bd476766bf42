import { type FormEvent, useState } from "react";
import { session } from "../api/session";
import { type FilterName, useFilters } from "./Filters";
import { Icon } from "./Icon";
import { change, LONGEST, put, read, shown, type View } from "./saved-views";

/** Saved views of a list: the conditions that hold, under a name. Each operator of this browser has his own. */
export function Views({ list, names }: { list: string; names: readonly FilterName[] }) {
  const place = `decnet.views.${list}.${session.get()?.user ?? ""}`;
  const [views, setViews] = useState(() => read(localStorage.getItem(place), names));
  const [query, filter] = useFilters(names);
  const [naming, setNaming] = useState(false);
  const current = shown(views, query);
  const keep = (changed: View[]) => {
    localStorage.setItem(place, JSON.stringify(changed));
    setViews(changed);
  };
  const save = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    const name = String(new FormData(event.currentTarget).get("name") ?? "").trim();
    if (name) keep(put(views, name, query));
    setNaming(false);
  };
  const choose = (name: string) => {
    const view = views.find((one) => one.name === name);
    if (view) filter(change(view, names));
  };
  if (naming) {
    return (
      <form className="row" aria-label="Save this view" onSubmit={save}>
        <input name="name" aria-label="Name of the view" placeholder="Name" required maxLength={LONGEST} autoComplete="off" autoFocus />
        <button type="submit">Save</button>
        <button type="button" className="plain" onClick={() => setNaming(false)}>Cancel</button>
      </form>
    );
  }
  return (
    <>
      {views.length > 0 && (
        <select aria-label="Saved views" value={current?.name ?? ""} onChange={(event) => choose(event.target.value)}>
          <option value="">Saved views</option>
          {views.map((view) => <option key={view.name} value={view.name}>{view.name}</option>)}
        </select>
      )}
      {current
        ? <button onClick={() => keep(views.filter((view) => view !== current))}><Icon name="close" /> Forget view</button>
        : Object.keys(query).length > 0 && <button onClick={() => setNaming(true)}><Icon name="plus" /> Save view</button>}
    </>
  );
}
