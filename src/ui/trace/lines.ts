/** Which rows of a trace are shown, in the order of the tree: what is closed, folded or filtered is not. */
import type { SpanTable } from "./model.ts";

/** Lines of a tree: line `i` stands for `counts[i]` spans from row `rows[i]` on. */
export interface Lines {
  readonly count: number;
  readonly rows: Int32Array;
  /** 1, or of a fold how many that are alike it stands for. */
  readonly counts: Int32Array;
  /** Which line shows a row: its own, that of the fold or of the closed span it is in. -1: none. */
  lineOf(row: number): number;
}

export interface Shown {
  /** Keys of spans whose children are hidden. */
  closed: ReadonlySet<number>;
  /** Keys of the first spans of folds that are open. */
  unfolded: ReadonlySet<number>;
  isFolding: boolean;
  /** Only these rows, and what they stand under; null: all. */
  only: Uint8Array | null;
}

/** The fewest neighbours that are worth folding. */
const foldedCount = 3;

export function linesOf(table: SpanTable, { closed, unfolded, isFolding, only }: Shown): Lines {
  const { count, ends, columns } = table;
  const rows = new Int32Array(count);
  const counts = new Int32Array(count);
  const places = new Int32Array(count).fill(-1);
  let n = 0;
  for (let row = 0; row < count;) {
    if (only && only[row] === 0) {
      row++;
      continue;
    }
    const end = ends[row]!;
    const alike = isFolding && !only && end === row + 1 ? countAlike(table, row) : 1;
    const isFold = alike >= foldedCount && !unfolded.has(columns.key[row]!);
    rows[n] = row;
    counts[n] = isFold ? alike : 1;
    const next = isFold ? row + alike : closed.has(columns.key[row]!) ? end : row + 1;
    places.fill(n, row, next);
    n++;
    row = next;
  }
  return {
    count: n,
    rows: rows.subarray(0, n),
    counts: counts.subarray(0, n),
    lineOf: (row) => places[row] ?? -1,
  };
}

/**
 * How many from a row on are leaves of one parent, of one kind and name. What failed is never among them, nor
 * is a model call: each is a step.
 */
function countAlike({ count, ends, parents, columns }: SpanTable, row: number): number {
  if (columns.spanType.values[columns.spanType.rows[row]!] === "llm") return 1;
  const ok = columns.status.values.indexOf("ok");
  let at = row;
  while (
    at < count &&
    ends[at] === at + 1 &&
    parents[at] === parents[row] &&
    columns.name.rows[at] === columns.name.rows[row] &&
    columns.spanType.rows[at] === columns.spanType.rows[row] &&
    columns.status.rows[at] === ok
  )
    at++;
  return at - row;
}

/** Marks rows and all that they stand under. */
export function withParents({ count, parents }: SpanTable, rows: Iterable<number>): Uint8Array {
  const marked = new Uint8Array(count);
  for (let row of rows) {
    while (row >= 0 && marked[row] === 0) {
      marked[row] = 1;
      row = parents[row]!;
    }
  }
  return marked;
}
