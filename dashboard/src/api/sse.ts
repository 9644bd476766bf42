/** A message of a stream. */
export interface Message {
  id: string;
  event: string;
  data: string;
}

/** Most that is kept of a message that does not end, in characters. */
const LIMIT = 8 * 1024 * 1024;

/** Reads server-sent events (WHATWG HTML §9.2.6) out of pieces of text. `EventSource` cannot send a token. */
export class SseReader {
  private rest = "";
  private data: string[] = [];
  private event = "";
  private id = "";

  push(text: string): Message[] {
    const found: Message[] = [];
    this.rest += text;
    if (this.rest.length > LIMIT) throw new Error("a message of the stream is too long");
    const lines = this.rest.split(/\r\n|\n|\r(?!$)/);
    this.rest = lines.pop() ?? "";
    for (const line of lines) {
      if (line === "") {
        if (this.data.length > 0) found.push({ id: this.id, event: this.event || "message", data: this.data.join("\n") });
        this.data = [];
        this.event = "";
      } else this.field(line);
    }
    return found;
  }

  private field(line: string): void {
    const colon = line.indexOf(":");
    if (colon === 0) return;
    const name = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (name === "data") this.data.push(value);
    else if (name === "event") this.event = value;
    else if (name === "id" && !value.includes("\0")) this.id = value;
  }
}
