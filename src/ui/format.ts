/**
 * Formats numbers for display. A figure is a list of digits and units, because units are shown smaller and
 * dimmer; `textOf` joins them for tooltips and copied text. Unknown values are shown as a word, never as
 * 0.
 */
export type Figure = readonly [digits: string, unit: string][];

export function textOf(figure: Figure): string {
  return figure.map(([digits, unit]) => (unit ? `${digits} ${unit}` : digits)).join(" ");
}

/** 118 ms, 2.0 s, 54.7 s, 5 m 15 s, 2 h 04 m, 3 d 4 h. */
export function duration(ms: number): Figure {
  if (ms < 1000) return [[ms < 10 && ms % 1 !== 0 ? ms.toFixed(1) : String(Math.round(ms)), "ms"]];
  if (ms < 59_950) return [[(ms / 1000).toFixed(1), "s"]];
  const s = Math.round(ms / 1000);
  if (s < 3600) return pair(Math.floor(s / 60), "m", s % 60, "s");
  const m = Math.round(s / 60);
  if (m < 24 * 60) return pair(Math.floor(m / 60), "h", m % 60, "m");
  const h = Math.round(m / 60);
  return [
    [String(Math.floor(h / 24)), "d"],
    [String(h % 24), "h"],
  ];
}

function pair(a: number, unitA: string, b: number, unitB: string): Figure {
  return [
    [String(a), unitA],
    [String(b).padStart(2, "0"), unitB],
  ];
}

const whole = new Intl.NumberFormat("en-US");

/** 1,261. Totals above 2^53 - 1 are passed as a string of digits. */
export function count(value: number | string): string {
  return whole.format(typeof value === "string" ? BigInt(value) : value);
}

/** 900, 7.9 k, 48.7 k, 1.24 M: three significant digits. */
export function short(value: number | string): Figure {
  const number = Number(value);
  for (const [size, unit] of [
    [1e9, "G"],
    [1e6, "M"],
    [1e3, "k"],
  ] as const) {
    // A value that rounds up to 1000 is shown in the next unit.
    if (number >= size * 0.9995) return [[trim(number / size), unit]];
  }
  return [[count(Math.round(number)), ""]];
}

function trim(value: number): string {
  return value >= 99.95
    ? value.toFixed(0)
    : value >= 9.995
      ? value.toFixed(1)
      : value.toFixed(value >= 1 ? 1 : 2);
}

/** 64 KB, 3.4 MB: decimal units. */
export function bytes(value: number): Figure {
  for (const [size, unit] of [
    [1e9, "GB"],
    [1e6, "MB"],
    [1e3, "KB"],
  ] as const) {
    if (value >= size * 0.9995) return [[trim(value / size), unit]];
  }
  return [[String(Math.round(value)), "B"]];
}

/**
 * $84.19, $0.0892, $0.000012: four decimal places below a dollar, more only if they would all be 0, and
 * never more than fit into a column.
 */
export function money(usd: string | number): string {
  const value = Number(usd);
  if (value === 0) return "$0";
  if (value >= 1e6) return `$${trim(value / 1e6)} M`;
  if (value >= 1000) return `$${whole.format(Math.round(value))}`;
  if (value >= 1) return `$${value.toFixed(2)}`;
  if (value >= 0.0001) return `$${value.toFixed(4)}`;
  if (value < minUsd) return `<$${minUsd.toFixed(6)}`;
  return `$${value.toFixed(Math.min(6, -Math.floor(Math.log10(value)) + 1))}`;
}

const minUsd = 0.000001;

/** 64 %, 2.9 %. */
export function percent(ratio: number): Figure {
  const value = ratio * 100;
  return [[value >= 9.95 || value === 0 ? value.toFixed(0) : value.toFixed(1), "%"]];
}

const clock = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const day = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short" });
const dayAndYear = new Intl.DateTimeFormat("en-GB", {
  day: "numeric",
  month: "short",
  year: "numeric",
});

/** 14:31:40, in the browser's time zone. */
export function timeOfDay(ms: number): string {
  return clock.format(ms);
}

/** The time if today, else date and time. */
export function time(ms: number, now: number): string {
  return isSameDay(ms, now) ? timeOfDay(ms) : dayAndClock.format(ms);
}

const shortClock = new Intl.DateTimeFormat("en-GB", { timeStyle: "short" });

/** A time range; the date is shown once if both ends are on one day. */
export function timeRange(from: number, to: number, now: number): string {
  return `${time(from, now)} – ${isSameDay(from, to) ? shortClock.format(to) : time(to, now)}`;
}

/** 2026-11-24 14:31:40.123, for tooltips. */
export function exactTime(ms: number): string {
  const date = new Date(ms);
  const local = new Date(ms - date.getTimezoneOffset() * 60_000);
  return Number.isNaN(local.getTime())
    ? String(ms)
    : local.toISOString().replace("T", " ").slice(0, -1);
}

/** Today, Yesterday, Tue, 24 Nov, 24 Nov 2025: the headings of lists by day. */
export function dayName(ms: number, now: number): string {
  if (isSameDay(ms, now)) return "Today";
  if (isSameDay(ms, now - 86_400_000)) return "Yesterday";
  const isThisYear = new Date(ms).getFullYear() === new Date(now).getFullYear();
  return (isThisYear ? day : dayAndYear).format(ms);
}

/** now, 12 s ago, 42 min ago, 3 h ago, 5 days ago. */
export function ago(ms: number, now: number): string {
  const s = Math.max(0, Math.round((now - ms) / 1000));
  if (s < 5) return "now";
  if (s < 60) return `${s} s ago`;
  if (s < 3600) return `${Math.round(s / 60)} min ago`;
  if (s < 86_400) return `${Math.round(s / 3600)} h ago`;
  const days = Math.round(s / 86_400);
  return days === 1 ? "1 day ago" : `${days} days ago`;
}

/** `1 trace`, `2 traces`. */
export function plural(value: number, one: string, many = `${one}s`): string {
  return `${count(value)} ${value === 1 ? one : many}`;
}

function isSameDay(a: number, b: number): boolean {
  return new Date(a).toDateString() === new Date(b).toDateString();
}
