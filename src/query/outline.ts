/**
 * The spans of a trace as they stand below each other, without an object for any of them: some 60 bytes a
 * span, half of them while it is made, so that a trace of a million spans can be read page by page. What
 * only the whole trace can tell of a span is found here.
 */
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import type { Summary } from "../backend/views.ts";
import { spanTypes } from "../contract/v1.ts";
import { largeTraceSpans } from "../limits.ts";
import { isModelCall } from "../tally/calls.ts";
import { arrange, none, sortByStart } from "../tally/tree.ts";
import { enlarged, SpanIds } from "./spanids.ts";

/**
 * Spans are numbered from 0 on, in the order in which they came. All arrays but `keys`, `starts` and
 * `byStart` are by the rows in which spans are shown.
 */
export interface Outline {
  readonly count: number;
  /** By number. They grow. */
  readonly keys: Float64Array;
  readonly numbers: Int32Array;
  readonly depths: Int32Array;
  readonly childCounts: Int32Array;
  /** Rows of the parents that spans name; `none` where there is none, or where it is not stored. */
  readonly parents: Int32Array;
  /** Sums of the marks below. */
  readonly marks: Uint8Array;
  /** By number. */
  readonly starts: Float64Array;
  /** Numbers by start. */
  readonly byStart: Int32Array;
  /** The number of the span with this key; `none` where there is none. */
  numberOf(key: number): number;
  /** Its row, likewise. */
  rowOf(key: number): number;
}

export const mark = {
  /** It names a parent that is not stored. */
  orphan: 1,
  /** It is among its own ancestors. */
  cycle: 2,
  internal: 4,
  /** It is no call, and a span below it reports usage, which its own cost would count again. */
  summed: 8,
} as const;

/** What an outline follows from. */
const fields = [
  ...(["key", "spanId", "parentSpanId", "spanType", "startTime"] as const),
  ...(["isRuntime", "reportsUsage"] as const),
];
type OutlineSpan = Pick<SpanRecord, (typeof fields)[number]>;

const typeNumbers = new Map(spanTypes.map((spanType, number) => [spanType, number]));
const calls = spanTypes.map((spanType) => isModelCall({ spanType }));
const other = spanTypes.indexOf("other");

/** The trace, and how many spans it has. */
export type OutlinedTrace = Pick<Summary, "key" | "spanCount">;

/** @param lastKey spans with greater keys, which came later, are left out. */
export function readOutline(reader: Reader, trace: OutlinedTrace, lastKey?: number): Outline {
  const { key: traceKey, spanCount } = trace;
  const ofTrace = lastKey === undefined ? { traceKey } : { traceKey, lastKey };
  return outlineOf(reader.spans(ofTrace, fields), spanCount);
}

/**
 * @param spans by their keys.
 * @param expected how many there are, about.
 */
function outlineOf(spans: Iterable<OutlineSpan>, expected: number): Outline {
  const size = Math.max(1, expected);
  let ids: SpanIds | null = new SpanIds(size);
  let keys = new Float64Array(size);
  let starts = new Float64Array(size);
  let types = new Uint8Array(size);
  let isRuntime = new Uint8Array(size);
  let hasUsage = new Uint8Array(size);
  let count = 0;
  for (const span of spans) {
    if (count === keys.length) {
      [keys, starts] = [enlarged(keys), enlarged(starts)];
      [types, isRuntime, hasUsage] = [enlarged(types), enlarged(isRuntime), enlarged(hasUsage)];
    }
    ids.add(span.spanId, span.parentSpanId);
    keys[count] = span.key;
    starts[count] = span.startTime;
    types[count] = typeNumbers.get(span.spanType)!;
    if (span.isRuntime) isRuntime[count] = 1;
    if (span.reportsUsage) hasUsage[count] = 1;
    count++;
  }
  const byStart = Int32Array.from({ length: count }, (_, number) => number);
  sortByStart(starts, byStart);
  const named = new Int32Array(count).fill(none);
  const isOrphan = new Uint8Array(count);
  for (const number of byStart) {
    named[number] = ids.parentOf(number);
    if (named[number] === none && ids.isBelow(number)) isOrphan[number] = 1;
  }
  // A third of all that is needed, and needed no more.
  ids = null;
  if (count >= largeTraceSpans.scanned) Bun.gc(true);
  const { numbers, depths, childCounts, cycles } = arrange({ byStart, parents: named });

  const rows = new Int32Array(count).fill(none);
  numbers.forEach((number, row) => (rows[number] = row));
  const isInternal = findInternal(named, byStart, types, isRuntime);
  const parents = new Int32Array(count);
  const marks = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const number = numbers[row]!;
    const parent = named[number]!;
    parents[row] = parent === none ? none : rows[parent]!;
    marks[row] =
      (isOrphan[number] === 1 ? mark.orphan : 0) +
      (cycles[row] === 1 ? mark.cycle : 0) +
      (isInternal?.[number] === 1 ? mark.internal : 0);
  }
  /** By depth: whether a span there, or below it, reports usage, under the parent that comes next. */
  const reports: boolean[] = [];
  for (let row = count - 1; row >= 0; row--) {
    const number = numbers[row]!;
    const depth = depths[row]!;
    const isSummed = reports[depth + 1] ?? false;
    reports[depth + 1] = false;
    if ((isSummed || cycles[row] === 1) && !calls[types[number]!]) marks[row]! += mark.summed;
    reports[depth] ||= isSummed || hasUsage[number] === 1;
  }
  return {
    count,
    keys: keys.subarray(0, count),
    numbers,
    depths,
    childCounts,
    parents,
    marks,
    starts: starts.subarray(0, count),
    byStart,
    numberOf: (key) => indexIn(keys, count, key),
    rowOf: (key) => rows[indexIn(keys, count, key)] ?? none,
  };
}

/** @returns where a key stands among the first `count`, which grow; `none` where it does not. */
function indexIn(keys: Float64Array, count: number, key: number): number {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (keys[middle]! < key) low = middle + 1;
    else high = middle;
  }
  return low < count && keys[low] === key ? low : none;
}

/** Tells of spans by their keys whether any stands directly below that is not internal. */
export function findAboveWork({ count, parents, marks, rowOf }: Outline) {
  const isAbove = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const parent = parents[row]!;
    if (parent !== none && (marks[row]! & mark.internal) === 0) isAbove[parent] = 1;
  }
  return (key: number) => isAbove[rowOf(key)] === 1;
}

/** The rule of tally/internal.ts, for all spans at once. @returns 1 by number; null where none can be. */
function findInternal(
  parents: Int32Array,
  numbers: Int32Array,
  types: Uint8Array,
  isRuntime: Uint8Array,
): Uint8Array | null {
  const hasWork = numbers.some((number) => types[number] !== other);
  if (!hasWork || !isRuntime.includes(1)) return null;
  /** 1 of what is no runtime span or has such a span below it. */
  const isLeading = new Uint8Array(parents.length);
  for (const number of numbers) {
    if (isRuntime[number] === 1) continue;
    for (let at = number; at !== none && isLeading[at] === 0; at = parents[at]!) isLeading[at] = 1;
  }
  const isInternal = new Uint8Array(parents.length);
  for (const number of numbers) {
    if (parents[number] !== none && isLeading[number] === 0) isInternal[number] = 1;
  }
  return isInternal;
}
