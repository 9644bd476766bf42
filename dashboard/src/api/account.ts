import { call } from "./client";
import { queries } from "./queries";
import { session } from "./session";

export async function logIn(user: string, password: string): Promise<void> {
  session.begin(await call("post", "/api/v1/login", { body: { user, password } }));
}

export async function logOut(): Promise<void> {
  // The token is forgotten here even where the server cannot be told.
  await call("post", "/api/v1/logout").catch(() => undefined);
  queries.clear();
  session.end();
}
