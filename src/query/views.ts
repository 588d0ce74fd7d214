/** What every surface shows, in the wire's own field names. Unknown is absent or null, never 0. */
import type { Customer, Span, SpanExtension, Usage } from "../contract/v1.ts";
import type { Dimension } from "../pricing/rates.ts";
import type { Figure } from "../store/codec.ts";

/** `open`: no root yet; `stale`: open and silent for ten minutes. */
export type TraceState = "open" | "ended" | "stale";

export interface Summary {
  key: number;
  project: string;
  traceId: string;
  /** The trace's name, else its agent's. */
  name: string | null;
  traceName: string | null;
  agentName: string | null;
  workflowName: string | null;
  workflowRunId: string | null;
  sessionId: string | null;
  customer: Customer | null;
  source: string;
  startTime: number;
  endTime: number;
  durationMs: number;
  receivedAt: number;
  lastReceivedAt: number;
  status: "ok" | "error" | "aborted";
  state: TraceState;
  spanCount: number;
  llmCount: number;
  toolCount: number;
  errorCount: number;
  models: string[];
  ttftMs: number | null;
  inputTokens: Figure | null;
  outputTokens: Figure | null;
  totalTokens: Figure | null;
  cachedInputTokens: Figure | null;
  cacheWriteInputTokens: Figure | null;
  reasoningTokens: Figure | null;
  /** The sum of what is priced, a decimal; null where nothing is. */
  costUsd: string | null;
  /** Of the calls that count, how many have a price. */
  pricedSpanCount: number;
  priceableSpanCount: number;
  /** The last that a user said and what the model came to, one line each; null where that is nothing. */
  inputPreview: string | null;
  outputPreview: string | null;
}

export interface TracePage {
  traces: Summary[];
  nextCursor: string | null;
}

/** A span without its payloads. */
export interface Skeleton {
  key: number;
  spanId: string;
  parentSpanId: string | null;
  spanType: Span["spanType"];
  name: string;
  startTime: number;
  endTime: number;
  durationMs: number;
  status: "ok" | "error" | "aborted";
  errorMessage: string | null;
  provider: string | null;
  modelId: string | null;
  usage: Usage | null;
  ttftMs: number | null;
  costUsd: string | null;
}

export interface TraceView {
  trace: Summary & { metadata: Record<string, string> };
  spans: Skeleton[];
}

/**
 * A whole span: the wire's fields as they came, with the trace's metadata laid under its own, and what
 * v1 has no field for as an import takes it.
 */
export type SpanView = Span &
  Omit<SpanExtension, "attributes" | "startNanos" | "endNanos"> & {
    key: number;
    traceKey: number;
    traceId: string;
    project: string;
    source: string;
    receivedAt: number;
    startNanos: number | null;
    endNanos: number | null;
    /** JSON text of what has no field of its own, null where there is none. */
    attributes: string | null;
    costUsd: string | null;
    /** Null where no price is known. */
    receipt: ReceiptView | null;
    /** The payloads that the store cannot give back any more; a note stands in their place. */
    damaged?: string[];
  };

/** Why a call cost what it did. */
export interface ReceiptView {
  /** The model whose price it is, as the source of the price calls it. */
  provider: string;
  model: string;
  source: string;
  sourceDate: string;
  /** Every token is in one line. Prices and amounts are decimals in USD, a price is for one. */
  lines: { dimension: Dimension; quantity: number; unitPrice: string; amountUsd: string }[];
  /** What was used, or may have been, and has no count or no price: the cost is at least this. */
  missing: Dimension[];
}

/** What is new in a span's input, in UTF-16 code units. */
export interface SpanNews {
  /** The earlier span of the same type whose input begins most like this one's. */
  earlier: { key: number; spanId: string } | null;
  /** So much of the input's beginning is in the earlier one, whole messages where it was edited. */
  sharedLength: number;
  newLength: number;
  /** True where the earlier input went on otherwise: the history was changed or cut. */
  isEdited: boolean;
}
