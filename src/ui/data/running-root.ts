/**
 * Spans are sent when they end, so the root span of a trace arrives last. While a trace runs, a
 * placeholder row stands for its root, above all spans received so far.
 */
import type { TraceColumns } from "../../query/columns.ts";

/** A key that the server never assigns. */
export const runningKey = -1;

type Texts = TraceColumns["columns"]["name"];

/** Adds the placeholder row if the root span has not arrived. */
export function withRunningRoot(data: TraceColumns): TraceColumns {
  const { trace, columns, spanCount } = data;
  if (trace.state !== "open" || spanCount === 0) return data;
  const later = (rows: readonly number[]) => rows.map((row) => row + 1);
  const isTop = (row: number) => columns.depth[row] === 0;
  return {
    ...data,
    spanCount: spanCount + 1,
    columns: {
      key: [runningKey, ...columns.key],
      spanId: ["", ...columns.spanId],
      parent: [
        null,
        ...columns.parent.map((parent, row) =>
          isTop(row) ? 0 : typeof parent === "number" ? parent + 1 : parent,
        ),
      ],
      depth: [0, ...later(columns.depth)],
      childCount: [columns.depth.filter((depth) => depth === 0).length, ...columns.childCount],
      spanType: withFirst(columns.spanType, "agent"),
      name: withFirst(columns.name, trace.agentName ?? trace.name ?? "agent"),
      startTime: [trace.startTime, ...columns.startTime],
      durationMs: [trace.durationMs, ...columns.durationMs],
      status: withFirst(columns.status, "ok"),
      errorMessage: withFirst(columns.errorMessage, null),
      provider: withFirst(columns.provider, null),
      modelId: withFirst(columns.modelId, null),
      ttftMs: [null, ...columns.ttftMs],
      costUsd: [null, ...columns.costUsd],
      usage: Object.fromEntries(
        Object.entries(columns.usage).map(([name, values]) => [name, [null, ...values!]]),
      ),
      payloads: withFirst(columns.payloads, ""),
    },
    estimatedRows: later(data.estimatedRows),
    cycleRows: later(data.cycleRows),
    internalRows: later(data.internalRows),
    repeats: data.repeats.map(([row, counting]) => [row + 1, counting + 1]),
  };
}

function withFirst({ values, rows }: Texts, value: string | null): Texts {
  const known = values.indexOf(value);
  return known >= 0
    ? { values, rows: [known, ...rows] }
    : { values: [...values, value], rows: [values.length, ...rows] };
}
