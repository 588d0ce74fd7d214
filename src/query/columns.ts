/**
 * The skeleton of a trace as columns: for 50,000 spans 5 MB of JSON instead of 19, on the wire 1.3 MB
 * instead of 2.0, written in 16 ms instead of 220. What repeats is in it once; what follows
 * from other columns (ends, the parent's id) is not in it.
 */
import { Type, type Static } from "@sinclair/typebox";
import { usdOf } from "../backend/costs.ts";
import type { Reader } from "../backend/reader.ts";
import type { TraceRef } from "../backend/traces.ts";
import { nextSpans, TraceView } from "../backend/views.ts";
import { usageColumns } from "../contract/fields.ts";
import { described, nullable } from "../schemas.ts";
import { mark } from "./outline.ts";
import { errorOf, readSpans, type SkeletonSpan, type SpansQuery } from "./skeleton.ts";

const Texts = Type.Object(
  { values: Type.Array(nullable(Type.String())), rows: Type.Array(Type.Integer()) },
  { description: "The different values, and for each span the place of its own among them" },
);
const Count = nullable(Type.Integer());
type UsageColumn = (typeof usageColumns)[number];
const Counts = Type.Unsafe<Partial<Record<UsageColumn, Static<typeof Count>[]>>>(
  Type.Object(
    Object.fromEntries(usageColumns.map((column) => [column, Type.Optional(Type.Array(Count))])),
    { description: "Those that any span has" },
  ),
);

export const TraceColumns = Type.Object({
  trace: TraceView.properties.trace,
  firstRow: described(
    "Where the first span stands among all that are shown: rows are counted over all pages",
  ),
  spanCount: described("The length of each column"),
  columns: Type.Object({
    key: Type.Array(Type.Integer()),
    spanId: Type.Array(Type.String()),
    parent: Type.Array(Type.Union([Type.Integer(), Type.String(), Type.Null()]), {
      description:
        "The row of the parent, which may be on another page; its id where it is not stored; null at the top",
    }),
    depth: Type.Array(Type.Integer()),
    childCount: Type.Array(Type.Integer()),
    spanType: Texts,
    name: Texts,
    startTime: Type.Array(Type.Integer()),
    durationMs: Type.Array(Type.Integer()),
    status: Texts,
    errorMessage: Texts,
    provider: Texts,
    modelId: Texts,
    ttftMs: Type.Array(nullable(Type.Number())),
    costUsd: Type.Array(nullable(Type.String())),
    usage: Counts,
    payloads: Texts,
  }),
  estimatedRows: Type.Array(Type.Integer(), { description: "Spans whose cost is estimated" }),
  cycleRows: Type.Array(Type.Integer(), { description: "Spans among their own ancestors" }),
  internalRows: Type.Array(Type.Integer(), { description: "Internal spans" }),
  repeats: Type.Array(Type.Tuple([Type.Integer(), Type.Integer()]), {
    description:
      "Rows that are not counted, each with the row that counts for the same model call or tool run, or the last of those that it sums up; that may be on another page",
  }),
  nextCursor: nextSpans,
});

export type TraceColumns = Static<typeof TraceColumns>;

/**
 * The same as `readTrace`, field by field, and without an object for each span: that would take as long as
 * all the rest. @throws AppError `not_found`, `conflict`, `bad_request`.
 */
export function readTraceColumns(
  reader: Reader,
  ref: TraceRef,
  query: SpansQuery,
  nowMs: number,
): TraceColumns {
  const { trace, outline, firstRow, spans, nextCursor } = readSpans(reader, ref, query, nowMs);
  const { parents, marks } = outline;
  const spanCount = spans.length;
  const ofPage = (values: Int32Array) => [...values.subarray(firstRow, firstRow + spanCount)];
  const rowsWhere = (test: (span: SkeletonSpan, marks: number) => boolean) =>
    spans.flatMap((span, i) => (test(span, marks[firstRow + i]!) ? [firstRow + i] : []));
  return {
    trace,
    firstRow,
    spanCount,
    columns: {
      key: spans.map(({ key }) => key),
      spanId: spans.map(({ spanId }) => spanId),
      parent: spans.map(({ parentSpanId }, i) => {
        const parent = parents[firstRow + i]!;
        return parent < 0 ? parentSpanId : parent;
      }),
      depth: ofPage(outline.depths),
      childCount: ofPage(outline.childCounts),
      spanType: toTexts(spans, ({ spanType }) => spanType),
      name: toTexts(spans, ({ name }) => name),
      startTime: spans.map(({ startTime }) => startTime),
      durationMs: spans.map(({ durationMs }) => durationMs),
      status: toTexts(spans, ({ status }) => status ?? "ok"),
      errorMessage: toTexts(spans, errorOf),
      provider: toTexts(spans, ({ provider }) => provider),
      modelId: toTexts(spans, ({ modelId }) => modelId),
      ttftMs: spans.map(({ ttftMs }) => ttftMs),
      costUsd: spans.map(({ cost }) => usdOf(cost)),
      usage: Object.fromEntries(
        usageColumns
          .filter((name) => spans.some((span) => span[name] !== null))
          .map((name) => [name, spans.map((span) => span[name])]),
      ),
      payloads: toTexts(spans, ({ texts }) => reader.fieldsOf(texts).join()),
    },
    estimatedRows: rowsWhere(({ isCostEstimated }) => isCostEstimated),
    cycleRows: rowsWhere((_, marks) => (marks & mark.cycle) !== 0),
    internalRows: rowsWhere((_, marks) => (marks & mark.internal) !== 0),
    repeats: spans.flatMap(({ repeats }, i): [number, number][] =>
      repeats === null ? [] : [[firstRow + i, outline.rowOf(repeats)]],
    ),
    nextCursor,
  };
}

/** The different texts, and for each span the place of its own among them. */
function toTexts<T extends string | null>(
  spans: readonly SkeletonSpan[],
  textOf: (span: SkeletonSpan) => T,
) {
  const places = new Map<T, number>();
  const rows = spans.map((span) => {
    const text = textOf(span);
    let place = places.get(text);
    if (place === undefined) places.set(text, (place = places.size));
    return place;
  });
  return { values: [...places.keys()], rows };
}
