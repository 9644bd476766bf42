import { type ReactNode, useRef, useState } from "react";

interface Props {
  label: string;
  value: string;
  placeholder?: string;
  disabled?: boolean;
  /** Called when it is left or Enter is pressed, with what is another text than before. */
  commit: (value: string) => void;
}

/** A text that is taken when one is done with it; Escape leaves it as it was. */
export function Field({ label, value, placeholder, disabled = false, commit }: Props) {
  const [text, show] = useState<string | null>(null);
  // Who takes the text may have the field go, which leaves it once more.
  const held = useRef<string | null>(null);
  const setText = (next: string | null) => {
    held.current = next;
    show(next);
  };
  const done = () => {
    const given = held.current?.trim();
    setText(null);
    if (given !== undefined && given !== value) commit(given);
  };
  return (
    <label className="field">{label}
      <input
        value={text ?? value} placeholder={placeholder} disabled={disabled} autoComplete="off" spellCheck={false} onChange={(event) => setText(event.target.value)} onBlur={done}
        onKeyDown={(event) => {
          if (event.key === "Enter") done();
          else if (event.key === "Escape") setText(null);
        }}
      />
    </label>
  );
}

export function Fields({ title, children }: { title: string; children: ReactNode }) {
  return <div className="fields" role="group" aria-label={title}>{children}</div>;
}
