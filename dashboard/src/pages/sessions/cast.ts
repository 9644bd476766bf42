/** What a recording (asciicast v2) wrote to the screen, as text. */
export function output(cast: string): string {
  const lines = cast.split("\n");
  const said: string[] = [];
  for (const line of lines.slice(1)) {
    try {
      const [, kind, text] = JSON.parse(line) as [number, string, string];
      if (kind === "o") said.push(text);
    } catch {
      // The last line of a recording that broke off.
    }
  }
  // Orders to the terminal are left out: ECMA-48 §5.4 sequences, and strings up to their end.
  const escapes = /\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(?:\x07|\x1b\\)|\x1b[ -/]*[0-~]/g;
  return said.join("").replace(escapes, "").replaceAll("\r\n", "\n");
}
