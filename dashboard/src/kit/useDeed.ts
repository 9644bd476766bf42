import { useState } from "react";
import { queries } from "../api/queries";
import type { Readable } from "../api/client";

/** Something that changes the server: whether it is under way, what went wrong, and lists to be read again after it. */
export function useDeed(...changes: Readable[]) {
  const [busy, setBusy] = useState(false);
  const [error, setError] = useState<unknown>(null);
  const run = async (deed: () => Promise<unknown>): Promise<boolean> => {
    setBusy(true);
    setError(null);
    try {
      await deed();
      return true;
    } catch (fault) {
      setError(fault);
      return false;
    } finally {
      for (const path of changes) await queries.invalidateQueries({ queryKey: [path] });
      setBusy(false);
    }
  };
  return { busy, error, run };
}
