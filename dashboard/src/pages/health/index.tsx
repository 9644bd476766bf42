import { useQuery } from "../../api/queries";
import { useLiveState } from "../../api/live";
import { Fault, Loading } from "../../kit/State";
import { count } from "../../kit/time";

/** Whether what is recorded arrives. */
export default function Health() {
  const stats = useQuery("/api/v1/stats", {}, { live: 2000 });
  const health = useQuery("/api/v1/health", {});
  const stream = useLiveState();
  if (stats.error) return <div className="page"><Fault error={stats.error} retry={() => void stats.refetch()} /></div>;
  if (!stats.data) return <Loading />;
  const lines: [string, boolean, string][] = [
    ["Interface and store", health.data?.status === "ok", health.data?.status ?? "no answer"],
    ["Live stream", stream === "open", stream],
    ["Lines known to be missing", stats.data.missing === 0, count(stats.data.missing)],
    ["Events deleted by retention", true, count(stats.data.retired)],
    ["Highest event id", true, count(stats.data.last_event)],
  ];
  return (
    <div className="page">
      <div className="head"><h1>Health</h1></div>
      <section className="panel body">
        <dl className="facts">
          {lines.map(([name, good, text]) => (
            <div key={name} style={{ display: "contents" }}>
              <dt>{name}</dt><dd className="num"><span className={`dot ${good ? "good" : "bad"}`} role="img" aria-label={good ? "good" : "bad"} style={{ display: "inline-block" }} /> {text}</dd>
            </div>
          ))}
        </dl>
      </section>
    </div>
  );
}
