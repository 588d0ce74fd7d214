/** What is known of a span without its texts: what a trace's row, its calls and statistics follow from. */
import { isRuntime } from "../contract/fields.ts";
import type { ImportedSpan, TraceHeader, Usage } from "../contract/v1.ts";
import { reportedPico } from "./figure.ts";

/** The token counts that a trace sums. */
export const summedCounts = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
] as const satisfies (keyof Usage)[];

export type SummedCount = (typeof summedCounts)[number];

/** The part of a span that its trace's row depends on. */
export interface SpanFacts {
  key: number;
  spanId: string;
  parentSpanId: string | undefined;
  spanType: string;
  status: string;
  startTime: number;
  endTime: number;
  ttftMs: number | undefined;
  /** The tool's name; undefined for all other spans. */
  toolName: string | undefined;
  provider: string | undefined;
  modelId: string | undefined;
  /** True where the span itself names no model: see inherit.ts. */
  isModelInherited: boolean;
  /** The model that was asked for, where another answered. */
  requestModelId: string | undefined;
  /** The provider's id of the answer. */
  responseId: string | undefined;
  /** Who reported a model call or a tool's run. */
  instrumentation: string | undefined;
  /** Of a tool: the call that it ran, and the attribute that says it. */
  toolCallId: string | undefined;
  toolCallKey: string | undefined;
  usage: Usage | undefined;
  hasInput: boolean;
  hasOutput: boolean;
  /** Whether it may be internal: see `isRuntime` in rows.ts. */
  isRuntime: boolean;
  /** In pico-dollars; undefined where no price is known. */
  cost: bigint | undefined;
  /** True where it may be billed otherwise. */
  isCostEstimated: boolean;
  /** In pico-dollars, as the sender says it. */
  reportedCost: bigint | undefined;
  header: TraceHeader;
  /** What the span's row says of its call; absent where it says nothing. */
  mark?: CallMark | undefined;
}

/** The spans of a trace by id, as far as they came. */
export interface Spans<Span = SpanFacts> {
  readonly size: number;
  get(id: string): Span | undefined;
  values(): Iterable<Span>;
}

/** Keys of spans; null where there is no other. */
export interface CallMark {
  /** The span that counts in its place. */
  repeats: number | null;
  /** The span whose messages are shown in its place. */
  shownBy: number | null;
}

/** What is known of a span that is written. */
export function factsOf(
  span: ImportedSpan,
  {
    key,
    header,
    texts,
    cost,
  }: Pick<SpanFacts, "key" | "header"> & {
    texts: Record<"input" | "output", string | undefined>;
    cost: { amount: bigint; isEstimated: boolean } | null;
  },
): SpanFacts {
  return {
    key,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId,
    spanType: span.spanType,
    status: span.status ?? "ok",
    startTime: span.startTime,
    endTime: span.endTime,
    ttftMs: span.ttftMs,
    toolName: span.spanType === "tool" ? span.name : undefined,
    provider: span.provider,
    modelId: span.modelId,
    isModelInherited: span.x?.isModelInherited === true,
    requestModelId: span.x?.requestModelId,
    responseId: span.x?.responseId,
    instrumentation: span.x?.instrumentation,
    toolCallId: span.x?.toolCallId,
    toolCallKey: span.x?.toolCallKey,
    usage: span.usage,
    hasInput: texts.input !== undefined,
    hasOutput: texts.output !== undefined,
    isRuntime: isRuntime(span),
    cost: cost?.amount,
    isCostEstimated: cost?.isEstimated ?? false,
    reportedCost: reportedPico(span.x?.reportedCostUsd),
    header,
  };
}

/** Of two that end at once the one with the greater id: no two are equal. */
export function endsAfter(a: SpanFacts, b: SpanFacts): boolean {
  return a.endTime > b.endTime || (a.endTime === b.endTime && a.spanId > b.spanId);
}

/** Likewise the one with the smaller id. */
export function startsBefore(a: SpanFacts, b: SpanFacts): boolean {
  return a.startTime < b.startTime || (a.startTime === b.startTime && a.spanId < b.spanId);
}

/** Whose texts stand for the trace's: a root's, else a model call's, of several as `isBefore` says. */
export function speaksBefore(
  span: SpanFacts,
  other: SpanFacts | undefined,
  isBefore: (a: SpanFacts, b: SpanFacts) => boolean,
): boolean {
  const rank = shownBy(span);
  if (rank === 0 || !other) return rank > 0;
  return rank === shownBy(other) ? isBefore(span, other) : rank > shownBy(other);
}

function shownBy({ parentSpanId, spanType }: SpanFacts): number {
  return parentSpanId === undefined ? 2 : spanType === "llm" ? 1 : 0;
}
