// What was done to a draft, and what was taken back of it.
import { apply, type Change, Refused } from "./change";
import { type Draft, draft, follow, operations } from "./diff";
import type { Document } from "./document";

/** Steps that can be taken back. */
const MOST = 200;

export interface History {
  /** What is stored, and the version that it has. */
  base: Draft;
  version: number;
  past: Draft[];
  now: Draft;
  future: Draft[];
  /** Keys that were given. */
  keys: number;
  /** What the last step was part of: steps of one drag are one. */
  part?: string | undefined;
}

export function begin(document: Document, version: number): History {
  const base = draft(document);
  return { base, version, past: [], now: base, future: [], keys: 0 };
}

/** The history after changes that are one step. Throws [Refused], and nothing is done then. */
export function act(history: History, changes: Change[], part?: string): History {
  let [now, keys] = [history.now, history.keys];
  for (const change of changes) {
    now = follow(now, change, apply(now.document, change), () => `new ${(keys += 1)}`);
  }
  const goesOn = part !== undefined && part === history.part;
  const past = goesOn ? history.past : [...history.past, history.now].slice(-MOST);
  return { ...history, past, now, future: [], keys, part };
}

export function undo(history: History): History {
  const last = history.past.at(-1);
  return last ? { ...history, past: history.past.slice(0, -1), now: last, future: [history.now, ...history.future], part: undefined } : history;
}

export function redo(history: History): History {
  const [next, ...future] = history.future;
  return next ? { ...history, past: [...history.past, history.now], now: next, future, part: undefined } : history;
}

/** What has to be done to what is stored. */
export const pending = (history: History): Change[] => operations(history.base, history.now);

/** A change that cannot be made of what somebody else has made meanwhile, and why. */
export interface Lost { change: Change; why: string }

/** The same work on another document that is stored now; what cannot be done there is left out and told. */
export function rebase(history: History, document: Document, version: number): { history: History; lost: Lost[] } {
  let next = begin(document, version);
  const lost: Lost[] = [];
  for (const change of pending(history)) {
    try {
      next = act(next, [change], "rebase");
    } catch (why) {
      if (!(why instanceof Refused)) throw why;
      lost.push({ change, why: why.message });
    }
  }
  return { history: next, lost };
}
