import type { Operation } from "../../api/operations";
import { Captured } from "../../kit/Captured";

/** The colour of a state. */
export const tone = ({ state }: Operation): "good" | "bad" | "warn" => state === "done" ? "good" : state === "failed" ? "bad" : "warn";

/** How far work is, or how it ended, with everything that was said about it. */
export function Outcome({ operation }: { operation: Operation }) {
  return (
    <div className="outcome" role="status">
      <p><span className={`chip ${tone(operation)}`}>{operation.state}</span> <span className="quiet">{operation.progress}</span></p>
      {operation.notes.length > 0 && <Captured text={operation.notes.join("\n")} block />}
    </div>
  );
}
