/** Points in time as people write them: epoch ms, ISO 8601 dates, or so long ago. */
import { AppError } from "../errors.ts";

/** The lengths of time that a filter and a query know, in ms. */
export const timeUnits: ReadonlyMap<string, number> = new Map([
  ["ms", 1],
  ["s", 1000],
  ["m", 60_000],
  ["h", 3_600_000],
  ["d", 86_400_000],
  ["w", 7 * 86_400_000],
]);

export const timeHint =
  "use epoch milliseconds, an ISO 8601 date, or a time ago such as 15m, 2h, 7d, now";

/**
 * @returns epoch ms, null where the text says no time. `2h` and `now-2h` are two hours ago. A date
 *   without a time is midnight UTC.
 */
export function readTime(text: string, nowMs: number): number | null {
  if (text === "now") return nowMs;
  const ago = /^(?:now-)?(\d{1,9})(ms|s|m|h|d|w)$/.exec(text);
  if (ago) return Math.max(0, nowMs - Number(ago[1]) * timeUnits.get(ago[2]!)!);
  // Date.parse alone takes "-1" for the year 2001.
  const isDate = /^\d{4}-\d\d/.test(text);
  const time = /^\d{1,16}$/.test(text) ? Number(text) : isDate ? Date.parse(text) : NaN;
  return Number.isSafeInteger(time) ? time : null;
}

/** The same for a named field. @throws AppError `bad_request`. */
export function parseTime(text: string, field: string, nowMs = Date.now()): number {
  const time = readTime(text, nowMs);
  if (time !== null) return time;
  throw new AppError("bad_request", `invalid ${field}`, { hint: timeHint });
}
