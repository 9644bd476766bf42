import { useEffect } from "react";

/** Does something again and again while the page is shown, every so many milliseconds; 0: not at all. */
export function useEvery(every: number, act: () => void) {
  useEffect(() => {
    if (!every) return;
    const timer = setInterval(() => document.visibilityState === "visible" && act(), every);
    return () => clearInterval(timer);
  }, [every, act]);
}
