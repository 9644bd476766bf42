/** A piece of captured text: as it is, or a character that is shown by its name. */
export interface Run {
  text: string;
  control: boolean;
}

// What a browser, a terminal or a reader's eye may obey or not see: C0, DEL and C1 controls, soft hyphens, marks of
// direction, joiners and zero widths, line and paragraph separators, variation selectors, tags, lone surrogates.
const UNSEEN =
  /[\u0000-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb]|[\u{e0000}-\u{e0fff}]|\p{Cs}/gu;

/** Splits `text` so that each character that nobody would see has a piece of its own. */
export function runs(text: string, lines = false): Run[] {
  const found: Run[] = [];
  let from = 0;
  for (const match of text.matchAll(UNSEEN)) {
    const char = match[0];
    if (lines && (char === "\n" || char === "\t")) continue;
    if (match.index > from) found.push({ text: text.slice(from, match.index), control: false });
    found.push({ text: name(char), control: true });
    from = match.index + char.length;
  }
  if (from < text.length) found.push({ text: text.slice(from), control: false });
  return found;
}

/** The text with all such characters named, for where there is no markup: titles, files, copies. */
export const visible = (text: string): string => runs(text).map((run) => run.text).join("");

function name(char: string): string {
  const code = char.codePointAt(0) ?? 0;
  const hex = code.toString(16);
  return code < 0x100 ? `\\x${hex.padStart(2, "0")}` : `\\u{${hex}}`;
}
