/** Takes the secret of a one-time link out of the address, so that neither history nor a reload has it. */
export function takeLink(): string | null {
  return take("link");
}

/** Takes out of the address why the provider has let nobody in, in words. */
export function takeDenied(): string | null {
  const word = take("denied");
  return word && (WHY[word] ?? "Nobody was let in.");
}

const WHY: Record<string, string> = {
  state: "The login was begun in another browser, or too long ago. Try again.",
  provider: "The provider has let nobody in.",
  away: "The provider cannot be reached.",
  token: "What the provider says is not believed; the messages of the API say why.",
  name: "You have no name there that can be a user's here.",
  role: "You are known there, and have no role here.",
  taken: "Your name there is another user's here.",
};

function take(name: string): string | null {
  const value = new URLSearchParams(location.hash.slice(1)).get(name);
  if (value) history.replaceState(history.state, "", location.pathname + location.search);
  return value;
}
