/** The keys of spans: a trace's spans are numbered, and the key says the trace and the number. */

/** Spans of one trace lie side by side: 2^24 numbers for each trace, 2^29 traces below 2^53. */
const spansPerTrace = 2 ** 24;

export function spanKeyOf(traceKey: number, number: number): number {
  if (number >= spansPerTrace) throw new Error(`trace ${traceKey} has no room for more spans`);
  return traceKey * spansPerTrace + number;
}

/** The first and the last key that a span of this trace can have. */
export function spanKeyRange(traceKey: number): [first: number, last: number] {
  return [traceKey * spansPerTrace, (traceKey + 1) * spansPerTrace - 1];
}

/** Of a span in its trace. */
export function numberOf(spanKey: number): number {
  return spanKey % spansPerTrace;
}

export function traceKeyOf(spanKey: number): number {
  return Math.floor(spanKey / spansPerTrace);
}
