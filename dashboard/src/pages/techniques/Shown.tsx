import { Link } from "@tanstack/react-router";
import { useQuery } from "../../api/queries";
import { count } from "../../kit/time";
import { title } from "./tactics";

/** The techniques that an address, or somebody on a decky, showed. */
export function Shown({ query }: { query: { src_ip?: string; decky?: string } }) {
  const found = useQuery("/api/v1/techniques", { query }, { live: 3000 });
  if (!found.data?.length) return null;
  return (
    <section className="panel" aria-label="Techniques">
      <header><h2>Techniques</h2><span className="faint">MITRE ATT&amp;CK</span></header>
      <div className="chips">
        {found.data.map((one) => (
          <Link key={one.id} to={`/techniques/${one.id}`} className="chip" title={`${title(one.tactic)}: ${one.rules.map((rule) => rule.title || rule.rule).join("; ")}`}>
            <span className="mono">{one.id}</span> {one.name} <span className="num quiet">{count(one.events)}</span>
          </Link>
        ))}
      </div>
    </section>
  );
}
