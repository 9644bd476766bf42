import { useState } from "react";
import { Icon } from "./Icon";

/** A secret that is shown this once. */
export function Once({ what, secret, close }: { what: string; secret: string; close: () => void }) {
  const [copied, setCopied] = useState(false);
  const copy = () => void navigator.clipboard.writeText(secret).then(() => setCopied(true), () => setCopied(false));
  return (
    <div className="once" role="status">
      <span>{what}. It is shown this once:</span>
      <code className="mono">{secret}</code>
      <button onClick={copy}>{copied ? "Copied" : "Copy"}</button>
      <button className="plain icon" aria-label="Hide it" onClick={close}><Icon name="close" /></button>
    </div>
  );
}
