/** One trace: its spans by a query, and whole. */
import { and, asc, between, eq, gt, lte, not, sql } from "drizzle-orm";
import type { Reader, SpanPlace } from "../../backend/reader.ts";
import type { SpanRecord, SpanRef, WholeSpan } from "../../backend/spans.ts";
import type { TraceRef } from "../../backend/traces.ts";
import { AppError } from "../../errors.ts";
import { overlap } from "../../tally/alike.ts";
import { spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { toCell } from "../db/cells.ts";
import { spans, traces } from "../db/schema.ts";
import { storedIdOf } from "../list/ids.ts";
import { findTrace } from "../list/records.ts";
import type { Source } from "../source.ts";
import { wholeSpanOf } from "../spans/rows.ts";
import { readTraceAttributes } from "./attributes.ts";
import { querySpans, spanFields } from "./spanquery.ts";

type SpanRow = typeof spans.$inferSelect;

export type TraceReads = Pick<
  Reader,
  "findSpan" | "spans" | "wholeSpans" | "wholeSpan" | "sameCalls" | "traceAttributes"
>;

export function createTraceReads(source: Source): TraceReads {
  const rowOf = createRowReader(source);
  return {
    findSpan: (trace, span) => findSpan(source, trace, span),
    spans: (query, fields) => querySpans(source, query, fields),
    wholeSpans: (traceKey, afterKey, limit) => readWholeSpans(source, traceKey, afterKey, limit),
    wholeSpan: (traceKey, key) => toWholeSpan(source, rowOf(traceKey, key)),
    sameCalls: (traceKey, key, limit) => findSameCalls(source, rowOf(traceKey, key), limit),
    traceAttributes: (traceKey) => readTraceAttributes(source, traceKey),
  };
}

const ofTrace = (traceKey: number) => between(spans.key, ...spanKeyRange(traceKey));

/** @throws AppError `not_found`, `conflict`. */
function findSpan(
  source: Source,
  traceRef: TraceRef,
  ref: SpanRef,
): SpanRecord & { traceKey: number } {
  const traceKey = findTraceKey(source, traceRef);
  const key = "key" in ref ? ref.key : keyOf(source, traceKey, ref.spanId);
  const found = key === null ? [] : [...querySpans(source, { traceKey, keys: [key] }, spanFields)];
  if (!found[0]) throw noSpan();
  return { ...found[0], traceKey };
}

/** Without an index over ids (see 0001_init.sql) this reads the trace's rows, which lie together. */
function keyOf({ sqlite }: Source, traceKey: number, spanId: string): number | null {
  const select = sqlite.query<{ key: number }, [number, number, ReturnType<typeof toCell>]>(
    "SELECT key FROM spans WHERE key BETWEEN ? AND ? AND spanId = ?",
  );
  const range = spanKeyRange(traceKey);
  const stored = storedIdOf(spanId);
  const row =
    select.get(...range, toCell(spanId)) ??
    (stored === null ? null : select.get(...range, toCell(stored)));
  return row?.key ?? null;
}

/** To find a trace's whole row, which nobody needs here, takes as long as all the rest. */
function findTraceKey({ db, sqlite }: Source, ref: TraceRef): number {
  if (!("key" in ref)) return findTrace(db, ref).trace.key;
  const select = sqlite.query<{ key: number }, [number]>("SELECT key FROM traces WHERE key = ?");
  return select.get(ref.key)?.key ?? findTrace(db, ref).trace.key;
}

/** @returns reads a span's row. @throws AppError `not_found`. */
function createRowReader({ db }: Source): (traceKey: number, key: number) => SpanRow {
  // Prepared once: to build a statement of forty columns takes longer than to run it.
  const select = db
    .select()
    .from(spans)
    .where(eq(spans.key, sql.placeholder("key")))
    .prepare();
  return (traceKey, key) => {
    const row = traceKeyOf(key) === traceKey ? select.get({ key }) : undefined;
    if (!row) throw noSpan();
    return row;
  };
}

function noSpan(): AppError {
  return new AppError("not_found", "no such span in this trace");
}

function toWholeSpan({ names, payloads }: Source, row: SpanRow): WholeSpan {
  const { texts, damaged } = payloads.get(row.key, row.lists);
  const header = names.headerOf(row.headerId);
  return { key: row.key, ...wholeSpanOf(row, texts, names), header, damaged };
}

function* readWholeSpans(
  source: Source,
  traceKey: number,
  afterKey: number | null,
  limit: number,
): Generator<WholeSpan> {
  const rows = source.db
    .select()
    .from(spans)
    .where(and(ofTrace(traceKey), afterKey === null ? undefined : gt(spans.key, afterKey)))
    .orderBy(asc(spans.key))
    .limit(limit)
    .all();
  for (const row of rows) yield toWholeSpan(source, row);
}

/** Two instrumentations of one process may each begin a trace of its own. */
function findSameCalls({ db }: Source, row: SpanRow, limit: number): SpanPlace[] {
  if (row.responseId === null) return [];
  const own = timesOf(row);
  const projectId = db
    .select({ projectId: traces.projectId })
    .from(traces)
    .where(eq(traces.key, traceKeyOf(row.key)));
  return db
    .select({
      traceKey: traces.key,
      traceId: traces.traceId,
      key: spans.key,
      spanId: spans.spanId,
      startTime: spans.startTime,
      durationMs: spans.durationMs,
    })
    .from(spans)
    .innerJoin(traces, sql`${traces.key} = ${spans.key} >> 24`)
    .where(
      and(
        eq(spans.responseId, row.responseId),
        eq(traces.projectId, projectId),
        eq(spans.spanType, row.spanType),
        sql`${spans.instrumentationId} IS NOT ${row.instrumentationId}`,
        not(ofTrace(traceKeyOf(row.key))),
        // Small models' servers give an id again and again.
        lte(spans.startTime, own.endTime),
        sql`${spans.startTime} + ${spans.durationMs} >= ${own.startTime}`,
      ),
    )
    .orderBy(asc(spans.key))
    .limit(limit)
    .all()
    .filter((other) => overlap(own, timesOf(other)))
    .map(({ startTime, durationMs, ...place }) => place);
}

function timesOf({ startTime, durationMs }: Pick<SpanRow, "startTime" | "durationMs">) {
  return { startTime, endTime: startTime + durationMs };
}
