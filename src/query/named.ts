/** What a list shows of keys that are the senders' own: metadata of a trace, attributes of its spans. */
import { parseColumns, type NamedKey } from "../filter/parse.ts";
import { headOf } from "../messages/clip.ts";
import {
  attributesOf,
  attributeTexts,
  parsed,
  type AttributedSpan,
} from "../sqlite/trace/attributes.ts";
import { spanKeyRange } from "../tally/numbers.ts";
import { loadRows } from "../sqlite/list/match.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import type { TracePage } from "../backend/views.ts";

/** Of each trace so many spans that came first are asked for attributes, and so many that came last. */
const limits = { columns: 8, spans: 16, valueLength: 200 };

/** The page with what its traces have under these keys. @throws AppError as `readNamed`. */
export function withNamed(source: Source, page: TracePage, columns: string | undefined): TracePage {
  if (columns === undefined) return page;
  const keys = page.traces.map(({ key }) => key);
  const values = readNamed(source, keys, columns);
  const traces = page.traces.map((trace) => ({ ...trace, columns: values.get(trace.key)! }));
  return { ...page, traces };
}

/**
 * @param columns keys of metadata and attributes, as filters write them.
 * @returns by the key of the trace, and by the key as it was written, what the trace has there.
 * @throws AppError `bad_request` for a key that cannot be.
 */
function readNamed(
  source: Source,
  traceKeys: readonly number[],
  columns: string,
): Map<number, Record<string, string>> {
  const named = parseColumns(columns, limits.columns);
  const found = new Map(traceKeys.map((key) => [key, {} as Record<string, string>]));
  const ofTrace = named.filter(({ key }) => key.name === "meta");
  if (ofTrace.length > 0) {
    for (const [key, row] of loadRows(source, traceKeys, ["metadata"]))
      take(found.get(key)!, ofTrace, parsed(row.metadata));
  }
  const ofSpans = named.filter(({ key }) => key.name === "attr");
  if (ofSpans.length > 0) {
    for (const key of traceKeys) readAttributes(source, key, ofSpans, found.get(key)!);
  }
  return found;
}

interface SpanRow extends AttributedSpan {
  isRoot: number;
}

/** Of a trace of any size a few spans are asked: senders say such things in the root or in each. */
function readAttributes(
  source: Source,
  traceKey: number,
  named: NamedKey[],
  values: Record<string, string>,
): void {
  const select = (order: "ASC" | "DESC") =>
    source.sqlite.query<SpanRow, [number, number, number]>(
      `SELECT key, parentSpanId IS NULL AS isRoot, metadata, lists FROM spans
       WHERE key BETWEEN ? AND ? ORDER BY key ${order} LIMIT ?`,
    );
  const some = (["ASC", "DESC"] as const).flatMap((order) =>
    select(order).all(...spanKeyRange(traceKey), limits.spans),
  );
  const spans = new Map(some.map((span) => [span.key, span]));
  const rootsFirst = [...spans.values()].sort((a, b) => b.isRoot - a.isRoot || a.key - b.key);
  for (const span of rootsFirst) {
    const wanted = named.filter(
      ({ text, isRoot }) => !Object.hasOwn(values, text) && (span.isRoot === 1 || !isRoot),
    );
    if (wanted.length === 0) continue;
    for (const attributes of attributesOf(source, span)) take(values, wanted, attributes);
  }
}

function take(
  values: Record<string, string>,
  named: NamedKey[],
  from: Record<string, unknown> | null,
): void {
  for (const { name, text } of named) {
    if (!from || !Object.hasOwn(from, name) || Object.hasOwn(values, text)) continue;
    const texts = attributeTexts(from[name]);
    if (texts.length > 0) values[text] = headOf(texts.join(", "), limits.valueLength);
  }
}
