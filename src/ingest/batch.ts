/** From a checked payload to batches for the store: one span an id, and none too large. */
import type { Payload } from "../contract/v1.ts";
import type { SentSpan, TraceSpans } from "../store/spans.ts";
import type { Weight } from "./ring.ts";

/** A payload's spans by trace. Where an id comes twice in one payload, its last span counts. */
export function groupByTrace(payload: Payload): TraceSpans[] {
  const byTrace = new Map<string, Map<string, SentSpan>>();
  for (const { traceId, spans, ...header } of payload.traces) {
    let sent = byTrace.get(traceId);
    if (!sent) byTrace.set(traceId, (sent = new Map()));
    for (const span of spans) sent.set(span.spanId, { span, header });
  }
  return [...byTrace].map(([traceId, spans]) => ({ traceId, spans: [...spans.values()] }));
}

/** Some of a request's spans, as JSON of `TraceSpans[]`: bytes cross threads without being walked. */
export interface Part {
  json: ArrayBuffer;
  weight: Weight;
}

export function countSpans({ traces }: Payload): number {
  return traces.reduce((sum, { spans }) => sum + spans.length, 0);
}

/** Cuts a payload's spans into parts that each stay within `max`, or hold one span. */
export function* cut(
  traces: TraceSpans[],
  max: Weight,
): Generator<{ traces: TraceSpans[]; weight: Weight }> {
  let part: TraceSpans[] = [];
  let weight: Weight = { rows: 0, bytes: 0 };
  for (const { traceId, spans } of traces) {
    let from = 0;
    for (const [at, sent] of spans.entries()) {
      const bytes = weigh(sent);
      if (weight.rows > 0 && (weight.rows === max.rows || weight.bytes + bytes > max.bytes)) {
        if (at > from) part.push({ traceId, spans: spans.slice(from, at) });
        yield { traces: part, weight };
        from = at;
        part = [];
        weight = { rows: 0, bytes: 0 };
      }
      weight.rows++;
      weight.bytes += bytes;
    }
    part.push({ traceId, spans: spans.slice(from) });
  }
  yield { traces: part, weight };
}

/** About what a span takes in memory: its texts, and a row's worth of the rest. */
function weigh({ span }: SentSpan): number {
  const { input, output, toolCatalog, sources } = span;
  return (
    500 +
    (input?.length ?? 0) +
    (output?.length ?? 0) +
    (toolCatalog?.length ?? 0) +
    (sources?.length ?? 0)
  );
}
