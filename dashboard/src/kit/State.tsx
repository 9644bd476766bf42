import { Link } from "@tanstack/react-router";
import type { ReactNode } from "react";
import { Problem } from "../api/client";
import { Icon, type IconName } from "./Icon";

/** Nothing to show, and why. */
export function Empty({ icon = "search", title, children }: { icon?: IconName; title: string; children?: ReactNode }) {
  return (
    <div className="state">
      <Icon name={icon} />
      <strong>{title}</strong>
      {children && <span>{children}</span>}
    </div>
  );
}

/** What went wrong, in the server's words, and a way to try again. */
export function Fault({ error, retry }: { error: unknown; retry?: () => void }) {
  const problem = error instanceof Problem ? error : null;
  const text = error instanceof TypeError ? "The server does not answer." : error instanceof Error ? error.message : String(error);
  return (
    <div className="fault" role="alert">
      <strong>{text}</strong>
      {problem?.errors.map((wrong) => (
        <div key={wrong.field + wrong.message}>
          {wrong.field && <span className="mono">{wrong.field}: </span>}
          {wrong.message}
        </div>
      ))}
      {retry && (
        <div>
          <button className="plain" onClick={retry}>
            Try again
          </button>
        </div>
      )}
    </div>
  );
}

export function Loading() {
  return (
    <div className="state" role="status">
      <span className="skeleton" style={{ width: 180 }} />
      <span className="skeleton" style={{ width: 120 }} />
      <span className="sr">Loading</span>
    </div>
  );
}

export function Missing() {
  return (
    <Empty icon="alert" title="There is no such page">
      <Link to="/">To the overview</Link>
    </Empty>
  );
}
