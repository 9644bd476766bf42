import { Link } from "@tanstack/react-router";
import { Captured } from "../../kit/Captured";
import { csv, save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { ListPage } from "../../kit/ListPage";
import { clock, count } from "../../kit/time";
import { COLUMNS, type Credential, keyOf } from "./columns";
import { crackLines, reuse, wordlist } from "./reuse";

export default function Credentials() {
  return (
    <ListPage<Credential>
      title="Credentials"
      path="/api/v1/credentials"
      filters={["src_ip", "decky", "service", "secret_kind", "since", "until", "probes"]}
      columns={COLUMNS}
      keyOf={keyOf}
      empty={{ title: "No credentials", text: "Names and secrets that are offered to deckies appear here." }}
      detailTitle={(one) => <Captured text={one.principal} />}
      detail={(one) => <Detail one={one} />}
      actions={(_, rows) => <Actions rows={rows} />}
    />
  );
}

function Actions({ rows }: { rows: Credential[] }) {
  const reused = reuse(rows);
  const crack = crackLines(rows);
  const words = wordlist(rows);
  const table = () => csv(["principal", "secret", "kind", "outcome", "service", "decky", "src_ip", "attempts", "first_seen", "last_seen"], rows.map((one) => [one.principal, one.secret, one.secret_kind, one.outcome, one.service, one.decky, one.src_ip, one.attempts, one.first_seen, one.last_seen]));
  return (
    <>
      {reused.length > 0 && <span className="chip interaction" title="among the rows that are loaded">{count(reused.length)} pairs reused</span>}
      <Link to="/reuse" className="button">Reused</Link>
      <button disabled={!crack.length} title="Lines for hashcat and john, of the rows that are loaded" onClick={() => save("hashes.txt", "text/plain", crack.join("\n") + "\n")}><Icon name="down" /> Hashes</button>
      <button disabled={!words.length} title="Plaintext secrets, of the rows that are loaded" onClick={() => save("words.txt", "text/plain", words.join("\n") + "\n")}><Icon name="down" /> Words</button>
      <button disabled={!rows.length} onClick={() => save("credentials.csv", "text/csv", table())}><Icon name="down" /> CSV</button>
    </>
  );
}

function Detail({ one }: { one: Credential }) {
  return (
    <dl className="facts">
      <dt>Login</dt><dd><Captured text={one.principal} block /></dd>
      <dt>Secret</dt><dd><Captured text={one.secret} block /></dd>
      <dt>Kind</dt><dd>{one.secret_kind}</dd>
      <dt>Realm</dt><dd><Captured text={one.realm} /></dd>
      <dt>Outcome</dt><dd><Captured text={one.outcome} /></dd>
      <dt>Tries</dt><dd className="num">{count(one.attempts)}</dd>
      <dt>First</dt><dd className="num">{clock(one.first_seen)}</dd>
      <dt>Last</dt><dd className="num">{clock(one.last_seen)}</dd>
      <dt>Source</dt><dd>{one.src_ip ? <Link className="mono" to={`/attackers/${one.src_ip}`}>{one.src_ip}</Link> : "—"}</dd>
      <dt>Decky</dt><dd><Link to={`/fleet/${encodeURIComponent(one.decky)}`}>{one.decky}</Link> · {one.service}</dd>
      {one.crack_line && <><dt>For crackers</dt><dd><Captured text={one.crack_line} block /></dd></>}
      <dt>SHA-256</dt><dd className="mono">{one.secret_sha256}</dd>
    </dl>
  );
}
