/** How a state is shown. */
export function chip(state: string): string {
  if (state === "active") return "good";
  if (state === "failed" || state === "degraded") return "bad";
  return state === "deploying" || state === "tearing_down" ? "warn" : "";
}

/** Whether deckies of it may stand in the fleet. */
export const isLive = (state: string): boolean => state !== "pending" && state !== "torn_down";
