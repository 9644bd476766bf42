import { useRouter } from "@tanstack/react-router";
import { type RefObject, useMemo, useState } from "react";
import { logOut } from "../api/account";
import { useQuery } from "../api/queries";
import { Icon, type IconName } from "../kit/Icon";
import { pages } from "./pages";
import { switchTheme } from "./theme";

interface Command {
  name: string;
  icon: IconName;
  run: () => void;
}

/** Everything that can be reached, by typing a part of its name. */
export function Palette({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  const [text, setText] = useState("");
  const [at, setAt] = useState(0);
  const commands = useCommands(text);
  const run = (command: Command | undefined) => {
    dialog.current?.close();
    command?.run();
  };
  const press = (key: string) => {
    if (key === "ArrowDown") setAt(Math.min(at + 1, commands.length - 1));
    else if (key === "ArrowUp") setAt(Math.max(at - 1, 0));
    else if (key === "Enter") run(commands[at]);
    else return false;
    return true;
  };
  return (
    <dialog
      ref={dialog}
      className="palette"
      aria-label="Go to"
      onClose={() => setText("")}
      onClick={(event) => event.target === dialog.current && dialog.current.close()}
    >
      <input
        autoFocus
        role="combobox"
        aria-expanded="true"
        aria-controls="palette-list"
        aria-activedescendant={commands[at] ? `palette-${at}` : undefined}
        aria-label="Page, decky, address or text"
        placeholder="Page, decky, address or text"
        value={text}
        onChange={(event) => {
          setText(event.target.value);
          setAt(0);
        }}
        onKeyDown={(event) => press(event.key) && event.preventDefault()}
      />
      <ul id="palette-list" role="listbox" aria-label="Found">
        {commands.map((command, index) => (
          <li
            key={command.name}
            id={`palette-${index}`}
            role="option"
            aria-selected={index === at}
            onMouseMove={() => setAt(index)}
            onClick={() => run(command)}
          >
            <Icon name={command.icon} /> <span className="cut">{command.name}</span>
          </li>
        ))}
      </ul>
    </dialog>
  );
}

function useCommands(text: string): Command[] {
  const router = useRouter();
  const deckies = useQuery("/api/v1/deckies", {}).data;
  return useMemo(() => {
    const go = (to: string, search: Record<string, string> = {}) => void router.navigate({ to, search: search as never });
    const all: Command[] = [
      ...pages.flatMap((page) => (page.icon ? [{ name: page.title, icon: page.icon, run: () => go(page.path) }] : [])),
      { name: "Switch dark and light", icon: "moon", run: switchTheme },
      { name: "Log out", icon: "out", run: () => void logOut() },
      ...(deckies ?? []).map((decky): Command => ({
        name: `${decky.name} ${decky.ip ?? ""}`,
        icon: "grid",
        run: () => go(`/fleet/${encodeURIComponent(decky.name)}`),
      })),
    ];
    const wanted = text.trim().toLowerCase();
    const found = all.filter((command) => command.name.toLowerCase().includes(wanted)).slice(0, 12);
    if (/^[0-9a-f.:]*[.:][0-9a-f.:]*$/.test(wanted)) {
      found.unshift({ name: `Attacker ${wanted}`, icon: "target", run: () => go(`/attackers/${wanted}`) });
    }
    if (wanted) {
      found.push({ name: `Events with “${text.trim()}”`, icon: "search", run: () => go("/events", { q: text.trim() }) });
    }
    return found;
  }, [text, deckies, router]);
}
