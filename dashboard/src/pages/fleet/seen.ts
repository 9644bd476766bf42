/** A persona as `decnet persona show --json` prints it, as far as it is shown. */
export interface Seen {
  hostname?: string;
  domain?: string;
  ip?: string;
  prefix?: number;
  gateway?: string | null;
  mac?: string;
  mac_vendor?: string;
  os?: { pretty_name?: string; kernel?: string; machine?: string; ttl?: number };
  hardware?: { cpu?: string; cpus?: number; memory_kib?: number; disk_kib?: number; vendor?: string; product?: string; serial?: string };
  booted_at?: number;
  installed_at?: number;
  zone?: { name?: string; offset_minutes?: number };
  users?: User[];
  login?: { mode?: string; attempts?: number };
  products?: Record<string, { name?: string; version?: string; packaging?: string }>;
  certificate?: { common_name?: string; issuer?: string };
  firewall?: boolean;
}
export interface User { name: string; full_name: string; home: string; password?: unknown }
export interface Version { slug: string; shows: string }

const GIB = 1024 * 1024;
const LOGIN: Record<string, string> = { deny: "nobody", "accept-listed": "accounts below that have a password" };
const day = (micros: number | undefined) => (micros === undefined ? "" : new Date(micros / 1000).toISOString().slice(0, 10));
const words = (...parts: (string | number | null | undefined)[]) => parts.filter((part) => part !== undefined && part !== null && part !== "").join(" ");

/** Facts with their names; what is not there is left out. */
export function facts(seen: Seen, keys: { ed25519: string; ecdsa: string }): [string, string][] {
  const { os = {}, hardware = {}, zone = {}, login = {}, certificate = {} } = seen;
  const all: [string, string][] = [
    ["Host name", [seen.hostname, seen.domain].filter(Boolean).join(".")],
    ["Address", seen.ip ? `${seen.ip}/${seen.prefix ?? ""}` : ""],
    ["Gateway", seen.gateway ?? ""],
    ["Card", seen.mac ? `${seen.mac} (${seen.mac_vendor ?? "?"})` : ""],
    ["System", words(os.pretty_name, os.machine)],
    ["Kernel", os.kernel ?? ""],
    ["Time to live", words(os.ttl)],
    ["Machine", words(hardware.vendor, hardware.product, hardware.serial && `serial ${hardware.serial}`)],
    ["Processor", hardware.cpu ? `${hardware.cpus ?? 1} × ${hardware.cpu}` : ""],
    ["Memory", hardware.memory_kib ? `${(hardware.memory_kib / GIB).toFixed(1)} GiB` : ""],
    ["Disk", hardware.disk_kib ? `${Math.round(hardware.disk_kib / GIB)} GiB` : ""],
    ["Installed", day(seen.installed_at)],
    ["Booted", day(seen.booted_at)],
    ["Time zone", zone.name ?? ""],
    ["Packet filter", seen.firewall ? "on" : "off"],
    ["Certificate", certificate.common_name ? `${certificate.common_name}, issued by ${certificate.issuer === certificate.common_name ? "itself" : certificate.issuer}` : ""],
    ["SSH ed25519", seen.products && Object.hasOwn(seen.products, "ssh") ? keys.ed25519 : ""],
    ["SSH ECDSA", seen.products && Object.hasOwn(seen.products, "ssh") ? keys.ecdsa : ""],
    ["Who may log in", LOGIN[login.mode ?? ""] ?? (login.attempts ? `anybody with attempt ${login.attempts}` : "")],
  ];
  return all.filter(([, value]) => value !== "");
}

export const versions = (seen: Seen): Version[] =>
  Object.entries(seen.products ?? {}).map(([slug, one]) => ({ slug, shows: words(one.name, one.version, one.packaging) }));

export const users = (seen: Seen): User[] => seen.users ?? [];
