/** Takes the secret of a one-time link out of the address, so that neither history nor a reload has it. */
export function takeLink(): string | null {
  const link = new URLSearchParams(location.hash.slice(1)).get("link");
  if (link) history.replaceState(history.state, "", location.pathname + location.search);
  return link;
}
