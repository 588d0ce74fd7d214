/**
 * The spans of a trace as they stand below each other, without an object for any of them: some 60 bytes a
 * span, half of them while it is made, so that a trace of a million spans can be read page by page. What
 * only the whole trace can tell of a span is found here.
 */
import type { Database } from "bun:sqlite";
import { spanTypes } from "../../contract/v1.ts";
import { largeTraceSpans } from "../../limits.ts";
import { isModelCall } from "../../tally/calls.ts";
import type { Cell } from "../db/cells.ts";
import { createCleanup } from "../db/open.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { usageColumns } from "../../contract/fields.ts";
import { arrange, none } from "../../tally/tree.ts";

/** All arrays but `starts` and `byStart` are by the rows in which spans are shown. */
export interface Outline {
  readonly count: number;
  /** A span's key is this plus its number. */
  readonly firstKey: number;
  /** The greatest key of its spans. */
  readonly lastKey: number;
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
  /** `none` for a number that no span has. */
  rowOf(number: number): number;
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

interface OutlineRow {
  key: number;
  spanId: Cell;
  parentSpanId: Cell | null;
  spanType: number;
  startTime: number;
  isRuntime: number;
  hasUsage: number;
}

const calls = spanTypes.map((spanType) => isModelCall({ spanType }));
const other = spanTypes.indexOf("other");

/** @param lastKey spans with greater keys, which came later, are left out. */
export function readOutline(sqlite: Database, traceKey: number, lastKey?: number): Outline {
  const [firstKey, end] = spanKeyRange(traceKey);
  const until = lastKey ?? end;
  const last = lastKeyOf(sqlite, firstKey, until);
  const size = last === null ? 0 : last - firstKey + 1;
  let ids: SpanIds | null = new SpanIds(size);
  const starts = new Float64Array(size);
  const types = new Uint8Array(size);
  const isRuntime = new Uint8Array(size);
  const hasUsage = new Uint8Array(size);
  const present = new Int32Array(size);
  let count = 0;
  const select = sqlite.query<OutlineRow, [number, number]>(
    `SELECT key, spanId, parentSpanId, spanType, startTime, isRuntime,
       coalesce(${usageColumns}) IS NOT NULL AS hasUsage
     FROM spans WHERE key BETWEEN ? AND ? ORDER BY key`,
  );
  const cleanUp = createCleanup(sqlite);
  for (const row of select.iterate(firstKey, until)) {
    const number = row.key - firstKey;
    present[count++] = number;
    ids.add(number, row.spanId, row.parentSpanId);
    starts[number] = row.startTime;
    types[number] = row.spanType;
    isRuntime[number] = row.isRuntime;
    hasUsage[number] = row.hasUsage;
    cleanUp();
  }
  const byStart = present.subarray(0, count);
  sortBy(starts, byStart);
  const named = new Int32Array(size).fill(none);
  const isOrphan = new Uint8Array(size);
  for (const number of byStart) {
    named[number] = ids.parentOf(number);
    if (named[number] === none && ids.isBelow(number)) isOrphan[number] = 1;
  }
  // A third of all that is needed, and needed no more.
  ids = null;
  if (count >= largeTraceSpans.scanned) Bun.gc(true);
  const { numbers, depths, childCounts, cycles } = arrange({ byStart, parents: named });

  const rows = new Int32Array(size).fill(none);
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
    firstKey,
    lastKey: last ?? firstKey,
    numbers,
    depths,
    childCounts,
    parents,
    marks,
    starts,
    byStart,
    rowOf: (number) => rows[number] ?? none,
  };
}

/** Tells of spans by their keys whether any stands directly below that is not internal. */
export function findAboveWork({ firstKey, count, parents, marks, rowOf }: Outline) {
  const isAbove = new Uint8Array(count);
  for (let row = 0; row < count; row++) {
    const parent = parents[row]!;
    if (parent !== none && (marks[row]! & mark.internal) === 0) isAbove[parent] = 1;
  }
  return (key: number) => isAbove[rowOf(key - firstKey)] === 1;
}

