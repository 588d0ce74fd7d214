/** One trace: its spans whole, and its export. */
import { isJson } from "../../messages/json.ts";
import type { Database } from "bun:sqlite";
import { and, asc, between, eq, gt, lte, not, sql, type SQL } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { ImportedSpan, TraceHeader } from "../../contract/v1.ts";
import { AppError } from "../../errors.ts";
import { exportChunkBytes, parsedPayloadLength, wire } from "../../limits.ts";
import type { Call } from "../../pricing/call.ts";
import type { PayloadReader } from "../payload/payloads.ts";
import { overlap } from "../../tally/alike.ts";
import { isModelCall } from "../../tally/calls.ts";
import { wholeSpanOf, type NameLookup } from "../spans/rows.ts";
import { spanKeyRange, traceKeyOf } from "../../tally/numbers.ts";
import { type PayloadField } from "../../contract/fields.ts";
import { spans, traces } from "../db/schema.ts";
import { receiptOf, usdOf } from "../../backend/costs.ts";
import { cutsOf } from "../../backend/cuts.ts";
import { storedIdOf } from "../list/ids.ts";
import { mark, readOutline } from "./outline.ts";
import { spanTypeOf } from "./skeleton.ts";
import { findTrace, type TraceRef } from "../list/traces.ts";
import type { SpanView } from "../../backend/views.ts";

/** What reading spans needs: the database and the texts behind its ids. */
export interface Source {
  db: BunSQLiteDatabase;
  /** The same connection, for statements that drizzle has no words for. */
  sqlite: Database;
  names: NameLookup;
  payloads: PayloadReader;
}

/** A span by the key of its skeleton, or by the sender's id. */
export type SpanRef = { key: number } | { spanId: string };

export type SpanRow = typeof spans.$inferSelect;

/** How many other spans of one model call are named at most. */
const sameAnswers = 8;

const ofTrace = (traceKey: number) => between(spans.key, ...spanKeyRange(traceKey));

/** @throws AppError `not_found`, `conflict`. */
export function findSpan({ db }: Source, traceRef: TraceRef, ref: SpanRef) {
  const { trace, project } = findTrace(db, traceRef);
  // Without an index over ids (see 0001_init.sql) this reads the trace's rows, which lie together.
  const rowWith = (condition: SQL) =>
    db
      .select()
      .from(spans)
      .where(and(ofTrace(trace.key), condition))
      .get();
  const stored = "key" in ref ? null : storedIdOf(ref.spanId);
  const row =
    rowWith("key" in ref ? eq(spans.key, ref.key) : eq(spans.spanId, ref.spanId)) ??
    (stored === null ? undefined : rowWith(eq(spans.spanId, stored)));
  if (!row) throw new AppError("not_found", "no such span in this trace");
  return { row, trace, project };
}

/** @throws AppError `not_found`, `conflict`. */
export function readSpan(source: Source, traceRef: TraceRef, ref: SpanRef): SpanView {
  const { row, trace, project } = findSpan(source, traceRef, ref);
  const { span, x, damaged } = wholeSpan(row, source);
  const cuts = cutsOf(span, x);
  const metadata = { ...source.names.headerOf(row.headerId).metadata, ...span.metadata };
  return {
    key: row.key,
    traceKey: trace.key,
    traceId: trace.traceId,
    project,
    ...span,
    ...x,
    status: span.status ?? "ok",
    ...(Object.keys(metadata).length > 0 && { metadata }),
    startNanos: row.startNanos,
    endNanos: row.endNanos,
    attributes: x.attributes ?? null,
    ...costOf(source, trace.key, row, { ...span, x }),
    ...(row.repeats !== null && {
      repeats: findSpan(source, traceRef, { key: row.repeats }).row.spanId,
    }),
    ...alsoIn(source, row, trace.projectId),
    ...(cuts.length > 0 && { cut: cuts }),
    ...(damaged.length > 0 && { damaged }),
  };
}

function costOf({ sqlite, names }: Source, traceKey: number, row: SpanRow, call: Call) {
  const { key, cost, priceId, isCostEstimated } = row;
  const isOwn =
    cost === null ||
    isModelCall({ spanType: spanTypeOf(row.spanType) }) ||
    !isSummed(sqlite, traceKey, key);
  if (!isOwn) return { costUsd: null, receipt: null };
  return {
    costUsd: usdOf(cost),
    ...(isCostEstimated === 1 && { isCostEstimated: true as const }),
    receipt: priceId === null ? null : receiptOf(call, names.nameOf(priceId)),
  };
}

/** Whether spans below have what the cost of this one sums. */
function isSummed(sqlite: Database, traceKey: number, key: number): boolean {
  const { firstKey, marks, rowOf } = readOutline(sqlite, traceKey);
  return (marks[rowOf(key - firstKey)]! & mark.summed) !== 0;
}

/**
 * Other traces' spans of the same model call: two instrumentations of one process may each begin a trace
 * of its own.
 */
