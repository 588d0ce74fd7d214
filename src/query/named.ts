/** What a list shows of keys that are the senders' own: metadata of a trace, attributes of its spans. */
import { attributesOf, attributeTexts } from "../backend/attributes.ts";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import type { TracePage } from "../backend/views.ts";
import type { PayloadField } from "../contract/fields.ts";
import { parseColumns, type NamedKey } from "../filter/parse.ts";
import { headOf } from "../messages/clip.ts";

/** Of each trace so many spans that came first are asked for attributes, and so many that came last. */
const limits = { columns: 8, spans: 16, valueLength: 200 };

type NamedReader = Pick<Reader, "traces" | "spans" | "textOf">;

/** The page with what its traces have under these keys. @throws AppError as `readNamed`. */
export function withNamed(
  reader: NamedReader,
  page: TracePage,
  columns: string | undefined,
  nowMs: number,
): TracePage {
  if (columns === undefined) return page;
  const keys = page.traces.map(({ key }) => key);
  const values = readNamed(reader, keys, columns, nowMs);
  const traces = page.traces.map((trace) => ({ ...trace, columns: values.get(trace.key)! }));
  return { ...page, traces };
}

/**
 * @param columns keys of metadata and attributes, as filters write them.
 * @returns by the key of the trace, and by the key as it was written, what the trace has there.
 * @throws AppError `bad_request` for a key that cannot be.
 */
function readNamed(
  reader: NamedReader,
  traceKeys: readonly number[],
  columns: string,
  nowMs: number,
): Map<number, Record<string, string>> {
  const named = parseColumns(columns, limits.columns);
  const found = new Map(traceKeys.map((key) => [key, {} as Record<string, string>]));
  const ofTrace = named.filter(({ key }) => key.name === "meta");
  if (ofTrace.length > 0) {
    for (const { key, metadata } of reader.traces(traceKeys, nowMs))
      take(found.get(key)!, ofTrace, metadata);
  }
  const ofSpans = named.filter(({ key }) => key.name === "attr");
  if (ofSpans.length > 0) {
    for (const key of traceKeys) readAttributes(reader, key, ofSpans, found.get(key)!);
  }
  return found;
}

const isRoot = ({ parentSpanId }: Pick<SpanRecord, "parentSpanId">) => parentSpanId === null;

/** Of a trace of any size a few spans are asked: senders say such things in the root or in each. */
function readAttributes(
  reader: NamedReader,
  traceKey: number,
  named: NamedKey[],
  values: Record<string, string>,
): void {
  const fields = ["key", "parentSpanId", "metadata", "texts"] as const;
  const some = [false, true].flatMap((isDescending) => [
    ...reader.spans({ traceKey, isDescending, limit: limits.spans }, fields),
  ]);
  const spans = new Map(some.map((span) => [span.key, span]));
  const rootsFirst = [...spans.values()].sort(
    (a, b) => Number(isRoot(b)) - Number(isRoot(a)) || a.key - b.key,
  );
  for (const span of rootsFirst) {
    const wanted = named.filter(
      (key) => !Object.hasOwn(values, key.text) && (isRoot(span) || !key.isRoot),
    );
    if (wanted.length === 0) continue;
    const textOf = (field: PayloadField) => reader.textOf(span.texts, field);
    for (const attributes of attributesOf(span.metadata, textOf)) take(values, wanted, attributes);
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
