// Networks and addresses that are free: what the server would choose, so that a draft shows them before it is saved.

const bits = (text: string): number | undefined => {
  const parts = text.split(".").map(Number);
  if (parts.length !== 4 || parts.some((part) => !Number.isInteger(part) || part < 0 || part > 255)) return undefined;
  return parts.reduce((all, part) => all * 256 + part, 0);
};
const dotted = (address: number): string => [24, 16, 8, 0].map((shift) => Math.floor(address / 2 ** shift) % 256).join(".");

/** First and last address of a network; nothing where it is none. */
export function span(subnet: string): [number, number] | undefined {
  const [address = "", length = ""] = subnet.split("/");
  const first = bits(address);
  const prefix = Number(length);
  if (first === undefined || !/^\d+$/.test(length) || prefix < 16 || prefix > 29) return undefined;
  return [first, first + 2 ** (32 - prefix) - 1];
}

/** The first network from 172.16.0.0/24 on that shares no address with those that are there. */
export function freeSubnet(subnets: string[]): string | undefined {
  const taken = subnets.map(span).filter((one) => one !== undefined);
  const base = bits("172.16.0.0") ?? 0;
  for (let first = base; first < base + 2 ** 20; first += 256) {
    if (!taken.some(([from, to]) => from <= first + 255 && first <= to)) return `${dotted(first)}/24`;
  }
  return undefined;
}

/** The lowest address of a network that no decky has; the first one is its router's. */
export function freeAddress(subnet: string, taken: Iterable<string>): string | undefined {
  const range = span(subnet);
  if (!range) return undefined;
  const known = new Set(taken);
  for (let address = range[0] + 2; address < range[1]; address += 1) if (!known.has(dotted(address))) return dotted(address);
  return undefined;
}
