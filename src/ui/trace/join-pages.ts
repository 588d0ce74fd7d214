/** Joins the pages of spans of a large trace to one table. */
import type { TraceColumns } from "../../query/columns.ts";

type Texts = TraceColumns["columns"]["name"];

/** The most spans that are shown; the page stays responsive with them. */
export const maxSpans = 250_000;

/** Appends the next page to the ones before it. */
export function joinPages(before: TraceColumns, next: TraceColumns): TraceColumns {
  const [a, b] = [before.columns, next.columns];
  return {
    ...next,
    firstRow: before.firstRow,
    spanCount: before.spanCount + next.spanCount,
    columns: {
      key: a.key.concat(b.key),
      spanId: a.spanId.concat(b.spanId),
      parent: a.parent.concat(b.parent),
      depth: a.depth.concat(b.depth),
      childCount: a.childCount.concat(b.childCount),
      spanType: joinTexts(a.spanType, b.spanType),
      name: joinTexts(a.name, b.name),
      startTime: a.startTime.concat(b.startTime),
      durationMs: a.durationMs.concat(b.durationMs),
      status: joinTexts(a.status, b.status),
      errorMessage: joinTexts(a.errorMessage, b.errorMessage),
      provider: joinTexts(a.provider, b.provider),
      modelId: joinTexts(a.modelId, b.modelId),
      ttftMs: a.ttftMs.concat(b.ttftMs),
      costUsd: a.costUsd.concat(b.costUsd),
      usage: joinUsage(before, next),
      payloads: joinTexts(a.payloads, b.payloads),
    },
    estimatedRows: before.estimatedRows.concat(next.estimatedRows),
    cycleRows: before.cycleRows.concat(next.cycleRows),
    internalRows: before.internalRows.concat(next.internalRows),
    repeats: before.repeats.concat(next.repeats),
  };
}

function joinTexts(a: Texts, b: Texts): Texts {
  const values = [...a.values];
  const places = new Map(values.map((value, place) => [value, place]));
  const placeOf = b.values.map((value) => {
    let place = places.get(value);
    if (place === undefined) places.set(value, (place = values.push(value) - 1));
    return place;
  });
  return { values, rows: a.rows.concat(b.rows.map((row) => placeOf[row]!)) };
}

/** A usage column that no span of a page has is missing from that page. */
function joinUsage(before: TraceColumns, next: TraceColumns): TraceColumns["columns"]["usage"] {
  const [a, b] = [before.columns.usage, next.columns.usage];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>;
  const none = ({ spanCount }: TraceColumns) => new Array<null>(spanCount).fill(null);
  return Object.fromEntries(
    [...names].map((name) => [name, (a[name] ?? none(before)).concat(b[name] ?? none(next))]),
  );
}

/**
 * Removes references to spans that are not loaded: a span that repeats one of them counts itself, and a
 * child of one of them, possible in a cycle of parents, becomes a root.
 */
export function withoutUnloaded(data: TraceColumns): TraceColumns {
  const { nextCursor, spanCount, columns, repeats } = data;
  if (nextCursor === null) return data;
  const isThere = (row: unknown) => typeof row !== "number" || row < spanCount;
  return {
    ...data,
    columns: { ...columns, parent: columns.parent.map((row) => (isThere(row) ? row : null)) },
    repeats: repeats.filter(([, counting]) => isThere(counting)),
  };
}
