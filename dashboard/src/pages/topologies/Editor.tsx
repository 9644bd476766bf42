import "../../design/topology.css";
import { useCallback, useEffect, useMemo, useState } from "react";
import { type Body, call, Problem } from "../../api/client";
import type { useOperation } from "../../api/operations";
import { Icon } from "../../kit/Icon";
import { Fault } from "../../kit/State";
import { Sure } from "../../kit/Sure";
import { Canvas, type Chosen, type Finding } from "./Canvas";
import { type Change, Refused } from "./change";
import { read } from "./document";
import { act, begin, type History, type Lost, pending, rebase, redo, undo } from "./history";
import { Inspector } from "./Inspector";
import { picture, type Spot, tidy } from "./layout";
import { isLive } from "./state";
import { useLit } from "./useLit";
import { useWays, WaysField } from "./Ways";
import { words } from "./words";

type Topology = Body["TopologyDetail"];
interface Check { of: unknown; findings: Finding[]; depths: Record<string, number> }

/** Findings by what they are about. */
const bySubject = (findings: Finding[]): Map<string, Finding[]> => {
  const found = new Map<string, Finding[]>();
  for (const one of findings) found.set(one.subject, [...(found.get(one.subject) ?? []), one]);
  return found;
};

/** A draft of what is stored, and how it goes on where what is stored changes meanwhile. */
function useDraft(topology: Topology) {
  const [history, setHistory] = useState<History>(() => begin(read(topology.document), topology.version));
  const changes = useMemo(() => pending(history), [history]);
  const other = topology.version !== history.version;
  const fresh = useCallback(() => setHistory(begin(read(topology.document), topology.version)), [topology.document, topology.version]);
  useEffect(() => {
    if (other && changes.length === 0) fresh();
  }, [other, changes.length, fresh]);
  useEffect(() => {
    const ask = (event: BeforeUnloadEvent) => changes.length > 0 && event.preventDefault();
    addEventListener("beforeunload", ask);
    return () => removeEventListener("beforeunload", ask);
  }, [changes.length]);
  return { history, setHistory, changes, other, fresh };
}

