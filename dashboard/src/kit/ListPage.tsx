import { type ReactNode, useRef, useState } from "react";
import type { Readable } from "../api/client";
import { Filters, type FilterName, useFilters } from "./Filters";
import { Icon } from "./Icon";
import { Empty, Fault, Loading } from "./State";
import { type Column, Table } from "./Table";
import { useList } from "./useList";

interface Props<T> {
  title: string;
  path: Readable;
  filters: readonly FilterName[];
  columns: Column<T>[];
  keyOf: (row: T) => string;
  empty: { title: string; text: string };
  /** Where a row leads; without it, the row opens beside the list, if there is a `detail`. */
  open?: (row: T) => void;
  detail?: (row: T, filter: (change: Record<string, string | undefined>) => void) => ReactNode;
  detailTitle?: (row: T) => ReactNode;
  actions?: (query: Record<string, string>, rows: T[]) => ReactNode;
}

/** A list of the API: filtered by the server, paged backwards by key, live at the top. */
export function ListPage<T>(props: Props<T>) {
  const [query, change] = useFilters(props.filters);
  const [paused, setPaused] = useState(false);
  const [scrolled, setScrolled] = useState(false);
  const [chosen, setChosen] = useState<T | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const list = useList<T>(props.path, query, props.keyOf, paused || scrolled);
  const release = () => {
    list.release();
    setPaused(false);
    scroller.current?.scrollTo({ top: 0 });
  };
  const body = () => {
    if (list.error && list.rows.length === 0) return <Fault error={list.error} retry={list.again} />;
    if (list.loading) return <Loading />;
    if (list.rows.length === 0) {
      const narrowed = Object.keys(query).length > 0;
      return <Empty title={narrowed ? "Nothing fits these filters" : props.empty.title}>{narrowed ? "Rows appear here as soon as something fits." : props.empty.text}</Empty>;
    }
    return (
      <Table
        label={props.title}
        columns={props.columns}
        rows={list.rows}
        keyOf={props.keyOf}
        open={props.open ?? (props.detail ? setChosen : undefined)}
        selected={chosen ? props.keyOf(chosen) : null}
        more={list.more}
        isNew={list.isNew}
        scroller={scroller}
        onScroll={(top) => setScrolled(top > 8)}
        foot={<div className="end">{list.done ? `That is all: ${list.rows.length.toLocaleString("en")}` : "Loading older…"}</div>}
      />
    );
  };
  return (
    <div className="page fills">
      <div className="head">
        <h1>{props.title}</h1>
        <span className="spring" />
        <button aria-pressed={paused} onClick={() => (paused ? release() : setPaused(true))}>
          <Icon name={paused ? "play" : "pause"} /> {paused ? "Paused" : scrolled ? "Held while scrolled" : "Live"}
        </button>
        {props.actions?.(query, list.rows)}
      </div>
      <Filters names={props.filters} />
      <div className="list">
        {list.waiting > 0 && (
          <button className="primary fresh" onClick={release}>
            {list.waiting >= 100 ? "100 or more" : list.waiting} new
          </button>
        )}
        {body()}
        {chosen && props.detail && (
          <aside className="drawer" aria-label="Details">
            <header>
              <h2 className="cut">{props.detailTitle?.(chosen)}</h2>
              <span className="spring" />
              <button className="plain icon" aria-label="Close" onClick={() => setChosen(null)}>
                <Icon name="close" />
              </button>
            </header>
            <div className="body" tabIndex={0}>{props.detail(chosen, change)}</div>
          </aside>
        )}
      </div>
    </div>
  );
}
