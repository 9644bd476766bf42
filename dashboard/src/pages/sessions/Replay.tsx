import "asciinema-player/dist/bundle/asciinema-player.css";
import { create } from "asciinema-player";
import { useEffect, useRef, useState } from "react";
import { send } from "../../api/client";
import { Captured } from "../../kit/Captured";
import { Icon } from "../../kit/Icon";
import { Fault, Loading } from "../../kit/State";
import { save } from "../../kit/export";
import { output } from "./cast";

const SPEEDS = [0.5, 1, 2, 4, 8];

/** Plays a recording of a terminal. Where the browser cannot, its text is there all the same. */
export default function Replay({ sha256 }: { sha256: string }) {
  const box = useRef<HTMLDivElement>(null);
  const [cast, setCast] = useState<string | null>(null);
  const [error, setError] = useState<unknown>(null);
  const [speed, setSpeed] = useState(1);
  const [text, setText] = useState(false);
  const [sought, setSought] = useState("");
  useEffect(() => {
    const control = new AbortController();
    send("GET", "/api/v1/artifacts/{sha256}/content", { path: { sha256 }, signal: control.signal })
      .then((answer) => answer.text())
      .then(setCast, (fault) => !control.signal.aborted && setError(fault));
    return () => control.abort();
  }, [sha256]);
  useEffect(() => {
    if (!cast || !box.current || text) return;
    try {
      const player = create({ data: cast }, box.current, { fit: "both", idleTimeLimit: 2, speed, preload: true, poster: "npt:0:1", terminalFontSize: "small" });
      return () => player.dispose();
    } catch (fault) {
      setError(fault);
      setText(true);
    }
    return undefined;
  }, [cast, speed, text]);
  if (error && !cast) return <div className="body"><Fault error={error} /></div>;
  if (cast === null) return <Loading />;
  const said = text ? output(cast) : "";
  const found = said.split("\n").filter((line) => line.toLowerCase().includes(sought.toLowerCase())).join("\n");
  return (
    <div className="player">
      <div className="row" style={{ marginBottom: "var(--s3)" }}>
        <div className="row" role="group" aria-label="Speed">
          {SPEEDS.map((value) => (
            <button key={value} className={speed === value ? "primary" : ""} aria-pressed={speed === value} onClick={() => setSpeed(value)}>{value}×</button>
          ))}
        </div>
        <button aria-pressed={text} onClick={() => setText(!text)}>{text ? "As replay" : "As text"}</button>
        {text && <input type="search" aria-label="Search in the text" placeholder="Search" value={sought} onChange={(event) => setSought(event.target.value)} />}
        <span className="spring" />
        <button onClick={() => save(`${sha256.slice(0, 16)}.cast`, "application/x-asciicast", cast)}><Icon name="down" /> Recording</button>
      </div>
      {text ? <Captured text={found} block /> : <div className="screen" ref={box} />}
    </div>
  );
}