/** The numbers of a trace's spans by their start, for who needs no more of the order. */
export function readByStart(sqlite: Database, traceKey: number): Int32Array {
  const [firstKey, end] = spanKeyRange(traceKey);
  const last = lastKeyOf(sqlite, firstKey, end);
  if (last === null) return new Int32Array();
  const starts = new Float64Array(last - firstKey + 1);
  const present = new Int32Array(starts.length);
  let count = 0;
  const select = sqlite.query<{ key: number; startTime: number }, [number, number]>(
    "SELECT key, startTime FROM spans WHERE key BETWEEN ? AND ? ORDER BY key",
  );
  const cleanUp = createCleanup(sqlite);
  for (const { key, startTime } of select.iterate(firstKey, last)) {
    present[count++] = key - firstKey;
    starts[key - firstKey] = startTime;
    cleanUp();
  }
  const byStart = present.subarray(0, count);
  sortBy(starts, byStart);
  return byStart;
}

function lastKeyOf(sqlite: Database, firstKey: number, until: number): number | null {
  return sqlite
    .query<{ key: number | null }, [number, number]>(
      "SELECT max(key) AS key FROM spans WHERE key BETWEEN ? AND ?",
    )
    .get(firstKey, until)!.key;
}

/** Sorts numbers of spans by their start, then by themselves. They mostly come so. */
function sortBy(starts: Float64Array, numbers: Int32Array): void {
  for (let i = 1; i < numbers.length; i++) {
    if (starts[numbers[i - 1]!]! > starts[numbers[i]!]!) {
      numbers.sort((a, b) => starts[a]! - starts[b]! || a - b);
      return;
    }
  }
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

/** Nobody knows them: no sender can choose ids whose hashes meet. */
const seeds = crypto.getRandomValues(new Uint32Array(4));

/** Hashes of 64 bits, as two columns: numbers beyond 32 bits would be an object each. */
class Hashes {
  readonly high: Uint32Array;
  readonly low: Uint32Array;

  constructor(size: number) {
    this.high = new Uint32Array(size);
    this.low = new Uint32Array(size);
  }

  /** A text and the bytes of another stay apart: see codec.ts. */
  set(at: number, cell: Cell): void {
    const from = typeof cell === "string" ? 0 : 2;
    this.high[at] = Bun.hash.xxHash32(cell, seeds[from]);
    this.low[at] = Bun.hash.xxHash32(cell, seeds[from + 1]);
  }
}

/** Finds spans by their ids, of which it keeps hashes and not the texts. */
class SpanIds {
  readonly #ids: Hashes;
  readonly #parents: Hashes;
  /** Numbers + 1, at the first free place from that of the hash on. */
  readonly #table: Int32Array;
  /** 1 where a span names a parent. */
  readonly #isBelow: Uint8Array;

  /** @param size above all numbers. */
  constructor(size: number) {
    this.#ids = new Hashes(size);
    this.#parents = new Hashes(size);
    this.#table = new Int32Array(2 ** Math.ceil(Math.log2(2 * size + 2)));
    this.#isBelow = new Uint8Array(size);
  }

  add(number: number, id: Cell, parent: Cell | null): void {
    this.#ids.set(number, id);
    this.#table[this.#placeOf(this.#ids, number)] = number + 1;
    if (parent === null) return;
    this.#parents.set(number, parent);
    this.#isBelow[number] = 1;
  }

  /** Once all spans are there: the number of a span's parent. */
  parentOf(number: number): number {
    if (this.#isBelow[number] === 0) return none;
    return this.#table[this.#placeOf(this.#parents, number)]! - 1;
  }

  isBelow(number: number): boolean {
    return this.#isBelow[number] === 1;
  }

  /** Where a hash stands in the table, or would. */
  #placeOf({ high, low }: Hashes, at: number): number {
    const last = this.#table.length - 1;
    for (let place = low[at]! & last; ; place = (place + 1) & last) {
      const found = this.#table[place]! - 1;
      if (found < 0) return place;
      if (this.#ids.low[found] === low[at] && this.#ids.high[found] === high[at]) return place;
    }
  }
}
