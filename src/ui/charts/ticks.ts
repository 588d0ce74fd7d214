/** The time labels of an axis: both ends, and round times between them. */
export interface Tick {
  /** The position, from 0 to 1. */
  at: number;
  text: string;
}

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;
const steps = [1, 5, 15, 30, 60, 120, 180, 240, 360, 720, 1440, 2880, 7200, 14_400, 43_200];
const maxLabels = 8;
/** The minimum distance to the end labels, in label widths. */
const margin = 0.64;

const clock = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit" });
const dayAndClock = new Intl.DateTimeFormat("en-GB", {
  weekday: "short",
  hour: "2-digit",
  minute: "2-digit",
});
const weekday = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric" });
const date = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @param room how many labels fit, each as wide as "Wed 12:00". */
export function ticksOf(since: number, until: number, room = maxLabels): Tick[] {
  const length = until - since;
  const step =
    minuteMs * (steps.find((minutes) => length <= minutes * minuteMs * room) ?? 525_600 / 4);
  // Midnight in the browser's time zone.
  const offset = new Date(since).getTimezoneOffset() * minuteMs;
  const first = Math.ceil((since - offset) / step) * step + offset;
  const ticks: Tick[] = [];
  for (let ms = first; ms < until; ms += step) {
    const at = (ms - since) / length;
    if (at > margin / room && at < 1 - margin / room)
      ticks.push({ at, text: textOf(ms, step, length) });
  }
  const isLong = length > 8 * dayMs;
  return [
    { at: 0, text: (isLong ? date : dayAndClock).format(since) },
    ...ticks,
    { at: 1, text: (isLong ? date : clock).format(until) },
  ];
}

function textOf(ms: number, step: number, length: number): string {
  if (length > 8 * dayMs) return date.format(ms);
  const time = clock.format(ms);
  return step >= dayMs || time === "00:00" ? weekday.format(ms) : time;
}
