/** A large trace comes in pages of its spans: how they are joined to one table. */
import type { TraceColumns } from "../../query/columns.ts";

type Texts = TraceColumns["columns"]["name"];

/** So many spans are shown at most: the page stays quick with them. */
export const mostSpans = 250_000;

/** What the next page adds to those before it. */
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

/** A column that no span of a page has is not in it. */
function joinUsage(before: TraceColumns, next: TraceColumns): TraceColumns["columns"]["usage"] {
  const [a, b] = [before.columns.usage, next.columns.usage];
  const names = new Set([...Object.keys(a), ...Object.keys(b)]) as Set<keyof typeof a>;
  const none = ({ spanCount }: TraceColumns) => new Array<null>(spanCount).fill(null);
  return Object.fromEntries(
    [...names].map((name) => [name, (a[name] ?? none(before)).concat(b[name] ?? none(next))]),
  );
}

/**
 * The same without what leads to spans that are not loaded: who repeats one of them stands for itself, and
 * who is below one of them, in a circle of parents, stands at the top.
 */
export function closed(data: TraceColumns): TraceColumns {
  const { nextCursor, spanCount, columns, repeats } = data;
  if (nextCursor === null) return data;
  const isThere = (row: unknown) => typeof row !== "number" || row < spanCount;
  return {
    ...data,
    columns: { ...columns, parent: columns.parent.map((row) => (isThere(row) ? row : null)) },
    repeats: repeats.filter(([, counting]) => isThere(counting)),
  };
}
