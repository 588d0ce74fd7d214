/** Spans as a backend gives them to who reads. */
import type { PayloadField, UsageField } from "../contract/fields.ts";
import type { Span, SpanExtension, TraceHeader } from "../contract/v1.ts";
import type { Figure } from "../tally/figure.ts";

/** A span by the key of its skeleton, or by the sender's id. */
export type SpanRef = { key: number } | { spanId: string };

declare const ofBackend: unique symbol;

/** Stands for the large texts of a span. Only the reader that gave it knows what is in it. */
export interface Texts {
  readonly [ofBackend]: true;
}

/** All that is known of a span but its large texts. Unknown is null. */
export interface SpanRecord extends Record<UsageField, number | null> {
  /** Of this span alone in the whole store. Within a trace keys grow in the order in which spans came. */
  key: number;
  spanId: string;
  parentSpanId: string | null;
  spanType: Span["spanType"];
  /** Null where none was sent, which counts as ok. */
  status: Span["status"] | null;
  /** Epoch ms. */
  startTime: number;
  durationMs: number;
  name: string;
  provider: string | null;
  modelId: string | null;
  errorMessage: string | null;
  ttftMs: number | null;
  /** Whether any count of its usage is known. */
  reportsUsage: boolean;
  /** Of the span itself, by its sender's keys. */
  metadata: Record<string, string> | null;
  /** In pico-dollars; of an agent perhaps the sum of what spans below it cost. */
  cost: Figure | null;
  isCostEstimated: boolean;
  /** The JSON of the price that the cost was reckoned by. */
  price: string | null;
  /** The key of the span that counts for the same model call or tool run; null where this one counts. */
  repeats: number | null;
  /** The key of the span that shows the messages of the same model call or tool run; null where this one does. */
  shownBy: number | null;
  /** How long texts were that were cut before they were stored, in UTF-16 code units; null where none was. */
  wholeLengths: SpanExtension["wholeLengths"] | null;
  /** It says no more than that a program ran: see `isRuntime` in contract/fields.ts. */
  isRuntime: boolean;
  texts: Texts;
}

export type SpanField = keyof SpanRecord;

/** A place in the order of starts: spans that start at once stand by their key. */
export interface StartPlace {
  startTime: number;
  /** By which spans that start at once are sorted first, where the order is `startAndType`. */
  spanType?: Span["spanType"];
  key: number;
}

/** Which spans of a trace, and in which order. All conditions hold together, but for `keys`. */
export interface SpanQuery {
  traceKey: number;
  /** These alone, in this order, whatever else is asked; keys of other traces are passed over. */
  keys?: readonly number[];
  /** Up to this key: those that came later are left out. */
  lastKey?: number;
  types?: readonly Span["spanType"][];
  /** Without those whose messages another span shows. */
  isShown?: true;
  /** Directly below one of these spans. */
  parentSpanIds?: readonly string[];
  /** Behind, from, before or up to a place, in the order of starts. */
  after?: StartPlace;
  from?: StartPlace;
  before?: StartPlace;
  upTo?: StartPlace;
  /** By key where nothing is said. Of spans that start at once `startAndType` has agents first. */
  order?: "key" | "start" | "startAndType";
  isDescending?: boolean;
  limit?: number;
}

/** A span with its large texts, as it was sent. */
export interface WholeSpan {
  key: number;
  span: Span;
  x: SpanExtension & { source: string; receivedAt: number };
  /** The fields of its trace as they came with it. The same object for spans that have the same. */
  header: TraceHeader;
  /** Texts in place of which stands a note, since they cannot be read. */
  damaged: PayloadField[];
}