/** A topology on a canvas: changed as a draft, checked, and saved as a whole. */
export function Editor({ topology, work, may, reload, unsaved }: { topology: Topology; work: ReturnType<typeof useOperation>; may: boolean; reload: () => Promise<unknown>; unsaved: (count: number) => void }) {
  const { history, setHistory, changes, other, fresh } = useDraft(topology);
  const [chosen, choose] = useState<Chosen | null>(null);
  const [refused, setRefused] = useState("");
  const [lost, setLost] = useState<Lost[]>([]);
  const [check, setCheck] = useState<Check | null>(null);
  const [fault, setFault] = useState<unknown>(null);
  const [saving, setSaving] = useState(false);
  const document = history.now.document;
  const live = isLive(topology.state);
  const stored = { of: history.base.document, findings: topology.findings, depths: topology.depths };
  const checked: Check = check && (check.of === document || changes.length > 0) ? check : stored;
  const found = useMemo(() => bySubject(checked.findings), [checked.findings]);
  const drawn = useMemo(() => picture(document, checked.depths), [document, checked.depths]);
  const lit = useLit(topology.name);
  const { ways, ...shown } = useWays(topology.name);
  useEffect(() => unsaved(changes.length), [changes.length, unsaved]);

  const doThem = useCallback((list: Change[], then?: Chosen | null, part?: string) => {
    try {
      setHistory(act(history, list, part));
      setRefused("");
      if (then !== undefined) choose(then);
    } catch (why) {
      if (!(why instanceof Refused)) throw why;
      setRefused(why.message);
    }
  }, [history, setHistory]);
  const remove = ({ kind, name }: Chosen) => doThem([kind === "lan" ? { op: "remove_lan", name } : { op: "remove_decky", decky: name }], null);
  const join = (decky: string, lan: string) => doThem([{ op: "attach_decky", decky, lan, forwards: document.edges.some((one) => one.decky === decky && one.forwards === true) }]);
  const move = (name: string, { x, y }: Spot, part: string) => doThem([{ op: "update_lan", name, x, y }], undefined, part);
  const arrange = () => doThem([...tidy(document, checked.depths)].map(([name, { x, y }]): Change => ({ op: "update_lan", name, x, y })));
  const validate = async () => {
    setFault(null);
    try {
      const { findings, depths } = await call("post", "/api/v1/topologies/{name}/check", { path: { name: topology.name }, body: { document: document as never } });
      setCheck({ of: document, findings, depths });
    } catch (error) {
      setFault(error);
    }
  };
  const save = async () => {
    setSaving(true);
    const body = { changes: changes as never, expected_version: history.version };
    const done = await work.ask(() => call("post", "/api/v1/topologies/{name}/edit", { path: { name: topology.name }, body }));
    if (done?.state === "done") {
      // What is stored now is what was drawn: the draft begins anew with it once it is read.
      setHistory(begin(document, history.version + 1));
      setCheck(null);
      setLost([]);
    }
    await reload();
    setSaving(false);
  };
  const merge = () => {
    const next = rebase(history, read(topology.document), topology.version);
    setHistory(next.history);
    setLost(next.lost);
    setCheck(null);
  };
  const late = !saving && (other || (work.error instanceof Problem && work.error.status === 409));
  const editing = { document, live, act: may ? doThem : undefined };
  const stale = checked.of !== document;
  const bad = checked.findings.filter((one) => !one.warning).length;
  return (
    <section className="panel" aria-label="Network">
      <div className="tools" role="toolbar" aria-label="Editing">
        {may && (
          <>
            <button className="icon" aria-label="Take back" disabled={!history.past.length} onClick={() => setHistory(undo(history))}><Icon name="undo" /></button>
            <button className="icon" aria-label="Do again" disabled={!history.future.length} onClick={() => setHistory(redo(history))}><Icon name="redo" /></button>
            <button onClick={arrange}><Icon name="fit" /> Tidy</button>
            <button onClick={() => void validate()}>Validate</button>
            <button className="primary" disabled={saving || work.busy || changes.length === 0 || other} onClick={() => void save()}>{work.busy ? "Saving…" : `Save ${changes.length || ""}`}</button>
            {changes.length > 0 && <Sure label="Drop what is not saved" act={fresh}>Drop</Sure>}
          </>
        )}
        <span className="spring" />
        <WaysField {...shown} />
        <span className={`chip ${stale ? "" : bad ? "bad" : "good"}`} role="status">{stale ? "not validated" : bad ? `${bad} to mend` : "sound"}</span>
      </div>
      {refused && <p className="note bad" role="alert">{refused}</p>}
      {fault !== null && <Fault error={fault} />}
      {late && changes.length > 0 && (
        <div className="once" role="alert">
          <span>{other ? `Somebody else has changed it: version ${topology.version} is stored, and this was drawn on ${history.version}.` : "Somebody else has changed it meanwhile."}</span>
          {other ? <><button className="primary" onClick={merge}>Go on with theirs and mine</button><Sure label="Drop what is mine" act={fresh}>Drop mine</Sure></> : <button onClick={() => void reload()}>Read theirs</button>}
        </div>
      )}
      {lost.length > 0 && <div className="note bad" role="alert">Not done, because of what somebody else has changed: {lost.map((one) => `${words(one.change)} (${one.why})`).join("; ")}</div>}
      <div className="editor">
        <Canvas
          document={document} picture={drawn} found={found} lit={lit} ways={ways} chosen={chosen} choose={choose}
          edit={may ? { move, join, remove, undo: () => setHistory(undo(history)), redo: () => setHistory(redo(history)) } : undefined}
        />
        <Inspector editing={editing} chosen={chosen} choose={choose} found={found} />
      </div>
      {changes.length > 0 && (
        <details className="note">
          <summary>{changes.length} changes are not saved</summary>
          <ol className="changes" tabIndex={0}>{changes.map((change, number) => <li key={number}>{words(change)}</li>)}</ol>
        </details>
      )}
    </section>
  );
}
