import type { Query } from "./Filters";

/** A list as somebody looks at it, under a name of his own. It is kept by his browser. */
export interface View {
  name: string;
  query: Query;
}

const MOST = 50;
export const LONGEST = 60;

/** Views as the browser kept them. What is none is left out: the storage is anybody's who has the browser. */
export function read(text: string | null, names: readonly string[]): View[] {
  let found: unknown;
  try {
    found = JSON.parse(text ?? "[]");
  } catch {
    return [];
  }
  if (!Array.isArray(found)) return [];
  return found.slice(0, MOST).flatMap((one: unknown) => {
    const { name, query } = (one ?? {}) as { name?: unknown; query?: unknown };
    if (typeof name !== "string" || name === "" || typeof query !== "object" || query === null) return [];
    const known = Object.entries(query).filter(([key, value]) => names.includes(key) && typeof value === "string" && value !== "");
    return [{ name: name.slice(0, LONGEST), query: Object.fromEntries(known) as Query }];
  });
}

/** With `query` as the view `name`, in the place of one that is called so; the last of too many goes. */
export function put(views: View[], name: string, query: Query): View[] {
  const others = views.filter((view) => view.name !== name);
  return [...others, { name, query }].sort((one, two) => one.name.localeCompare(two.name)).slice(0, MOST);
}

/** The view that shows what `query` does. */
export function shown(views: View[], query: Query): View | undefined {
  const same = (one: Query, two: Query) =>
    Object.keys(one).length === Object.keys(two).length && Object.entries(one).every(([name, value]) => two[name] === value);
  return views.find((view) => same(view.query, query));
}

/** The change of filters that leads from whatever is shown to the view. */
export function change(view: View, names: readonly string[]): Record<string, string | undefined> {
  return Object.fromEntries(names.map((name) => [name, view.query[name]]));
}
