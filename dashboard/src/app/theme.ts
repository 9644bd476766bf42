/** The theme that was chosen, or that of the system. */
const NAME = "decnet.theme";
export type Theme = "dark" | "light";

export function theme(): Theme {
  const chosen = localStorage.getItem(NAME);
  if (chosen === "dark" || chosen === "light") return chosen;
  return matchMedia("(prefers-color-scheme: light)").matches ? "light" : "dark";
}

export function applyTheme(): void {
  document.documentElement.dataset.theme = theme();
}

export function switchTheme(): void {
  localStorage.setItem(NAME, theme() === "dark" ? "light" : "dark");
  applyTheme();
  window.dispatchEvent(new Event("theme"));
}
