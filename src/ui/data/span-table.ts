/**
 * The spans of a trace as the server sends them: in columns, read by row. With 50,000 spans, an object for
 * each would be slow; what views need of all spans is in typed arrays.
 */
import type { Skeleton } from "../../backend/views.ts";
import type { TraceColumns } from "../../query/columns.ts";
import { runningKey } from "./running-root.ts";

export interface SpanRow extends Pick<
  Skeleton,
  | "key"
  | "spanId"
  | "depth"
  | "childCount"
  | "name"
  | "startTime"
  | "endTime"
  | "durationMs"
  | "status"
  | "errorMessage"
  | "provider"
  | "modelId"
  | "ttftMs"
  | "costUsd"
  | "isCostEstimated"
  | "usage"
> {
  row: number;
  kind: Skeleton["spanType"];
  /** The parent's row; null for a root, and if the parent is not stored. */
  parent: number | null;
  /** The id of a parent that is not stored. */
  missingParent: string | null;
  isCycle: boolean;
  /** True for the placeholder of a root span that has not been received yet. */
  isRunning: boolean;
  /** The row that counts for the same model call; null if this row counts itself. */
  repeats: number | null;
}

export interface SpanTable {
  readonly trace: TraceColumns["trace"];
  readonly count: number;
  /** The number of received spans, without the placeholder for the root. */
  readonly spanCount: number;
  /** @param key the server's key of a span. */
  rowOf(key: number): number | null;
  rowOfId(spanId: string): number | null;
  span(row: number): SpanRow;
  /** The parent's row of each row, -1 for roots. */
  readonly parents: Int32Array;
  /** For each row, the first row after its subtree. */
  readonly ends: Int32Array;
  /**
   * For a model call its number in row order, from 1; spans that report the same call share it. For other
   * spans the number of the last call before them.
   */
  readonly steps: Int32Array;
  /** For each row that is not counted, the row that counts for the same model call. */
  readonly repeats: ReadonlyMap<number, number>;
  /** Rows of failed spans, ascending; one per model call. */
  readonly errors: Int32Array;
  /** 1 for spans that describe only the sender's runtime. */
  readonly isInternal: Uint8Array;
  readonly internalCount: number;
  /** The placeholder row of a running root; null if there is none. */
  readonly runningRow: number | null;
  /** Rows with an estimated cost. */
  readonly estimated: ReadonlySet<number>;
  readonly columns: TraceColumns["columns"];
}

type Texts = TraceColumns["columns"]["name"];

const text = ({ values, rows }: Texts, row: number): string | null => values[rows[row]!] ?? null;

export function toSpanTable({
  trace,
  spanCount: count,
  columns,
  estimatedRows,
  cycleRows,
  internalRows,
  repeats: repeatedRows,
}: TraceColumns): SpanTable {
  const parents = new Int32Array(count);
  const ends = new Int32Array(count);
  const steps = new Int32Array(count);
  const errors: number[] = [];
  const model = columns.spanType.values.indexOf("llm");
  const failed = columns.status.values.indexOf("error");
  const open: number[] = [];
  const isRunning = columns.key[0] === runningKey;
  const isInternal = new Uint8Array(count);
  for (const row of internalRows) isInternal[row] = 1;
  const repeats = new Map(repeatedRows);
  const isFailed = (row: number) => columns.status.rows[row] === failed;
  let step = 0;
  for (let row = 0; row < count; row++) {
    const parent = columns.parent[row];
    parents[row] = typeof parent === "number" ? parent : -1;
    const depth = columns.depth[row]!;
    while (open.length > depth) ends[open.pop()!] = row;
    open.push(row);
    const counting = repeats.get(row);
    if (columns.spanType.rows[row] === model && counting === undefined) step++;
    steps[row] = step;
    if (isFailed(row) && !(counting !== undefined && isFailed(counting))) errors.push(row);
  }
  for (const [row, counting] of repeats) steps[row] = steps[counting]!;
  for (const row of open) ends[row] = count;
  const cycles = new Set(cycleRows);
  const estimated = new Set(estimatedRows);
  let byKey: Map<number, number> | null = null;
  let byId: Map<string, number> | null = null;

  return {
    trace,
    count,
    spanCount: isRunning ? count - 1 : count,
    columns,
    parents,
    ends,
    steps,
    repeats,
    errors: Int32Array.from(errors),
    isInternal,
    internalCount: internalRows.length,
    runningRow: isRunning ? 0 : null,
    estimated,
    rowOf(key) {
      byKey ??= new Map(columns.key.map((each, row) => [each, row]));
      return byKey.get(key) ?? null;
    },
    rowOfId(spanId) {
      byId ??= new Map(columns.spanId.map((each, row) => [each, row]));
      return byId.get(spanId) ?? null;
    },
    span(row) {
      const parent = columns.parent[row] ?? null;
      const startTime = columns.startTime[row]!;
      const durationMs = columns.durationMs[row]!;
      const usage = Object.entries(columns.usage).flatMap(([name, values]) => {
        const value = values![row];
        return value === null || value === undefined ? [] : [[name, value] as const];
      });
      return {
        row,
        key: columns.key[row]!,
        spanId: columns.spanId[row]!,
        parent: typeof parent === "number" ? parent : null,
        missingParent: typeof parent === "string" ? parent : null,
        depth: columns.depth[row]!,
        childCount: columns.childCount[row]!,
        isCycle: cycles.has(row),
        isRunning: columns.key[row] === runningKey,
        repeats: repeats.get(row) ?? null,
        kind: text(columns.spanType, row) as SpanRow["kind"],
        name: text(columns.name, row)!,
        startTime,
        endTime: startTime + durationMs,
        durationMs,
        status: text(columns.status, row) as SpanRow["status"],
        errorMessage: text(columns.errorMessage, row),
        provider: text(columns.provider, row),
        modelId: text(columns.modelId, row),
        ttftMs: columns.ttftMs[row]!,
        costUsd: columns.costUsd[row]!,
        ...(estimated.has(row) && { isCostEstimated: true as const }),
        usage: usage.length > 0 ? Object.fromEntries(usage) : null,
      };
    },
  };
}
