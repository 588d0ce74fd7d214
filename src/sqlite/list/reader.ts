/** A reader of traces and of what lists show of their spans. */
import { parsed } from "../../backend/attributes.ts";
import type { Reader } from "../../backend/reader.ts";
import type { SpanField, SpanQuery, SpanRecord, Texts } from "../../backend/spans.ts";
import type { PayloadField } from "../../contract/fields.ts";
import { spanTypes } from "../../contract/v1.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { readText } from "../payload/text.ts";
import type { Source } from "../source.ts";
import { createStatsReads } from "../stats/reads.ts";
import { createListReads } from "./reads.ts";

type ListReader = ReturnType<typeof createListReads> &
  ReturnType<typeof createStatsReads> &
  Pick<Reader, "spans" | "textOf">;

interface Row {
  key: number;
  parentSpanId: string | null;
  spanType: number;
  metadata: string | null;
  lists: Uint8Array | null;
}

export function toReader(source: Source): ListReader {
  return {
    ...createListReads(source),
    ...createStatsReads(source),
    spans: <F extends SpanField>(query: SpanQuery) =>
      readSpans(source, query) as Iterable<Pick<SpanRecord, F>>,
    textOf: (texts: Texts, field: PayloadField) => readText(source, texts as unknown as Row, field),
  };
}

function readSpans(
  { sqlite }: Source,
  { traceKey, types = spanTypes, order, isDescending = false, limit = -1 }: SpanQuery,
) {
  const places = order === "startAndType" ? ["startTime", "spanType", "key"] : ["key"];
  const by = places.map((place) => `${place} ${isDescending ? "DESC" : "ASC"}`);
  return sqlite
    .query<Row, (number | string)[]>(
      `SELECT key, parentSpanId, spanType, metadata, lists FROM spans
       WHERE key BETWEEN ? AND ? AND spanType IN (SELECT value FROM json_each(?))
       ORDER BY ${by} LIMIT ?`,
    )
    .all(
      ...spanKeyRange(traceKey),
      JSON.stringify(types.map((type) => spanTypes.indexOf(type))),
      limit,
    )
    .map((row) => ({
      key: row.key,
      parentSpanId: row.parentSpanId,
      spanType: spanTypes[row.spanType]!,
      metadata: parsed(row.metadata),
      texts: row as unknown as Texts,
    }));
}
