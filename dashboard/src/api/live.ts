import { useSyncExternalStore } from "react";
import { type Body, send } from "./client";
import { session } from "./session";
import { type Message, SseReader } from "./sse";

type Event = Body["Event"];
export type LiveState = "open" | "waiting" | "closed";

/** Longest wait before another try, in milliseconds. */
const LONGEST_WAIT = 15_000;

const listeners = new Set<(event: Event) => void>();
/** Told of everything that comes, whatever it is about. */
const hearers = new Set<() => void>();
const watchers = new Set<() => void>();
let state: LiveState = "waiting";
let lastId = "";
let running: AbortController | null = null;

/** The one stream of events of this tab. It runs while somebody listens, and resumes where it broke off. */
export const live = {
  on(listener: (event: Event) => void): () => void {
    listeners.add(listener);
    if (!running) void run();
    return () => {
      listeners.delete(listener);
    };
  },
  /** Calls `act` after events and changes of incidents, at most once in `every` milliseconds. */
  tick(act: () => void, every: number): () => void {
    let timer: ReturnType<typeof setTimeout> | undefined;
    let last = 0;
    const hear = () => {
      timer ??= setTimeout(() => {
        timer = undefined;
        last = Date.now();
        act();
      }, Math.max(100, last + every - Date.now()));
    };
    hearers.add(hear);
    if (!running) void run();
    return () => {
      hearers.delete(hear);
      clearTimeout(timer);
    };
  },
};

session.onEnd(() => {
  running?.abort();
  lastId = "";
});

async function run(): Promise<void> {
  const control = new AbortController();
  running = control;
  let wait = 500;
  while (!control.signal.aborted && session.get()) {
    try {
      const query = { topics: "events,incidents", ...(lastId ? { after: lastId } : {}) };
      const answer = await send("GET", "/api/v1/stream", { query, signal: control.signal });
      set("open");
      wait = 500;
      const reader = new SseReader();
      const pipe = answer.body?.pipeThrough(new TextDecoderStream()).getReader();
      for (;;) {
        const part = await pipe?.read();
        if (!part || part.done) break;
        for (const message of reader.push(part.value)) tell(message);
      }
    } catch {
      // Tried again below; a login that ended stops the loop.
    }
    set("closed");
    await new Promise((done) => setTimeout(done, wait + Math.random() * 250));
    wait = Math.min(wait * 2, LONGEST_WAIT);
  }
  if (running === control) running = null;
}

function tell({ id, event: topic, data }: Message): void {
  for (const hearer of [...hearers]) hearer();
  if (topic !== "event") return;
  if (id) lastId = id;
  let event: Event;
  try {
    event = JSON.parse(data) as Event;
  } catch {
    return;
  }
  for (const listener of [...listeners]) listener(event);
}

function set(next: LiveState): void {
  state = next;
  for (const watcher of watchers) watcher();
}

export function useLiveState(): LiveState {
  return useSyncExternalStore(
    (watcher) => {
      watchers.add(watcher);
      const off = live.on(() => undefined);
      return () => {
        watchers.delete(watcher);
        off();
      };
    },
    () => state,
  );
}
