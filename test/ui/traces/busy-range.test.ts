import { expect, test } from "bun:test";
import type { Stats } from "../../../src/backend/figures.ts";
import { busyRange } from "../../../src/ui/traces/busy-range.ts";

const dayMs = 86_400_000;
const series = (...days: number[]) =>
  days.map((day) => ({ time: day * dayMs, traces: 1 })) as Stats["series"];
const fit = (days: number[], until: number, bucketMs = dayMs) => {
  const found = busyRange({
    since: days[0]! * dayMs,
    until: until * dayMs,
    bucketMs,
    series: series(...days),
  });
  return found && [found.since / dayMs, found.until / dayMs];
};

test("days of work are shown from the first to now", () => {
  expect(fit([0, 1, 2, 4, 5, 7], 8)).toBeNull();
});

test("an import of long ago stays outside, and so do several", () => {
  expect(fit([0, 1, 700, 701, 705], 706)).toEqual([700, 706]);
  expect(fit([0, 500, 700, 701, 705], 706)).toEqual([700, 706]);
});

test("the first bar begins before the range does", () => {
  const range = { since: 3, until: 703 * dayMs, bucketMs: dayMs };
  expect(busyRange({ ...range, series: series(0, 700, 701) })).toEqual({
    since: 700 * dayMs,
    until: 703 * dayMs,
  });
});

test("where nothing came since, the range ends with the last trace", () => {
  expect(fit([0, 1, 3], 500)).toEqual([0, 4]);
});

test("short ranges are shown whole, and a range without a trace too", () => {
  expect(fit([0, 90], 91, 3_600_000)).toBeNull();
  expect(busyRange({ since: 0, until: 100 * dayMs, bucketMs: dayMs, series: [] })).toBeNull();
});
