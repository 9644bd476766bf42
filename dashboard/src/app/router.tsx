import {
  createRootRoute,
  createRoute,
  createRouter,
  lazyRouteComponent,
  Outlet,
  redirect,
} from "@tanstack/react-router";
import { session } from "../api/session";
import { Fault, Loading, Missing } from "../kit/State";
import { Frame } from "./Frame";
import { pages } from "./pages";

const root = createRootRoute({ component: Outlet, notFoundComponent: Missing });

const login = createRoute({
  getParentRoute: () => root,
  path: "/login",
  component: lazyRouteComponent(() => import("../pages/login")),
});

const frame = createRoute({
  getParentRoute: () => root,
  id: "frame",
  component: Frame,
  beforeLoad: ({ location }) => {
    const login = session.get();
    if (!login || login.password_change_required) throw redirect({ to: "/login", search: { next: location.href } as never });
  },
});

const inFrame = pages.map((page) =>
  createRoute({
    getParentRoute: () => frame,
    path: page.path,
    component: lazyRouteComponent(page.load),
    staticData: { title: page.title } as never,
  }),
);

/** The part of an address after `?`, as plain text: `q=22` stays the text "22". */
const parseSearch = (text: string): Record<string, string> => Object.fromEntries(new URLSearchParams(text));
const stringifySearch = (search: Record<string, unknown>): string => {
  const given = Object.entries(search).filter(([, value]) => value !== undefined && value !== "");
  const text = new URLSearchParams(given.map(([name, value]) => [name, String(value)])).toString();
  return text ? `?${text}` : "";
};

export const router = createRouter({
  routeTree: root.addChildren([login, frame.addChildren(inFrame)]),
  parseSearch,
  stringifySearch,
  defaultPreload: "intent",
  defaultPendingComponent: Loading,
  defaultErrorComponent: ({ error }) => <Fault error={error} />,
  defaultNotFoundComponent: Missing,
});

session.onEnd(() => {
  const { pathname, href } = router.state.location;
  if (pathname !== "/login") void router.navigate({ to: "/login", search: { next: href } as never });
});
