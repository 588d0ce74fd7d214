/** From a checked payload to batches for the store: one span an id, and none too large. */
import type { SpanLog, SentSpan, TraceSpans } from "../backend/batch.ts";
import { payloadsOf } from "../contract/fields.ts";
import type { LogPiece } from "../contract/units.ts";
import { parseAttributes } from "../contract/unknown.ts";
import type { Payload, TraceHeader } from "../contract/v1.ts";
import type { Weight } from "./ring.ts";

/**
 * A payload's spans by trace. Where an id comes twice in one payload, its last span counts. Attributes of
 * a trace go with the first of its spans: they may be large, and a header is every span's.
 */
export function groupByTrace(payload: Payload): TraceSpans[] {
  const byTrace = new Map<string, Map<string, SentSpan>>();
  const ofTrace = new Map<TraceHeader, string>();
  for (const { traceId, spans, x: { attributes, ...x } = {}, ...fields } of payload.traces) {
    const header = Object.keys(x).length > 0 ? { ...fields, x } : fields;
    if (attributes !== undefined) ofTrace.set(header, attributes);
    let sent = byTrace.get(traceId);
    if (!sent) byTrace.set(traceId, (sent = new Map()));
    for (const span of spans) sent.set(span.spanId, { span, header });
  }
  if (ofTrace.size > 0) {
    for (const { span, header } of [...byTrace.values()].flatMap((sent) => [...sent.values()])) {
      const attributes = ofTrace.get(header);
      if (attributes === undefined) continue;
      span.x = { ...span.x, traceAttributes: joined(attributes, span.x?.traceAttributes) };
      ofTrace.delete(header);
    }
  }
  return [...byTrace].map(([traceId, spans]) => ({ traceId, spans: [...spans.values()] }));
}

function joined(ofTrace: string, ofSpan: string | undefined): string {
  if (ofSpan === undefined) return ofTrace;
  return JSON.stringify({ ...parseAttributes(ofTrace), ...parseAttributes(ofSpan) });
}

/** Some of a request's spans, as JSON of `TraceSpans[]`: bytes cross threads without being walked. */
export interface Part {
  json: ArrayBuffer;
  weight: Weight;
}

export function countSpans({ traces }: Payload): number {
  return traces.reduce((sum, { spans }) => sum + spans.length, 0);
}

/** Cuts a request's spans and log records into parts that each stay within `max`, or hold one. */
export function* cut(
  traces: TraceSpans[],
  max: Weight,
): Generator<{ traces: TraceSpans[]; weight: Weight }> {
  let part: TraceSpans[] = [];
  let weight: Weight = { rows: 0, bytes: 0 };

  function* cutList<T>(
    list: T[],
    weigh: (item: T) => number,
    toTrace: (some: T[]) => TraceSpans,
  ): Generator<{ traces: TraceSpans[]; weight: Weight }> {
    let from = 0;
    for (const [at, item] of list.entries()) {
      const bytes = weigh(item);
      if (weight.rows > 0 && (weight.rows === max.rows || weight.bytes + bytes > max.bytes)) {
        if (at > from) part.push(toTrace(list.slice(from, at)));
        yield { traces: part, weight };
        from = at;
        part = [];
        weight = { rows: 0, bytes: 0 };
      }
      weight.rows++;
      weight.bytes += bytes;
    }
    if (from < list.length) part.push(toTrace(list.slice(from)));
  }

  for (const { traceId, spans, logs = [], pieces = [] } of traces) {
    yield* cutList(spans, weighSpan, (spans) => ({ traceId, spans }));
    yield* cutList(logs, weighLog, (logs) => ({ traceId, spans: [], logs }));
    yield* cutList(pieces, weighPiece, (pieces) => ({ traceId, spans: [], pieces }));
  }
  if (part.length > 0) yield { traces: part, weight };
}

/** About what a span takes in memory: its texts, and a row's worth of the rest. */
function weighSpan({ span }: SentSpan): number {
  let bytes = 500;
  for (const text of Object.values(payloadsOf(span))) bytes += text?.length ?? 0;
  return bytes;
}

function weighPiece({ json, resource }: LogPiece): number {
  return 500 + json.length + resource.length;
}

function weighLog({ json }: SpanLog): number {
  return 200 + json.length;
}
