import { useVirtualizer } from "@tanstack/react-virtual";
import { type ReactNode, type RefObject, useEffect, useMemo, useRef } from "react";
import { useWidth } from "./useWidth";

export interface Column<T> {
  name: string;
  /** Least width in pixels; the column takes `grow` shares of what is left. */
  min: number;
  grow?: number;
  /** Where there is no room, the highest rank goes first; 0 always stays. */
  rank?: number;
  right?: boolean;
  show: (row: T) => ReactNode;
}

interface Props<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf: (row: T) => string;
  open?: (row: T) => void;
  selected?: string | null;
  /** Called when the end comes into sight. */
  more?: () => void;
  foot?: ReactNode;
  /** As high as its rows, inside of something that scrolls. */
  whole?: boolean;
  scroller?: RefObject<HTMLDivElement | null>;
  onScroll?: (top: number) => void;
  isNew?: (key: string) => boolean;
}

const ROW = 34;

/** A table that draws only the rows in sight, and only the columns that fit. */
export function Table<T>(props: Props<T>) {
  const { rows, keyOf, open, more, selected } = props;
  const own = useRef<HTMLDivElement>(null);
  const box = props.scroller ?? own;
  const width = useWidth(box);
  const columns = useMemo(() => fit(props.columns, width), [props.columns, width]);
  const grid = columns.map((column) => `minmax(${column.min}px, ${column.grow ? `${column.grow}fr` : `${column.min}px`})`).join(" ");
  const virtual = useVirtualizer({
    count: rows.length,
    getScrollElement: () => box.current,
    estimateSize: () => ROW,
    overscan: 12,
    getItemKey: (index) => (rows[index] ? keyOf(rows[index]) : index),
  });
  const items = virtual.getVirtualItems();
  const last = items.at(-1)?.index ?? -1;
  useEffect(() => {
    if (more && last >= rows.length - 10) more();
  }, [more, last, rows.length]);
  const step = (by: number) => {
    const at = rows.findIndex((row) => keyOf(row) === selected);
    const next = rows[Math.min(Math.max(at + by, 0), rows.length - 1)];
    if (!next || !open) return;
    open(next);
    virtual.scrollToIndex(Math.max(at + by, 0));
  };
  return (
    <div
      ref={box}
      className={props.whole ? "table whole" : "table"}
      tabIndex={0}
      role="table"
      aria-label={props.label}
      aria-rowcount={rows.length}
      onScroll={(event) => props.onScroll?.(event.currentTarget.scrollTop)}
      onKeyDown={(event) => {
        const by = { ArrowDown: 1, ArrowUp: -1 }[event.key];
        if (by && selected !== undefined && event.target === event.currentTarget) {
          event.preventDefault();
          step(by);
        }
      }}
    >
      <div className="thead" role="rowgroup">
        <div className="tr" role="row" style={{ gridTemplateColumns: grid }}>
          {columns.map((column) => (
            <div key={column.name} className={column.right ? "th right" : "th"} role="columnheader">
              {column.name}
            </div>
          ))}
        </div>
      </div>
      <div className="tbody" role="rowgroup" style={{ height: virtual.getTotalSize() }}>
        {items.map((item) => {
          const row = rows[item.index];
          if (row === undefined) return null;
          const key = keyOf(row);
          return (
            <div
              key={key}
              role="row"
              aria-rowindex={item.index + 1}
              aria-selected={open ? selected === key : undefined}
              tabIndex={open ? -1 : undefined}
              className={`tr${open ? " opens" : ""}${props.isNew?.(key) ? " new" : ""}`}
              style={{ gridTemplateColumns: grid, transform: `translateY(${item.start}px)` }}
              onClick={() => open?.(row)}
              onKeyDown={(event) => event.key === "Enter" && open?.(row)}
            >
              {columns.map((column) => (
                <div key={column.name} role="cell" className={column.right ? "td right" : "td"}>
                  {column.show(row)}
                </div>
              ))}
            </div>
          );
        })}
      </div>
      {props.foot}
    </div>
  );
}

/** The columns that fit into `width`, in their order. */
function fit<T>(columns: Column<T>[], width: number): Column<T>[] {
  const kept = [...columns];
  const room = width - 32;
  const needed = () => kept.reduce((sum, column) => sum + column.min + 16, -16);
  while (width > 0 && needed() > room) {
    const worst = kept.reduce((a, b) => ((b.rank ?? 0) > (a.rank ?? 0) ? b : a));
    if (!worst.rank) break;
    kept.splice(kept.indexOf(worst), 1);
  }
  return kept;
}
