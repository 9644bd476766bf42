import type { Operation } from "../../api/operations";
import { Captured } from "../../kit/Captured";

/** How far work is, or how it ended, with everything that was said about it. */
export function Outcome({ operation }: { operation: Operation }) {
  const tone = operation.state === "done" ? "good" : operation.state === "failed" ? "bad" : "warn";
  return (
    <div className="outcome" role="status">
      <p><span className={`chip ${tone}`}>{operation.state}</span> <span className="quiet">{operation.progress}</span></p>
      {operation.notes.length > 0 && <Captured text={operation.notes.join("\n")} block />}
    </div>
  );
}
