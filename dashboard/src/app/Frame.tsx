import { Link, Outlet, useRouterState } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { logOut } from "../api/account";
import { useLiveState } from "../api/live";
import { session } from "../api/session";
import { Icon } from "../kit/Icon";
import { pages } from "./pages";
import { Palette } from "./Palette";
import { switchTheme } from "./theme";

/** What stands around every page: navigation, the state of the stream, the palette. */
export function Frame() {
  const [open, setOpen] = useState(false);
  const palette = useRef<HTMLDialogElement>(null);
  const path = useRouterState({ select: (state) => state.location.pathname });
  const title = pages.find((page) => page.path === path)?.title;
  useEffect(() => {
    setOpen(false);
    document.title = title ? `${title} · DECNET` : "DECNET";
  }, [path, title]);
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
        event.preventDefault();
        palette.current?.showModal();
      }
    };
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  return (
    <div className="frame">
      <div className="bar">
        <button className="plain icon" aria-label="Menu" aria-expanded={open} onClick={() => setOpen(!open)}>
          <Icon name={open ? "close" : "menu"} />
        </button>
        <Link to="/" className="brand">
          <img src="/icon.svg" alt="" /> DECNET
        </Link>
        <span className="spring" />
        <button className="plain icon" aria-label="Search" onClick={() => palette.current?.showModal()}>
          <Icon name="search" />
        </button>
      </div>
      <Navigation open={open} onSearch={() => palette.current?.showModal()} />
      <main className="main">
        <Outlet />
      </main>
      <Palette dialog={palette} />
    </div>
  );
}

function Navigation({ open, onSearch }: { open: boolean; onSearch: () => void }) {
  const live = useLiveState();
  const who = session.get();
  return (
    <nav className={open ? "nav open" : "nav"} aria-label="Pages">
      <Link to="/" className="brand">
        <img src="/icon.svg" alt="" /> DECNET
      </Link>
      <ul>
        {pages.filter((page) => page.icon).map((page) => (
          <li key={page.path}>
            <Link to={page.path} activeOptions={{ exact: page.path === "/" }} activeProps={{ className: "active" }}>
              {page.icon && <Icon name={page.icon} />} {page.title}
            </Link>
          </li>
        ))}
      </ul>
      <div className="foot">
        <span className={`live ${live === "open" ? "on" : live === "waiting" ? "wait" : "off"}`} role="status">
          {live === "open" ? "Live" : live === "waiting" ? "Connecting…" : "Reconnecting…"}
        </span>
        <button className="plain" onClick={onSearch}>
          <Icon name="search" /> Search <span className="spring" /> <kbd className="faint">Ctrl K</kbd>
        </button>
        <button className="plain" onClick={switchTheme}>
          <Icon name="moon" /> Dark or light
        </button>
        <button className="plain" onClick={() => void logOut()}>
          <Icon name="out" /> Log out
        </button>
        <span className="who cut">
          {who?.user} · {who?.role}
        </span>
      </div>
    </nav>
  );
}
