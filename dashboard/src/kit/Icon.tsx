/** Icons as paths on a field of 24 by 24, drawn by stroke. */
const PATHS = {
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  world: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18M3 12h18M12 3c-5 5-5 13 0 18M12 3c5 5 5 13 0 18",
  list: "M8 6h13M8 12h13M8 18h13M3.5 6h.01M3.5 12h.01M3.5 18h.01",
  target: "M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18ZM12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM12 1v4M12 19v4M1 12h4M19 12h4",
  terminal: "M4 5h16a1 1 0 0 1 1 1v12a1 1 0 0 1-1 1H4a1 1 0 0 1-1-1V6a1 1 0 0 1 1-1ZM7 9l3 3-3 3M12.5 15H17",
  key: "M8 11a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM11 12l8-8M16 7l3 3M14 9l2 2",
  canary: "M3 13c3 0 4-2 4-5a5 5 0 0 1 9-3h5l-4 3c1 7-3 12-9 12-4 0-6-3-5-7ZM13 8h.01M10 20v2M13 19v3",
  file: "M14 3H6a1 1 0 0 0-1 1v16a1 1 0 0 0 1 1h12a1 1 0 0 0 1-1V8ZM14 3v5h5",
  grid: "M4 4h6v6H4ZM14 4h6v6h-6ZM4 14h6v6H4ZM14 14h6v6h-6Z",
  branch: "M9 3h6v5H9ZM3 16h6v5H3ZM15 16h6v5h-6ZM12 8v4M6 16v-4h12v4",
  heart: "M3 12h4l2-4 3 8 2-4h7M12 21C5 16 3 12 3 8.500A4.500 4.500 0 0 1 12 6a4.500 4.500 0 0 1 9 2.500C21 12 19 16 12 21Z",
  gear: "M12 9a3 3 0 1 0 0 6 3 3 0 0 0 0-6ZM12 2v3M12 19v3M4.900 4.900 7 7M17 17l2.100 2.100M2 12h3M19 12h3M4.900 19.100 7 17M17 7l2.100-2.100",
  sliders: "M3 7h11M18 7h3M16 5v4M3 17h5M12 17h9M10 15v4",
  bell: "M6 9a6 6 0 0 1 12 0c0 7 3 7 3 9H3c0-2 3-2 3-9ZM10 21h4",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14ZM16 16l5 5",
  close: "M5 5l14 14M19 5 5 19",
  menu: "M4 7h16M4 12h16M4 17h16",
  moon: "M20 14a8 8 0 1 1-10-10 7 7 0 0 0 10 10Z",
  out: "M14 4h5v16h-5M3 12h11M10 8l4 4-4 4",
  down: "M12 4v12M7 11l5 5 5-5M4 20h16",
  filter: "M3 5h18l-7 8v6l-4 2v-8Z",
  pause: "M8 5v14M16 5v14",
  play: "M7 5l12 7-12 7Z",
  back: "M20 12H5M11 6l-6 6 6 6",
  alert: "M12 3 2 20h20ZM12 10v4M12 17h.01",
  people: "M9 4a4 4 0 1 0 0 8 4 4 0 0 0 0-8ZM2 21c0-4 3-7 7-7s7 3 7 7M16 4.500a4 4 0 0 1 0 7M18 14.500c3 1 4 3.500 4 6.500",
  flag: "M5 22V3M5 4h13l-3 4 3 4H5",
  ear: "M7 15a6 6 0 1 1 11-4c0 4-4 4-4 7a3 3 0 0 1-5 2M10 11a2 2 0 1 1 4 0c0 1.500-2 2-2 3.500",
  box: "M12 3 21 7.500v9L12 21l-9-4.500v-9ZM3 7.500l9 4.500 9-4.500M12 12v9",
  plus: "M12 5v14M5 12h14",
  undo: "M4 9h10a6 6 0 0 1 0 12h-4M8 5 4 9l4 4",
  redo: "M20 9H10a6 6 0 0 0 0 12h4M16 5l4 4-4 4",
  fit: "M4 9V4h5M15 4h5v5M20 15v5h-5M9 20H4v-5",
  mail: "M3 6h18v12H3ZM3 7l9 7 9-7",
  copy: "M9 9h11v11H9ZM5 15H4V4h11v1",
} as const;

export type IconName = keyof typeof PATHS;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg className="icon" viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
