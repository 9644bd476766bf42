/** A page of a list as the server gives it. */
export interface Listing<T> {
  items: T[];
  older?: number | null;
  newer?: number | null;
}

/** What is known of a list: newest first, and where the older rows begin. */
export interface Rows<T> {
  items: T[];
  older: number | null;
}

/**
 * Puts a newly read first page over what is known. Rows that are known are replaced where they move; where nothing
 * of the page is known, there may be a gap, so that the list begins anew.
 */
export function refreshed<T>(known: Rows<T>, page: Listing<T>, keyOf: (row: T) => string): Rows<T> {
  const keys = new Set(page.items.map(keyOf));
  const rest = known.items.filter((row) => !keys.has(keyOf(row)));
  const whole = page.older === null || page.older === undefined;
  if (whole) return { items: page.items, older: null };
  if (rest.length === known.items.length) return { items: page.items, older: page.older ?? null };
  return { items: [...page.items, ...rest], older: known.older };
}

/** Puts an older page under what is known. */
export function extended<T>(known: Rows<T>, page: Listing<T>, keyOf: (row: T) => string): Rows<T> {
  const keys = new Set(known.items.map(keyOf));
  return { items: [...known.items, ...page.items.filter((row) => !keys.has(keyOf(row)))], older: page.older ?? null };
}