function alsoIn({ db }: Source, row: SpanRow, projectId: number): Pick<SpanView, "alsoIn"> {
  if (row.responseId === null) return {};
  const own = timesOf(row);
  const found = db
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
    .limit(sameAnswers)
    .all()
    .filter((other) => overlap(own, timesOf(other)))
    .map(({ startTime, durationMs, ...place }) => place);
  return found.length > 0 ? { alsoIn: found } : {};
}

function timesOf({ startTime, durationMs }: Pick<SpanRow, "startTime" | "durationMs">) {
  return { startTime, endTime: startTime + durationMs };
}

/** One payload's text, or a piece of it. */
export interface PayloadText {
  text: string;
  /** Of all of it, in UTF-16 code units. */
  totalLength: number;
  /** True where the text is all of it, and JSON; of a long one nobody looks. */
  isJson: boolean;
}

/** In UTF-16 code units; all of it where nothing is said. */
export interface PayloadPart {
  from?: number | undefined;
  length?: number | undefined;
}

/** @throws AppError `not_found`, `conflict`. */
export function readPayload(
  source: Source,
  traceRef: TraceRef,
  ref: SpanRef,
  field: PayloadField,
  { from = 0, length = Infinity }: PayloadPart,
): PayloadText {
  const { row } = findSpan(source, traceRef, ref);
  const { texts, damaged } = source.payloads.get(row.key, row.lists);
  const text = texts[field];
  if (text === undefined) throw new AppError("not_found", `this span has no ${field}`);
  if (damaged.includes(field)) {
    throw new AppError("store_damaged", `the ${field} is damaged in the store`);
  }
  const part = text.slice(from, from + length);
  const isWhole = part.length === text.length && part.length <= parsedPayloadLength;
  return { text: part, totalLength: text.length, isJson: isWhole && isJson(part) };
}

function wholeSpan(row: SpanRow, { names, payloads }: Source) {
  const { texts, damaged } = payloads.get(row.key, row.lists);
  return { ...wholeSpanOf(row, texts, names), damaged };
}

export interface ExportPage {
  /** Entries for `traces` of an ingest v1 document, as JSON. */
  entries: string[];
  /** Pass it as `after` for the next page; null after the last. */
  next: number | null;
  /** Texts in place of which stands a note that they are damaged. */
  damagedTexts: number;
  /** Texts that were cut before they were stored. */
  cutTexts: number;
}

/**
 * One page of a trace as ingest v1: entries that share the trace id, each with the trace-level
 * fields that its spans came with. An entry obeys v1's limits in count and, as long as its spans
 * arrived under them, in bytes.
 *
 * @param full adds what v1 lacks under `x`, which only an import reads.
 */
export function exportPage(
  source: Source,
  ref: TraceRef,
  after: number | null,
  full: boolean,
): ExportPage {
  const { db, names } = source;
  const { trace } = findTrace(db, ref);
  // Spans that name nobody show the trace's own names again, so that these are the same at the end.
  const { traceName, agentName } = trace;
  const unnamed = agentName ? { agentName } : { traceName: traceName || "trace" };
  const [first] = spanKeyRange(trace.key);
  const rows = db
    .select()
    .from(spans)
    .where(and(ofTrace(trace.key), gt(spans.key, after ?? first - 1)))
    .orderBy(asc(spans.key))
    .limit(wire.spansPerTrace)
    .all();
  const groups: { headerId: number; spans: string[] }[] = [];
  let bytes = 0;
  let last: number | null = null;
  let damagedTexts = 0;
  let cutTexts = 0;
  for (const row of rows) {
    const { span, x, damaged } = wholeSpan(row, source);
    const json = JSON.stringify(full ? ({ ...span, x } satisfies ImportedSpan) : span);
    bytes += Buffer.byteLength(json);
    if (last !== null && bytes > exportChunkBytes) break;
    last = row.key;
    damagedTexts += damaged.length;
    cutTexts += cutsOf(span, x).length;
    const group = groups.at(-1);
    if (group?.headerId === row.headerId) group.spans.push(json);
    else groups.push({ headerId: row.headerId, spans: [json] });
  }
  const isLast = last === rows.at(-1)?.key && rows.length < wire.spansPerTrace;
  return {
    entries: groups.map((group) =>
      toEntry(trace.traceId, named(names.headerOf(group.headerId), unnamed), group.spans, full),
    ),
    next: isLast ? null : last,
    damagedTexts,
    cutTexts,
  };
}

/** A header that v1 admits: with a name. */
function named(header: TraceHeader, names: TraceHeader): TraceHeader {
  return header.traceName || header.agentName ? header : { ...header, ...names };
}

function toEntry(
  traceId: string,
  { x, ...header }: TraceHeader,
  spansJson: string[],
  full: boolean,
): string {
  const head = JSON.stringify({ traceId, ...header, ...(full && x && { x }) });
  return `${head.slice(0, -1)},"spans":[${spansJson.join(",")}]}`;
}
