import { visible } from "./captured-text";

/** A cell of a CSV file (RFC 4180) that no spreadsheet takes for a formula, and no terminal for an order. */
export function cell(value: unknown): string {
  const text = visible(value === null || value === undefined ? "" : typeof value === "object" ? JSON.stringify(value) : String(value));
  const safe = /^\s*[=+\-@|%]/.test(text) && !/^-?\d+(\.\d+)?$/.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
}

export function csv(names: string[], rows: unknown[][]): string {
  return [names, ...rows].map((row) => row.map(cell).join(",")).join("\r\n") + "\r\n";
}

/** Hands a file to the browser. The name is ours, never a peer's. */
export function save(name: string, type: string, content: BlobPart): void {
  const url = URL.createObjectURL(new Blob([content], { type }));
  const link = document.createElement("a");
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000);
}
