import type { ComponentType } from "react";
import type { IconName } from "../kit/Icon";

/** A page: a folder under `pages/` and a line here. Navigation, palette and router are made of this table. */
export interface Page {
  path: string;
  title: string;
  load: () => Promise<{ default: ComponentType }>;
  /** With an icon, it is in the navigation; without, others lead to it. */
  icon?: IconName;
}

export const pages: Page[] = [
  { path: "/", title: "Overview", icon: "pulse", load: () => import("../pages/overview") },
  { path: "/incidents", title: "Incidents", icon: "alert", load: () => import("../pages/incidents") },
  { path: "/incidents/$id", title: "Incident", load: () => import("../pages/incidents/detail") },
  { path: "/alerts", title: "Alerts", icon: "bell", load: () => import("../pages/alerts") },
  { path: "/events", title: "Events", icon: "list", load: () => import("../pages/events") },
  { path: "/attackers", title: "Attackers", icon: "target", load: () => import("../pages/attackers") },
  { path: "/attackers/$ip", title: "Attacker", load: () => import("../pages/attackers/detail") },
  { path: "/profiles", title: "Profiles", load: () => import("../pages/profiles") },
  { path: "/identities", title: "Identities", icon: "people", load: () => import("../pages/identities") },
  { path: "/identities/$id", title: "Identity", load: () => import("../pages/identities/detail") },
  { path: "/campaigns", title: "Campaigns", icon: "flag", load: () => import("../pages/campaigns") },
  { path: "/campaigns/$id", title: "Campaign", load: () => import("../pages/campaigns/detail") },
  { path: "/reuse", title: "Reused secrets", load: () => import("../pages/reuse") },
  { path: "/map", title: "Map", icon: "world", load: () => import("../pages/map") },
  { path: "/techniques", title: "Techniques", icon: "filter", load: () => import("../pages/techniques") },
  { path: "/techniques/$id", title: "Technique", load: () => import("../pages/techniques/detail") },
  { path: "/sessions", title: "Sessions", icon: "terminal", load: () => import("../pages/sessions") },
  { path: "/sessions/$id", title: "Session", load: () => import("../pages/sessions/detail") },
  { path: "/credentials", title: "Credentials", icon: "key", load: () => import("../pages/credentials") },
  { path: "/canaries", title: "Canaries", icon: "canary", load: () => import("../pages/canaries") },
  { path: "/canaries/$id", title: "Canary", load: () => import("../pages/canaries/detail") },
  { path: "/people", title: "People", icon: "people", load: () => import("../pages/people") },
  { path: "/artefacts", title: "Artefacts", icon: "file", load: () => import("../pages/artefacts") },
  { path: "/artefacts/$sha256", title: "Artefact", load: () => import("../pages/artefacts/detail") },
  { path: "/fleet", title: "Fleet", icon: "grid", load: () => import("../pages/fleet") },
  { path: "/fleet/$name", title: "Decky", load: () => import("../pages/fleet/detail") },
  { path: "/topologies", title: "Topologies", icon: "branch", load: () => import("../pages/topologies") },
  { path: "/topologies/$name", title: "Topology", load: () => import("../pages/topologies/detail") },
  { path: "/deploy", title: "Deploy", load: () => import("../pages/deploy") },
  { path: "/learned", title: "Learned", icon: "ear", load: () => import("../pages/learned") },
  { path: "/learned/$id", title: "Learned segment", load: () => import("../pages/learned/detail") },
  { path: "/images", title: "Images", icon: "box", load: () => import("../pages/images") },
  { path: "/hosts", title: "Hosts", icon: "copy", load: () => import("../pages/hosts") },
  { path: "/operations", title: "Operations", icon: "play", load: () => import("../pages/operations") },
  { path: "/workers", title: "Workers", icon: "sliders", load: () => import("../pages/workers") },
  { path: "/health", title: "Health", icon: "heart", load: () => import("../pages/health") },
  { path: "/settings", title: "Settings", icon: "gear", load: () => import("../pages/settings") },
];
