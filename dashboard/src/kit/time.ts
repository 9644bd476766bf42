const pad = (value: number, width = 2) => String(value).padStart(width, "0");

/** 14:03:22.123 today, 11-28 14:03 before. */
export function clock(text: string | null | undefined): string {
  if (!text) return "—";
  const at = new Date(text);
  const time = `${pad(at.getHours())}:${pad(at.getMinutes())}`;
  if (at.toDateString() === new Date().toDateString()) return `${time}:${pad(at.getSeconds())}.${pad(at.getMilliseconds(), 3)}`;
  return `${at.getFullYear() === new Date().getFullYear() ? "" : `${at.getFullYear()}-`}${pad(at.getMonth() + 1)}-${pad(at.getDate())} ${time}`;
}

/** 12 s, 3 min, 5 h, 2 d. */
export function ago(text: string | null | undefined, now = Date.now()): string {
  if (!text) return "never";
  const seconds = Math.max(0, (now - Date.parse(text)) / 1000);
  return `${span(seconds * 1000)} ago`;
}

export function span(milliseconds: number): string {
  if (milliseconds < 1000) return `${Math.round(milliseconds)} ms`;
  const seconds = milliseconds / 1000;
  if (seconds < 60) return `${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s`;
  if (seconds < 3600) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

export const count = (value: number): string => value.toLocaleString("en");

export function bytes(value: number | null | undefined): string {
  if (value === null || value === undefined) return "—";
  if (value < 1024) return `${value} B`;
  if (value < 1024 * 1024) return `${(value / 1024).toFixed(1)} KiB`;
  return `${(value / 1024 / 1024).toFixed(1)} MiB`;
}
