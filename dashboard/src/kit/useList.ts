import { useCallback, useEffect, useRef, useState } from "react";
import { get, type Readable } from "../api/client";
import { live } from "../api/live";
import { extended, type Listing, refreshed, type Rows } from "./rows";

const PAGE = 100;

export interface List<T> {
  rows: T[];
  /** Rows that came while the list was held, not yet shown. */
  waiting: number;
  loading: boolean;
  error: unknown;
  done: boolean;
  more: () => void;
  /** Shows what waits. */
  release: () => void;
  again: () => void;
  isNew: (key: string) => boolean;
}

/** A list that is paged backwards by key and grows at the top as events come, unless it is held. */
export function useList<T>(path: Readable, query: Record<string, string>, keyOf: (row: T) => string, held: boolean): List<T> {
  const asked = JSON.stringify([path, query]);
  const [known, setKnown] = useState<Rows<T> | null>(null);
  const [pending, setPending] = useState<Listing<T> | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [fresh, setFresh] = useState<Set<string>>(new Set());
  const [turn, setTurn] = useState(0);
  const busy = useRef(false);
  const heldNow = useRef(held);
  heldNow.current = held;

  const read = useCallback(
    async (before?: number, signal?: AbortSignal) => {
      const given = { ...(JSON.parse(asked)[1] as Record<string, string>), limit: PAGE, before };
      return (await get(path, { query: given, signal })) as unknown as Listing<T>;
    },
    [asked, path],
  );
  const put = useCallback((page: Listing<T>) => {
    setKnown((now) => {
      if (!now) return { items: page.items, older: page.older ?? null };
      const keys = new Set(now.items.map(keyOf));
      setFresh(new Set(page.items.map(keyOf).filter((key) => !keys.has(key))));
      return refreshed(now, page, keyOf);
    });
  }, []);

  useEffect(() => {
    const control = new AbortController();
    setError(null);
    setKnown(null);
    setPending(null);
    setFresh(new Set());
    read(undefined, control.signal).then(put, (fault) => !control.signal.aborted && setError(fault));
    const off = live.tick(() => {
      read(undefined, control.signal).then(
        (page) => {
          setError(null);
          if (heldNow.current) setPending(page);
          else put(page);
        },
        () => undefined,
      );
    }, 700);
    return () => {
      control.abort();
      off();
    };
  }, [read, put, turn]);

  const more = useCallback(() => {
    if (busy.current || !known?.older) return;
    busy.current = true;
    read(known.older)
      .then((page) => setKnown((now) => now && extended(now, page, keyOf)), setError)
      .finally(() => {
        busy.current = false;
      });
  }, [known?.older, read]);

  const keys = new Set(pending ? known?.items.map(keyOf) : []);
  const waiting = pending?.items.filter((row) => !keys.has(keyOf(row))).length ?? 0;
  return {
    rows: known?.items ?? [],
    waiting,
    loading: known === null && error === null,
    error,
    done: known !== null && known.older === null,
    more,
    release: () => {
      if (pending) put(pending);
      setPending(null);
    },
    again: () => setTurn(turn + 1),
    isNew: (key) => fresh.has(key),
  };
}
