import { useCallback, useEffect, useRef, useState } from "react";
import { type Body, get } from "./client";
import { queries } from "./queries";

export type Operation = Body["Operation"];
/** How often it is asked how far work is, ms. */
const EVERY = 400;

export const ended = (operation: Operation): boolean => operation.state === "done" || operation.state === "failed";

/** Work that is asked for and then looked at until it has ended, unless the page goes first. */
export function useOperation() {
  const [operation, setOperation] = useState<Operation | null>(null);
  const [error, setError] = useState<unknown>(null);
  const turn = useRef(0);
  useEffect(() => () => void (turn.current += 1), []);
  const ask = useCallback(async (request: () => Promise<Operation>): Promise<Operation | null> => {
    const mine = (turn.current += 1);
    setError(null);
    setOperation(null);
    try {
      let now = await request();
      while (mine === turn.current) {
        setOperation(now);
        if (ended(now)) {
          // Nobody touches the fleet for it, so nothing tells the lists that they have changed.
          await queries.invalidateQueries();
          return now;
        }
        await new Promise((done) => setTimeout(done, EVERY));
        now = await get("/api/v1/operations/{id}", { path: { id: String(now.id) } });
      }
    } catch (fault) {
      if (mine === turn.current) setError(fault);
    }
    return null;
  }, []);
  const busy = operation !== null && !ended(operation);
  return { operation, error, busy, ask };
}
