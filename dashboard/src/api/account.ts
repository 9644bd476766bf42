import { call, get } from "./client";
import { queries } from "./queries";
import { session } from "./session";

export async function logIn(user: string, password: string): Promise<void> {
  session.begin(await call("post", "/api/v1/login", { body: { user, password } }));
}

/** Host of the OpenID provider by which people may log in; `null`: there is none. */
export async function provider(): Promise<string | null> {
  const ways = await get("/api/v1/login/ways").catch(() => null);
  return ways?.provider ?? null;
}

/** Logs in by the secret of a one-time link. */
export async function logInByLink(link: string): Promise<void> {
  session.begin(await call("post", "/api/v1/login/link", { body: { link } }));
}

/**
 * Changes the password of who is logged in; `old` is empty where he came by a link. Every login ends with it, this
 * one goes on as a new one.
 */
export async function changePassword(old: string, next: string): Promise<void> {
  session.begin(await call("post", "/api/v1/me/password", { body: { old, new: next } }));
}

/** Logs out here; who came by a provider, there too. */
export async function logOut(): Promise<void> {
  const kind = session.get()?.kind;
  // The token is forgotten here even where the server cannot be told.
  await call("post", "/api/v1/logout").catch(() => undefined);
  queries.clear();
  session.end();
  if (kind === "oidc") location.assign("/api/v1/login/oidc/logout");
}
