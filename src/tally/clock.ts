/**
 * From when to when a trace runs, where the clocks of its hosts differ.
 *
 * A span of another host may lie hours before the span that caused it. Its own duration is right; its
 * place is not, nor that of the spans below it, which have its clock. They do not make a trace of 5 s
 * one of 3 h.
 */
import type { SpanFacts, Spans } from "./spanfacts.ts";

/** Spans of the same clock are seldom recorded so long before their parent; less hardly matters. */
const toleranceMs = 60_000;

export interface Extent {
  startTime: number;
  endTime: number;
}

/**
 * @param startTime of the span that starts first. @param endTime of the one that ends last.
 * @param rootStart of the first root; Infinity without one.
 */
export function extentOf(
  spans: Spans,
  { startTime, endTime, rootStart }: Extent & { rootStart: number },
): Extent {
  // Only then can a clock have made it longer: all other traces are spared the walk.
  const mayBeOff = rootStart !== Infinity && startTime < rootStart - toleranceMs;
  if (!mayBeOff) return { startTime, endTime };
  const isOff = createClockCheck(spans);
  const extent: Extent = { startTime: Infinity, endTime: 0 };
  for (const span of spans.values()) {
    if (isOff(span)) continue;
    extent.startTime = Math.min(extent.startTime, span.startTime);
    extent.endTime = Math.max(extent.endTime, span.endTime);
  }
  return extent;
}

/** True of a span that begins before its parent by another clock, and of all below it. */
function createClockCheck(spans: Spans): (span: SpanFacts) => boolean {
  const known = new Map<string, boolean>();
  return (span) => {
    const path: SpanFacts[] = [];
    let at: SpanFacts | undefined = span;
    let isOff = false;
    while (at && !known.has(at.spanId)) {
      // Also ends the walk in a ring of parents.
      known.set(at.spanId, false);
      path.push(at);
      at = at.parentSpanId === undefined ? undefined : spans.get(at.parentSpanId);
    }
    if (at) isOff = known.get(at.spanId)!;
    for (const each of path.reverse()) {
      const parent = each.parentSpanId === undefined ? undefined : spans.get(each.parentSpanId);
      isOff ||= parent !== undefined && differs(each, parent);
      known.set(each.spanId, isOff);
    }
    return isOff;
  };
}

/**
 * Of spans that name their service, so of OTLP: a v1 trace runs from its first start to its last end.
 * A parent without a duration may be one whose start was not sent.
 */
function differs(span: SpanFacts, parent: SpanFacts): boolean {
  return (
    span.header.x?.serviceName !== undefined &&
    parent.endTime > parent.startTime &&
    span.endTime < parent.startTime &&
    span.startTime < parent.startTime - toleranceMs
  );
}
