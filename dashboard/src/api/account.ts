import { call, send } from "./client";
import { queries } from "./queries";
import { type Login, session } from "./session";

export async function logIn(user: string, password: string): Promise<void> {
  session.begin(await call("post", "/api/v1/login", { body: { user, password } }));
}

/** Logs in by the secret of a one-time link. */
export async function logInByLink(link: string): Promise<void> {
  session.begin((await (await send("POST", "/api/v1/login/link", {}, { link })).json()) as Login);
}

/** Changes the password of who is logged in; `old` is empty where he came by a link. */
export async function changePassword(old: string, next: string): Promise<void> {
  await send("POST", "/api/v1/me/password", {}, { old, new: next });
  const login = session.get();
  if (login) session.begin({ ...login, password_change_required: false });
}

export async function logOut(): Promise<void> {
  // The token is forgotten here even where the server cannot be told.
  await call("post", "/api/v1/logout").catch(() => undefined);
  queries.clear();
  session.end();
}
