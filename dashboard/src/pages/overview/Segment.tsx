import { Link } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { live } from "../../api/live";
import { useQuery } from "../../api/queries";
import { Empty, Loading } from "../../kit/State";

/** How long a host stays lit, in milliseconds. */
const LIT = 4000;

/** The hosts of the fleet; each lights up as it is touched. */
export function Segment() {
  const deckies = useQuery("/api/v1/deckies", {}, { live: 5000 });
  const [lit, setLit] = useState<ReadonlyMap<string, { until: number; class: string }>>(new Map());
  useEffect(() => {
    const off = live.on((event) => {
      setLit((now) => new Map(now).set(event.decky, { until: Date.now() + LIT, class: event.class }));
    });
    const timer = setInterval(() => {
      setLit((now) => {
        const left = [...now].filter(([, one]) => one.until > Date.now());
        return left.length === now.size ? now : new Map(left);
      });
    }, 500);
    return () => {
      off();
      clearInterval(timer);
    };
  }, []);
  const shown = deckies.data?.filter((decky) => decky.desired !== "absent") ?? [];
  return (
    <section className="panel">
      <header><h2>Segment</h2><span className="faint num">{shown.length} deckies</span><span className="spring" /><Link to="/fleet">Fleet</Link></header>
      {deckies.isPending ? <Loading /> : shown.length === 0 ? <Empty icon="grid" title="No deckies are deployed" /> : (
        <div className="segment">
          {shown.map((decky) => {
            const light = lit.get(decky.name);
            return (
              <Link key={decky.name} to={`/fleet/${encodeURIComponent(decky.name)}`} className={light ? `host lit ${light.class}` : "host"}>
                <span className="row cut">
                  <span className={`dot ${decky.actual === decky.desired ? "good" : "bad"}`} role="img" aria-label={decky.actual || "not reported"} />
                  <span className="cut">{decky.name}</span>
                </span>
                <small className="mono cut">{decky.ip ?? "no address"}</small>
              </Link>
            );
          })}
        </div>
      )}
    </section>
  );
}
