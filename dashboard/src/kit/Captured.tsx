import { memo, useState } from "react";
import { runs } from "./captured-text";

/** Most that is shown before one asks for more, in characters. */
const SHORT = 2000;
const LONG = 200_000;

/**
 * Text that a peer could choose: the only way to show it. It is text, never markup and never an address; what nobody
 * would see is named; its direction stays its own; its length is bounded.
 */
export const Captured = memo(function Captured({ text, block = false }: { text: string | null | undefined; block?: boolean }) {
  const [most, setMost] = useState(block ? SHORT : 300);
  if (text === null || text === undefined || text === "") return <span className="faint">—</span>;
  const rest = text.length - most;
  return (
    <bdi className={block ? "captured block" : "captured"}>
      {runs(text.slice(0, most), block).map((run, index) =>
        run.control ? (
          <span key={index} className="ctl">
            {run.text}
          </span>
        ) : (
          run.text
        ),
      )}
      {rest > 0 && !block && "…"}
      {rest > 0 && block && (
        <button type="button" onClick={() => setMost(most + LONG)}>
          {rest.toLocaleString("en")} more characters
        </button>
      )}
    </bdi>
  );
});
