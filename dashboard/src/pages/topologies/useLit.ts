import { useEffect, useState } from "react";
import { live } from "../../api/live";

/** How long a decky that was touched is lit, ms. */
const GLOW = 6000;

/** The deckies of a topology that were touched just now, by their names in it. */
export function useLit(topology: string): Set<string> {
  const [lit, setLit] = useState(new Set<string>());
  useEffect(() => {
    const timers = new Map<string, ReturnType<typeof setTimeout>>();
    const off = live.on((event) => {
      if (!event.decky.startsWith(`${topology}.`)) return;
      const name = event.decky.slice(topology.length + 1);
      clearTimeout(timers.get(name));
      if (!timers.has(name)) setLit((old) => new Set(old).add(name));
      timers.set(name, setTimeout(() => {
        timers.delete(name);
        setLit((old) => new Set([...old].filter((one) => one !== name)));
      }, GLOW));
    });
    return () => {
      off();
      timers.forEach((timer) => clearTimeout(timer));
    };
  }, [topology]);
  return lit;
}
