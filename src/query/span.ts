/** One span, whole, and its texts. */
import { receiptOf, usdOf } from "../backend/costs.ts";
import { cutsOf } from "../backend/cuts.ts";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord, SpanRef } from "../backend/spans.ts";
import type { TraceRef } from "../backend/traces.ts";
import type { SpanView } from "../backend/views.ts";
import type { PayloadField } from "../contract/fields.ts";
import { AppError } from "../errors.ts";
import { parsedPayloadLength } from "../limits.ts";
import { isJson } from "../messages/json.ts";
import type { Call } from "../pricing/call.ts";
import { isModelCall } from "../tally/calls.ts";
import { mark, readOutline } from "./outline.ts";

/** How many other spans of one model call are named at most. */
const sameAnswers = 8;

/** @throws AppError `not_found`, `conflict`. */
export function readSpan(
  reader: Reader,
  traceRef: TraceRef,
  ref: SpanRef,
  nowMs: number,
): SpanView {
  const record = reader.findSpan(traceRef, ref);
  const { key, traceKey, repeats } = record;
  const { summary } = reader.findTrace({ key: traceKey }, nowMs);
  const { span, x, header, damaged } = reader.wholeSpan(traceKey, key);
  const cuts = cutsOf(span, x);
  const metadata = { ...header.metadata, ...span.metadata };
  const same = reader.sameCalls(traceKey, key, sameAnswers);
  return {
    key,
    traceKey,
    traceId: summary.traceId,
    project: summary.project,
    ...span,
    ...x,
    status: span.status ?? "ok",
    ...(Object.keys(metadata).length > 0 && { metadata }),
    startNanos: x.startNanos ?? null,
    endNanos: x.endNanos ?? null,
    attributes: x.attributes ?? null,
    ...costOf(reader, summary, record, { ...span, x }),
    ...(repeats !== null && {
      repeats: reader.findSpan({ key: traceKey }, { key: repeats }).spanId,
    }),
    ...(same.length > 0 && { alsoIn: same }),
    ...(cuts.length > 0 && { cut: cuts }),
    ...(damaged.length > 0 && { damaged }),
  };
}

function costOf(
  reader: Reader,
  trace: { key: number; spanCount: number },
  { key, spanType, cost, price, isCostEstimated }: SpanRecord,
  call: Call,
) {
  const isOwn = cost === null || isModelCall({ spanType }) || !isSummed(reader, trace, key);
  if (!isOwn) return { costUsd: null, receipt: null };
  return {
    costUsd: usdOf(cost),
    ...(isCostEstimated && { isCostEstimated: true as const }),
    receipt: price === null ? null : receiptOf(call, price),
  };
}

/** Whether spans below have what the cost of this one sums. */
function isSummed(reader: Reader, trace: { key: number; spanCount: number }, key: number): boolean {
  const { marks, rowOf } = readOutline(reader, trace);
  return (marks[rowOf(key)]! & mark.summed) !== 0;
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

/** @throws AppError `not_found`, `conflict`, `store_damaged`. */
export function readPayload(
  reader: Reader,
  traceRef: TraceRef,
  ref: SpanRef,
  field: PayloadField,
  { from = 0, length = Infinity }: PayloadPart,
): PayloadText {
  const { texts } = reader.findSpan(traceRef, ref);
  const text = reader.textOf(texts, field);
  if (text === undefined) throw new AppError("not_found", `this span has no ${field}`);
  if (reader.isDamaged(texts, field))
    throw new AppError("store_damaged", `the ${field} is damaged in the store`);
  const part = text.slice(from, from + length);
  const isWhole = part.length === text.length && part.length <= parsedPayloadLength;
  return { text: part, totalLength: text.length, isJson: isWhole && isJson(part) };
}
