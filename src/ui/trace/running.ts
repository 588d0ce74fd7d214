/**
 * Spans are sent when they end, so the root of a trace comes last. While the trace runs, a row stands for it
 * at the top, with all that is there below it.
 */
import type { TraceColumns } from "../../query/columns.ts";

/** No span of the server's has it. */
export const runningKey = -1;

type Texts = TraceColumns["columns"]["name"];

/** The same with a row for the root, where that is still to come. */
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
