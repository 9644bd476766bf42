import { Link, useParams } from "@tanstack/react-router";
import { useState } from "react";
import { send } from "../../api/client";
import { useQuery } from "../../api/queries";
import { Captured } from "../../kit/Captured";
import { save } from "../../kit/export";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { bytes, clock, count } from "../../kit/time";
import { Answers } from "../attackers/Whose";
import { hex } from "./hex";

/** Most of a content that is shown, in bytes. */
const PREVIEW = 16 * 1024;

export default function ArtefactPage() {
  const { sha256 = "" } = useParams({ strict: false }) as { sha256?: string };
  const artefact = useQuery("/api/v1/artifacts/{sha256}", { path: { sha256 } });
  const [content, setContent] = useState<Uint8Array<ArrayBuffer> | null>(null);
  const [asText, setAsText] = useState(false);
  const [error, setError] = useState<unknown>(null);
  if (artefact.error) return <div className="page"><Fault error={artefact.error} retry={() => void artefact.refetch()} /></div>;
  if (!artefact.data) return <Loading />;
  const one = artefact.data;
  const load = async (then: (data: Uint8Array<ArrayBuffer>) => void, form: "content" | "zip" = "content") => {
    try {
      const answer = await send("GET", `/api/v1/artifacts/{sha256}/${form}`, { path: { sha256 } });
      then(new Uint8Array(await answer.arrayBuffer()));
    } catch (fault) {
      setError(fault);
    }
  };
  return (
    <div className="page">
      <div className="head">
        <Link to="/artefacts" className="button plain icon" aria-label="All artefacts"><Icon name="back" /></Link>
        <h1 className="mono cut">{one.sha256.slice(0, 24)}…</h1>
        <span className="spring" />
        <button title="It may be live malware: it is saved with the ending .bin" onClick={() => void load((data) => save(`${sha256}.bin`, "application/octet-stream", data))}><Icon name="down" /> Download</button>
        <button title="A ZIP archive with the password “infected”" onClick={() => void load((data) => save(`${sha256}.zip`, "application/zip", data), "zip")}><Icon name="down" /> ZIP</button>
      </div>
      {error !== null && <Fault error={error} />}
      <section className="panel body">
        <dl className="facts">
          <dt>SHA-256</dt><dd className="mono">{one.sha256}</dd>
          <dt>Size</dt><dd className="num">{bytes(one.size)} ({count(one.size)} bytes)</dd>
          <dt>Origin</dt><dd><Captured text={one.origin} /></dd>
          <dt>Format</dt><dd><Captured text={one.format} /></dd>
          <dt>Seen</dt><dd className="num">{count(one.sightings)} times, {clock(one.first_seen)} to {clock(one.last_seen)}</dd>
          {!one.kept && <><dt>Content</dt><dd>Not kept{one.unkept ? `: it met the limit events.${one.unkept}` : ""}</dd></>}
          <Answers answers={one.reputation} />
        </dl>
      </section>
      <section className="panel">
        <header>
          <h2>Content</h2><span className="faint">first {bytes(Math.min(one.size, PREVIEW))}</span><span className="spring" />
          {content && <button className="plain" onClick={() => setAsText(!asText)}>{asText ? "As hex" : "As text"}</button>}
        </header>
        {content ? (asText ? <div className="body"><Captured block text={new TextDecoder("utf-8").decode(content)} /></div> : <pre className="hex" tabIndex={0}>{hex(content)}</pre>) : (
          <div className="state"><button onClick={() => void load((data) => setContent(data.slice(0, PREVIEW)))}>Show it</button></div>
        )}
      </section>
      <section className="panel">
        <header><h2>Where it was seen</h2></header>
        <ol className="timeline">
          {one.latest.map((seen) => (
            <li key={seen.event}>
              <span className="faint num">{clock(seen.at)}</span>
              <span className="mono cut">{seen.src_ip ? <Link to={`/attackers/${seen.src_ip}`}>{seen.src_ip}</Link> : "—"}</span>
              <span className="cut"><Link to={`/fleet/${encodeURIComponent(seen.decky)}`}>{seen.decky}</Link> {seen.service} · <Captured text={seen.path ?? seen.origin} /> {seen.session && <Link to={`/sessions/${encodeURIComponent(seen.session)}`}>session</Link>}</span>
            </li>
          ))}
        </ol>
      </section>
    </div>
  );
}
