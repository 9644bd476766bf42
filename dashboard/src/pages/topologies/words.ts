import type { Change } from "./change";

const part = (change: Extract<Change, { op: "update_decky" }>): string => {
  const parts = [
    change.rename !== undefined && `is called ${change.rename}`,
    change.system !== undefined && `runs ${change.system}`,
    change.services !== undefined && `serves ${change.services.map((one) => one.slug).join(", ") || "nothing"}`,
    change.front !== undefined && (change.front ? "stands in front" : "stands in front no more"),
    change.forwards !== undefined && (change.forwards ? "forwards packets" : "forwards packets no more"),
    change.ips !== undefined && `has ${Object.values(change.ips).join(", ")}`,
  ];
  return parts.filter(Boolean).join("; ");
};

/** A change in a sentence. */
export function words(change: Change): string {
  switch (change.op) {
    case "add_lan": return `LAN ${change.name} comes`;
    case "remove_lan": return `LAN ${change.name} goes`;
    case "update_lan": return `LAN ${change.name} ${change.rename !== undefined ? `is called ${change.rename}` : change.subnet !== undefined ? `has ${change.subnet}` : change.dmz !== undefined ? (change.dmz ? "is the DMZ" : "is the DMZ no more") : "is drawn elsewhere"}`;
    case "add_decky": return `${change.name} comes, in ${change.lan}`;
    case "remove_decky": return `${change.decky} goes`;
    case "attach_decky": return `${change.decky} joins ${change.lan}`;
    case "detach_decky": return `${change.decky} leaves ${change.lan}`;
    case "update_decky": return `${change.decky} ${part(change)}`;
    case "set_rules": return `${change.rules.length} rules of the routers`;
  }
}
