/**
 * The skeleton of a trace as it came: columns, read row by row. Of 50,000 spans none is an object until
 * it is looked at; what views ask of all of them stands in typed arrays.
 */
import type { TraceColumns } from "../../query/columns.ts";
import type { Skeleton } from "../../backend/views.ts";
import { runningKey } from "./running.ts";

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
  /** The parent's row; null at the top, and where the parent is not stored. */
  parent: number | null;
  /** The id of a parent that is named and not stored. */
  missingParent: string | null;
  isCycle: boolean;
  /** It stands for the root of a trace that still runs: nothing of it was received. */
  isRunning: boolean;
  /** The row that counts for the same model call; null of one that counts itself. */
  repeats: number | null;
}

export interface SpanTable {
  readonly trace: TraceColumns["trace"];
  readonly count: number;
  /** How many spans were received: all but the one that stands for the root. */
  readonly spanCount: number;
  /** By the server's key. */
  rowOf(key: number): number | null;
  rowOfId(spanId: string): number | null;
  span(row: number): SpanRow;
  /** Rows of the parents, -1 at the top. */
  readonly parents: Int32Array;
  /** The first row that is not below each. */
  readonly ends: Int32Array;
  /**
   * Of each model call its number in the order of rows, from 1, however many spans report it; of others that
   * of the call before them.
   */
  readonly steps: Int32Array;
  /** Of rows that are not counted the one that counts for the same model call. */
  readonly repeats: ReadonlyMap<number, number>;
  /** Rows of failed spans, ascending, of one model call one. */
  readonly errors: Int32Array;
  /** 1 of spans that only tell of the sender's runtime. */
  readonly isInternal: Uint8Array;
  readonly internalCount: number;
  /** The row that stands for a root that still runs; null where there is none. */
  readonly runningRow: number | null;
  /** Rows whose cost is estimated. */
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
