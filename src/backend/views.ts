/**
 * What every surface shows, in the wire's own field names. Unknown is absent or null, never 0. The schemas
 * are the source of the static types and of the API document. They have none of the limits of ingest v1,
 * since other ingest routes have others.
 */
import { Type, type Static } from "@sinclair/typebox";
import { payloadFields } from "../contract/fields.ts";
import { Customer, ImportedSpan, Span, spanStatuses, spanTypes, Usage } from "../contract/v1.ts";
import { dimensions, type Dimension } from "../pricing/rates.ts";
import { described, nullable, oneOf } from "../schemas.ts";
import { CutText } from "./cuts.ts";

const optional = Type.Optional;

const Text = Type.String();
const Time = described("Epoch ms");
/** A total: a number, beyond 2^53 - 1 its decimal digits. */
export const FigureView = Type.Union([Type.Integer(), Type.String(), Type.Null()]);
const Metadata = Type.Record(Type.String(), Type.String());
const CostUsd = nullable(
  Type.String({
    description:
      "A decimal; null where no price is known, and where the spans below have what it sums",
  }),
);
const isCostEstimated = optional(
  Type.Literal(true, { description: "It may be billed otherwise: see the receipt" }),
);

export const TraceState = oneOf(
  ["open", "ended", "stale"],
  "open: no root yet; stale: open and silent for ten minutes",
);

export const Summary = Type.Object({
  key: described("This server's own number of it: ~key is its address"),
  project: Text,
  traceId: Text,
  name: nullable(Type.String({ description: "The trace's name, else its agent's" })),
  traceName: nullable(Text),
  agentName: nullable(Text),
  workflowName: nullable(Text),
  workflowRunId: nullable(Text),
  sessionId: nullable(Text),
  customer: nullable(Customer),
  source: Type.String({ description: "What it came by" }),
  startTime: Time,
  endTime: Time,
  durationMs: Type.Integer(),
  receivedAt: Time,
  lastReceivedAt: Time,
  status: oneOf(spanStatuses),
  state: TraceState,
  spanCount: described("All spans, with the internal ones"),
  internalSpanCount: described(
    "Spans of the sender's runtime that are neither an agent's work nor lead to any, without errors, texts and attributes of GenAI",
  ),
  isInternal: Type.Boolean({ description: "It has only such spans: is:internal finds it" }),
  llmCount: Type.Integer(),
  toolCount: Type.Integer(),
  errorCount: Type.Integer(),
  models: Type.Array(Text),
  ttftMs: nullable(Type.Number({ description: "Of the first model call" })),
  inputTokens: FigureView,
  outputTokens: FigureView,
  totalTokens: FigureView,
  cachedInputTokens: FigureView,
  cacheWriteInputTokens: FigureView,
  reasoningTokens: FigureView,
  costUsd: nullable(
    Type.String({ description: "The sum of what is priced, a decimal; null where nothing is" }),
  ),
  isCostEstimated: Type.Boolean({ description: "A call may be billed otherwise: see its receipt" }),
  reportedCostUsd: nullable(
    Type.String({
      description:
        "What senders say that calls cost of which no price is known; not in costUsd, null where none",
    }),
  ),
  pricedSpanCount: described("Of the calls that count, how many have a price"),
  priceableSpanCount: Type.Integer(),
  inputPreview: nullable(Type.String({ description: "The last that a user said, in one line" })),
  outputPreview: nullable(Type.String({ description: "What the model came to, in one line" })),
  pinned: Type.Boolean(),
  columns: optional(
    Type.Record(Type.String(), Type.String(), {
      description:
        "In a list that was asked for `columns`: what stands under each, where anything does",
    }),
  ),
});

export const TracePage = Type.Object({
  traces: Type.Array(Summary),
  nextCursor: nullable(Text),
  partial: Type.Boolean({
    description: "The time ended before the page was full: nextCursor goes on from there",
  }),
});

export const Repeats = Type.String({
  description:
    "The id of the span that counts for the same model call or tool run, or of the last of those that it sums up: this one is not counted",
});

/** A span without its payloads, in its place. */
export const Skeleton = Type.Object({
  key: described("This server's own number of it: ~key is its address"),
  spanId: Text,
  parentSpanId: nullable(Text),
  depth: described("0 at the top"),
  childCount: described("Spans directly below"),
  isOrphan: optional(
    Type.Literal(true, {
      description: "It names a parent that is not stored, and stands at the top",
    }),
  ),
  isCycle: optional(Type.Literal(true, { description: "It is among its own ancestors" })),
  isInternal: optional(
    Type.Literal(true, { description: "Of the runtime alone: see internalSpanCount" }),
  ),
  spanType: oneOf(spanTypes),
  name: Text,
  startTime: Time,
  endTime: Time,
  durationMs: Type.Integer(),
  status: oneOf(spanStatuses),
  errorMessage: nullable(Type.String({ description: "Its beginning" })),
  provider: nullable(Text),
  modelId: nullable(Text),
  usage: nullable(Usage),
  ttftMs: nullable(Type.Number()),
  costUsd: CostUsd,
  isCostEstimated,
  repeats: optional(Repeats),
  payloads: Type.Array(oneOf(payloadFields), { description: "Which it has" }),
});

