import { expect, test } from "bun:test";
import {
  domainOf,
  niceTop,
  startsOf,
  valuesOf,
  type Bucket,
} from "../../../src/ui/charts/buckets.ts";

const range = { since: 1_250, until: 3_001, bucketMs: 1_000 };

test("a chart has whole buckets at both ends", () => {
  expect(domainOf(range)).toEqual({ since: 1_000, until: 4_000 });
  expect(startsOf(range)).toEqual([1_000, 2_000, 3_000]);
});

test("a stretch in which nothing happened has a place, too", () => {
  const series = [
    { time: 1_000, traces: 4 },
    { time: 3_000, traces: 1 },
  ] as Bucket[];
  expect(valuesOf(startsOf(range), series, ({ traces }) => traces, 0)).toEqual([4, 0, 1]);
  expect(valuesOf(startsOf(range), series, ({ traces }) => traces, null)).toEqual([4, null, 1]);
});

test.each([
  [0, 1],
  [0.3, 0.4],
  [1, 1],
  [7, 8],
  [8.5, 10],
  [11, 20],
  [100, 100],
  [797.5, 800],
])("an axis up to %d ends at %d", (most, top) => {
  expect(niceTop(most)).toBeCloseTo(top, 10);
});
