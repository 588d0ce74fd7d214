/** Icons: 16 px for controls, 14 px for states, 12 px for kinds of spans. */
const icons = {
  search: "M11.2 7a4.2 4.2 0 1 1-8.4 0 4.2 4.2 0 0 1 8.4 0m-1 3.2 3.3 3.3",
  right: "m6 4 4 4-4 4",
  left: "m10 4-4 4 4 4",
  down: "m4 6 4 4 4-4",
  up: "m4 10 4-4 4 4",
  close: "m4.5 4.5 7 7m0-7-7 7",
  copy: "M7 5.5h4.5A1.5 1.5 0 0 1 13 7v4.5a1.5 1.5 0 0 1-1.5 1.5H7a1.5 1.5 0 0 1-1.5-1.5V7A1.5 1.5 0 0 1 7 5.5M3.5 10.2A1.5 1.5 0 0 1 3 9V4.5A1.5 1.5 0 0 1 4.5 3H9c.5 0 .9.2 1.2.5",
  link: "M6.8 9.2a2.3 2.3 0 0 0 3.3 0l2-2a2.3 2.3 0 0 0-3.3-3.3l-.8.8M9.2 6.8a2.3 2.3 0 0 0-3.3 0l-2 2a2.3 2.3 0 0 0 3.3 3.3l.8-.8",
  pause: "M5.7 4v8M10.3 4v8",
  play: "M5.5 3.8v8.4l6.5-4.2z",
  columns:
    "M4 3h8a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 12 13H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 3m2.2 0v10M9.8 3v10",
  filter: "M2.5 4.5h11M4.8 8h6.4M6.8 11.5h2.4",
  more: "M3.5 8h.01M8 8h.01M12.5 8h.01",
  download: "M8 2.8v7m0 0 2.8-2.8M8 9.8 5.2 7M3 12.8h10",
  open: "M9 3h4v4M13 3 7.5 8.5M6.5 3.5H4.2A1.2 1.2 0 0 0 3 4.7v7.1A1.2 1.2 0 0 0 4.2 13h7.1a1.2 1.2 0 0 0 1.2-1.2V9.5",
  help: "M13.5 8a5.5 5.5 0 1 1-11 0 5.5 5.5 0 0 1 11 0M6.6 6.4a1.5 1.5 0 1 1 2 1.5c-.4.2-.6.4-.6.9M8 10.9v.01",
  warn: "M8 3 2.8 12.2h10.4zM8 6.8v2.4M8 10.8v.01",
  check: "m3.5 8.5 3 3 6-7",
  side: "M4 3h8a1.5 1.5 0 0 1 1.5 1.5v7A1.5 1.5 0 0 1 12 13H4a1.5 1.5 0 0 1-1.5-1.5v-7A1.5 1.5 0 0 1 4 3m5.8 0v10",
  plus: "M8 3.5v9M3.5 8h9",
  pin: "M6 2.8h4l-.5 4 2 2.2h-7l2-2.2zM8 9v4.2",
  list: "M5.5 4.5H13M5.5 8H13M5.5 11.5H13M3 4.5h.01M3 8h.01M3 11.5h.01",
  chat: "M2.8 3.5h10.4v7.2H8.6l-3 2.6v-2.6H2.8z",
  bars: "M3.5 12.5V8M8 12.5v-9M12.5 12.5V6",
  hexagon: "M8 2.4 12.9 5.2v5.6L8 13.6 3.1 10.8V5.2z",
  bookmark: "M5 2.8h6a1 1 0 0 1 1 1v9.4L8 10.4l-4 2.8V3.8a1 1 0 0 1 1-1",
  pencil: "m9.8 4.2 2 2M3.5 12.5l.5-2.3 6.6-6.6a1 1 0 0 1 1.4 0l.4.4a1 1 0 0 1 0 1.4L5.8 12z",
  trash: "M3.5 4.5h9M6.5 4.5V3h3v1.5M5 4.5l.5 8.5h5l.5-8.5",
  compare:
    "M3.5 3h2.2a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1H3.5a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1m6.8 0h2.2a1 1 0 0 1 1 1v8a1 1 0 0 1-1 1h-2.2a1 1 0 0 1-1-1V4a1 1 0 0 1 1-1",
  swap: "M3 5.5h9.5m0 0L10 3m2.5 2.5L10 8M13 10.5H3.5m0 0L6 8m-2.5 2.5L6 13",
} as const;

export type IconName = keyof typeof icons;

const looks = { s: "icon is-small", xs: "icon is-tiny" };

/** Hidden from screen readers: the element around it has a label. */
export function Icon({ name, size }: { name: IconName; size?: "s" | "xs" }) {
  return (
    <svg className={size ? looks[size] : "icon"} viewBox="0 0 16 16" aria-hidden="true">
      <path d={icons[name]} />
    </svg>
  );
}

export function ThemeIcon() {
  return (
    <svg className="icon" viewBox="0 0 16 16" aria-hidden="true">
      <circle cx="8" cy="8" r="5" />
      <path d="M8 3a5 5 0 0 1 0 10z" fill="currentColor" stroke="none" />
    </svg>
  );
}

export function Logo() {
  return (
    <svg viewBox="0 0 20 20" aria-hidden="true">
      <path
        d="M10 1.2c2.5 2.9 3.6 4.7 3.6 6.3a3.6 3.6 0 0 1-7.2 0c0-1.6 1.1-3.4 3.6-6.3z"
        fill="var(--flame)"
      />
      <path d="M2.2 12.4h15.6l-.7 4.1a2 2 0 0 1-2 1.7H4.9a2 2 0 0 1-2-1.7z" fill="var(--cup-1)" />
    </svg>
  );
}
