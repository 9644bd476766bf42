import { type ReactNode, useEffect, useState } from "react";

/** A button for what cannot be taken back: it asks once more, in its own place, and forgets the question after a while. */
export function Sure({ children, busy, act, label }: { children: ReactNode; busy?: boolean; act: () => void; label: string }) {
  const [asked, setAsked] = useState(false);
  useEffect(() => {
    if (!asked) return;
    const timer = setTimeout(() => setAsked(false), 4000);
    return () => clearTimeout(timer);
  }, [asked]);
  return (
    <button
      className={asked ? "danger" : "plain"}
      disabled={busy}
      aria-label={asked ? `Really: ${label}` : label}
      onClick={() => {
        if (asked) act();
        setAsked(!asked);
      }}
    >
      {asked ? "Sure?" : children}
    </button>
  );
}
