/** The sort orders of the table, and which spans have no place in one. */
import { ownOf } from "../../data/span-sums.ts";
import type { SpanTable } from "../../data/span-table.ts";

/** In the order in which the keyboard shortcut cycles through them. */
export const sortKeys = ["cost", "duration", "tokens", "errors", "start"] as const;
export type SortKey = (typeof sortKeys)[number];

export interface Sort {
  by: SortKey;
  /** The opposite of the usual first order: lowest cost first, latest start first. */
  isReversed: boolean;
}

export const sortWords: Record<SortKey, string> = {
  cost: "cost",
  duration: "duration",
  tokens: "tokens",
  errors: "errors",
  start: "start",
};

/** The form in addresses: "cost", "-cost"; "" for tree order. */
export function parseSort(text: string): Sort | null {
  const by = sortKeys.find((key) => key === text.replace(/^-/, ""));
  return by === undefined ? null : { by, isReversed: text.startsWith("-") };
}

export function sortText(sort: Sort | null): string {
  return sort ? `${sort.isReversed ? "-" : ""}${sort.by}` : "";
}

/** Clicking a heading sorts, then reverses, then returns to tree order. */
export function nextSort(sort: Sort | null, by: SortKey): Sort | null {
  if (sort?.by !== by) return { by, isReversed: false };
  return sort.isReversed ? null : { by, isReversed: true };
}

/** Calls without a price come after all calls with one. */
const unpriced = -1;

/**
 * @param isShown whether a row is included.
 * @returns the sorted rows, the running rows, and the rows without a place in the order: without a value,
 * or internal.
 */
export function sortRows(
  table: SpanTable,
  { by, isReversed }: Sort,
  isShown: (row: number) => boolean,
) {
  const { count, isInternal, runningRow } = table;
  const valueOf = valuesOf(table, by);
  const values = new Float64Array(count);
  const sorted = new Int32Array(count);
  const rest: number[] = [];
  const internal: number[] = [];
  let n = 0;
  for (let row = 0; row < count; row++) {
    if (row === runningRow || !isShown(row)) continue;
    if (isInternal[row] === 1) internal.push(row);
    else if (Number.isNaN((values[row] = valueOf(row)))) rest.push(row);
    else sorted[n++] = row;
  }
  const way = isReversed ? -1 : 1;
  return {
    sorted: sorted.subarray(0, n).sort((a, b) => way * (values[b]! - values[a]!) || a - b),
    running: runningRow !== null && isShown(runningRow) ? runningRow : null,
    rest: Int32Array.from(rest),
    internal: Int32Array.from(internal),
  };
}

/** The sort value of a row, largest first; NaN if it has none. */
function valuesOf(table: SpanTable, by: SortKey): (row: number) => number {
  const { columns } = table;
  const own = ownOf(table);
  switch (by) {
    case "start":
      return (row) => -columns.startTime[row]!;
    case "duration":
      return (row) => columns.durationMs[row]!;
    case "tokens":
      return (row) => own.tokens[row]!;
    case "cost":
      return (row) =>
        own.isPriced[row] === 1 ? own.pico[row]! : own.isPriceable[row] === 1 ? unpriced : NaN;
    case "errors": {
      const errors = new Set(table.errors);
      return (row) => (errors.has(row) ? 1 : NaN);
    }
  }
}