export const nextSpans = nullable(
  Type.String({
    description: "For the next page of the spans that were there at the first; null after the last",
  }),
);

export const TraceView = Type.Object({
  trace: Type.Object({
    ...Summary.properties,
    metadata: Metadata,
    attributes: nullable(
      Type.String({
        description:
          "JSON text of what came with the trace and has no field of its own; of more than 1 MB only the spans that it came with have it, as traceAttributes",
      }),
    ),
  }),
  spans: Type.Array(Skeleton, {
    description: "As they are shown: depth first, children by their start",
  }),
  nextCursor: nextSpans,
});

/** Why a call cost what it did. */
export const ReceiptView = Type.Object({
  provider: Type.String({ description: "As the source of the price calls it" }),
  model: Type.String({ description: "Likewise" }),
  foundBy: oneOf(
    ["modelId", "requestModelId"],
    "Which of the span's names for its model the price was found by",
  ),
  source: Text,
  sourceDate: Text,
  lines: Type.Array(
    Type.Object({
      dimension: oneOf<Dimension>(dimensions),
      quantity: Type.Integer(),
      unitPrice: Type.String({ description: "For one, a decimal in USD" }),
      amountUsd: Text,
    }),
    { description: "Every token is in one line" },
  ),
  missing: Type.Array(oneOf<Dimension>(dimensions), {
    description: "What was used, or may have been, and has no count or no price of its own",
  }),
  unpricedTier: nullable(
    Type.String({ description: "The service tier, where the price is not that of this tier" }),
  ),
  isEstimated: Type.Boolean({ description: "Something is missing, or the tier has other prices" }),
  contextWindow: nullable(
    Type.Integer({
      description:
        "What the model takes at most, in tokens; null where the price list does not know it",
    }),
  ),
});

const Attributes = nullable(
  Type.String({ description: "JSON text of what has no field of its own" }),
);

/**
 * A whole span: the wire's fields as they came, with the trace's metadata laid under its own, and what
 * v1 has no field for as an import takes it.
 */
export const SpanView = Type.Object({
  ...Span.properties,
  ...ImportedSpan.properties.x.properties,
  spanId: Text,
  parentSpanId: optional(Text),
  name: Text,
  errorMessage: optional(Text),
  provider: optional(Text),
  modelId: optional(Text),
  input: optional(Text),
  output: optional(Text),
  toolCatalog: optional(Text),
  sources: optional(Text),
  systemPrompt: optional(Text),
  metadata: optional(Metadata),
  key: Type.Integer(),
  traceKey: Type.Integer(),
  traceId: Text,
  project: Text,
  source: Text,
  receivedAt: Time,
  startNanos: nullable(described("Within the millisecond")),
  endNanos: nullable(Type.Integer()),
  attributes: Attributes,
  costUsd: CostUsd,
  isCostEstimated,
  receipt: nullable(ReceiptView),
  repeats: optional(Repeats),
  alsoIn: optional(
    Type.Array(
      Type.Object({ traceKey: Type.Integer(), traceId: Text, key: Type.Integer(), spanId: Text }),
      {
        description:
          "Spans of other traces that another instrumentation made of the same model call: each trace counts it",
      },
    ),
  ),
  cut: optional(
    Type.Array(CutText, {
      description:
        "Which texts were cut before they were stored: by this server, which keeps 1,000,000 UTF-16 code units of one and leaves all of it in the attributes, or by the sender, as its mark or JSON without an end says",
    }),
  ),
  damaged: optional(
    Type.Array(oneOf(payloadFields), {
      description: "Which payloads cannot be read any more; a note stands in their place",
    }),
  ),
});

/** What is new in a span's input, in UTF-16 code units. */
export const SpanNews = Type.Object({
  earlier: nullable(
    Type.Object(
      { key: Type.Integer(), spanId: Text },
      { description: "The earlier span of the same type whose input begins most like this one's" },
    ),
  ),
  sharedLength: described(
    "So much of the input's beginning is in the earlier one, whole messages where it was edited",
  ),
  newLength: Type.Integer(),
  isEdited: Type.Boolean({
    description: "The earlier input went on otherwise: the history was changed or cut",
  }),
});

export type TraceState = Static<typeof TraceState>;
export type Summary = Static<typeof Summary>;
export type TracePage = Static<typeof TracePage>;
export type Skeleton = Static<typeof Skeleton>;
export type TraceView = Static<typeof TraceView>;
export type ReceiptView = Static<typeof ReceiptView>;
export type SpanView = Static<typeof SpanView>;
export type SpanNews = Static<typeof SpanNews>;
