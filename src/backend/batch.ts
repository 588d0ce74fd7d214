/** What is stored at once: checked spans, with the log records that came with them. */
import type { Claim, LogPiece } from "../contract/units.ts";
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";

/** A log record as JSON text: an object with `type: "log"` and `timeUnixNano`. */
export interface SpanLog {
  spanId: string;
  json: string;
}

/** A span with the trace-level fields that it was sent with. */
export interface SentSpan {
  span: ImportedSpan;
  header: TraceHeader;
  /** What log records may say, too. */
  claim?: Claim;
}

export interface TraceSpans {
  /** Empty where it has pieces alone. */
  traceId: string;
  /** No id comes twice. */
  spans: SentSpan[];
  /** Log records of spans that came before, come with them or will come. */
  logs?: SpanLog[];
  /** Log records that say what an agent did, of whatever trace. */
  pieces?: LogPiece[];
}

/** Checked spans of one request, or a part of them. */
export interface Batch {
  projectId: number;
  receivedAt: number;
  source: string;
  traces: TraceSpans[];
}

/** How much of a batch was not there before. */
export interface Fresh {
  traces: number;
  spans: number;
}
