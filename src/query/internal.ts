/** The internal spans of a stored trace: see store/internal.ts. */
import type { Database } from "bun:sqlite";
import { spanTypes } from "../contract/v1.ts";
import { fromCell, type Cell } from "../store/codec.ts";
import { InternalSpans, type RuntimeFacts } from "../store/internal.ts";
import { spanKeyRange } from "../store/rows.ts";

export interface InternalRow {
  spanId: string;
  parentSpanId: string | null;
  spanType: number;
  isRuntime: number;
}

/** @param rows all of the trace; no id may come twice. */
export function findInternal(
  rows: readonly InternalRow[],
): (span: Pick<InternalRow, "spanId">) => boolean {
  if (!rows.some(({ isRuntime }) => isRuntime === 1)) return () => false;
  const spans = new Map<string, RuntimeFacts>();
  const internal = new InternalSpans(spans);
  for (const { spanId, parentSpanId, spanType, isRuntime } of rows) {
    const span = {
      spanId,
      parentSpanId,
      spanType: spanTypes[spanType]!,
      isRuntime: isRuntime === 1,
    };
    spans.set(spanId, span);
    internal.add(span);
  }
  return ({ spanId }) => internal.has(spanId);
}

/** Whether a span of the trace is internal. */
export function readInternal(sqlite: Database, traceKey: number): ReturnType<typeof findInternal> {
  const rows = sqlite
    .query<InternalRow & { spanId: Cell; parentSpanId: Cell | null }, [number, number]>(
      "SELECT spanId, parentSpanId, spanType, isRuntime FROM spans WHERE key BETWEEN ? AND ?",
    )
    .all(...spanKeyRange(traceKey));
  for (const row of rows) {
    row.spanId = fromCell(row.spanId);
    row.parentSpanId = row.parentSpanId && fromCell(row.parentSpanId);
  }
  return findInternal(rows);
}
