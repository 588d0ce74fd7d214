/**
 * The ingest contract, v1: the single source of the static types, the compiled check and the
 * API document. Rules that a schema cannot say (across fields) are in check.ts.
 */
import {
  Kind,
  Type,
  TypeRegistry,
  type Static,
  type TObject,
  type TSchema,
} from "@sinclair/typebox";
import { wire } from "../limits.ts";

/**
 * A map of strings. A kind of its own because a TypeBox record ignores the key's `maxLength`, and
 * its key pattern `^(.*)$` refuses keys with a line break. An own `__proto__` key is skipped.
 */
TypeRegistry.Set("StringMap", (_schema, value) => findMapProblem(value) === null);

/** What is wrong with a string map, or null. `key` is null where the map itself is wrong. */
export function findMapProblem(value: unknown): { key: string | null; message: string } | null {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    return { key: null, message: "Expected an object of strings" };
  }
  let count = 0;
  for (const key of Object.keys(value)) {
    if (key === "__proto__") continue;
    if (++count > wire.mapKeys)
      return { key: null, message: `Expected at most ${wire.mapKeys} keys` };
    if (key.length > wire.mapKeyLength) {
      return { key, message: `Expected a key of at most ${wire.mapKeyLength} characters` };
    }
    const item = (value as Record<string, unknown>)[key];
    if (typeof item !== "string") return { key, message: "Expected string" };
    if (item.length > wire.mapValueLength) {
      return { key, message: `Expected string length less or equal to ${wire.mapValueLength}` };
    }
  }
  return null;
}

/** An URL as the WHATWG parser accepts it, which differs from JSON Schema's `format: "uri"`. */
TypeRegistry.Set("TrimmedUrl", (_schema, value) => {
  if (typeof value !== "string") return false;
  const url = value.trim();
  return url.length <= wire.urlLength && URL.canParse(url);
});

const StringMap = Type.Unsafe<Record<string, string>>({
  [Kind]: "StringMap",
  type: "object",
  maxProperties: wire.mapKeys,
  propertyNames: { maxLength: wire.mapKeyLength },
  additionalProperties: { type: "string", maxLength: wire.mapValueLength },
});

const TrimmedUrl = Type.Unsafe<string>({
  [Kind]: "TrimmedUrl",
  type: "string",
  maxLength: wire.urlLength,
});

const text = (maxLength: number) => Type.String({ maxLength });
const id = () => Type.String({ minLength: 1, maxLength: wire.idLength });
/** `Type.Integer` alone admits 2^53 and 1e21. */
const count = () => Type.Integer({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER });
const number = () => Type.Number({ minimum: 0 });
const oneOf = <T extends string>(...values: readonly T[]) =>
  Type.Unsafe<T>(Type.Union(values.map((value) => Type.Literal(value))));
const deprecated = () => Type.Array(count(), { maxItems: wire.deprecatedItems, deprecated: true });

const closed = { additionalProperties: false } as const;
const optional = Type.Optional;

export const spanTypes = ["agent", "llm", "tool", "embedding", "other"] as const;
export const spanStatuses = ["ok", "error", "aborted"] as const;
/** OpenTelemetry's, in the order of their numbers from 1 on. */
export const spanKinds = ["internal", "server", "client", "producer", "consumer"] as const;

/** What log records can say of their span. */
export const loggedFields = [
  "input",
  "output",
  "toolCatalog",
  "usage",
  "modelId",
  "provider",
  "ttftMs",
  "status",
  "errorMessage",
  "reportedCostUsd",
  "responseId",
] as const;

export const Usage = Type.Object(
  {
    inputTokens: optional(count()),
    outputTokens: optional(count()),
    totalTokens: optional(count()),
    reasoningTokens: optional(count()),
    cachedInputTokens: optional(count()),
    cacheWriteInputTokens: optional(count()),
    imageCount: optional(count()),
    webSearchCount: optional(count()),
    requestCount: optional(count()),
  },
  closed,
);

export const Customer = Type.Object(
  {
    id: id(),
    name: optional(text(wire.traceTextLength)),
    imageUrl: optional(TrimmedUrl),
  },
  closed,
);

const ChunkJitter = Type.Object(
  { min: number(), p10: number(), median: number(), avg: number(), p90: number(), max: number() },
  closed,
);

const RateLimit = Type.Object(
  {
    requestsLimit: optional(count()),
    requestsRemaining: optional(count()),
    requestsResetMs: optional(count()),
    tokensLimit: optional(count()),
    tokensRemaining: optional(count()),
    tokensResetMs: optional(count()),
  },
  closed,
);

const spanFields = {
  spanId: id(),
  parentSpanId: optional(id()),
  spanType: oneOf(...spanTypes),
  name: text(wire.spanNameLength),
  startTime: count(),
  endTime: count(),
  status: optional(oneOf(...spanStatuses)),
  errorMessage: optional(text(wire.errorMessageLength)),
  provider: optional(text(wire.providerLength)),
  modelId: optional(text(wire.modelIdLength)),
  usage: optional(Usage),
  ttftMs: optional(number()),
  input: optional(text(wire.payloadLength)),
  output: optional(text(wire.payloadLength)),
  toolCatalog: optional(text(wire.payloadLength)),
  sources: optional(text(wire.payloadLength)),
  /** The run's instructions: since client 0.10, on the root agent span. */
  systemPrompt: optional(text(wire.payloadLength)),
  modelCallMs: optional(count()),
  responseTimeMs: optional(count()),
  reasoningDurationMs: optional(count()),
  effectiveOutputTps: optional(number()),
  effectiveTotalTps: optional(number()),
  outputTps: optional(number()),
  inputTps: optional(number()),
  chunkJitter: optional(ChunkJitter),
  systemFingerprint: optional(text(wire.fingerprintLength)),
  safetyMetadata: optional(text(wire.safetyMetadataLength)),
  rateLimit: optional(RateLimit),
  metadata: optional(StringMap),
  chunkOffsets: optional(deprecated()),
  chunkTokens: optional(deprecated()),
  reasoningOffsets: optional(deprecated()),
  reasoningChunkTokens: optional(deprecated()),
};

/** Accepted for old clients and dropped. */
export const droppedFields = [
  "chunkOffsets",
  "chunkTokens",
  "reasoningOffsets",
  "reasoningChunkTokens",
] as const;

const headerFields = {
  traceName: optional(text(wire.traceTextLength)),
  agentName: optional(text(wire.traceTextLength)),
  workflowName: optional(text(wire.traceTextLength)),
  workflowRunId: optional(text(wire.idLength)),
  sessionId: optional(text(wire.idLength)),
  customer: optional(Customer),
  metadata: optional(StringMap),
};

/**
 * What the usage's counts consist of, as far as it is told: parts of them, never added to them. Only
 * citations, which Perplexity counts beside the output, and file searches are counts of their own.
 */
export const UsageDetails = Type.Object(
  {
    textInputTokens: optional(count()),
    audioInputTokens: optional(count()),
    imageInputTokens: optional(count()),
    videoInputTokens: optional(count()),
    textCachedInputTokens: optional(count()),
    audioCachedInputTokens: optional(count()),
    imageCachedInputTokens: optional(count()),
    videoCachedInputTokens: optional(count()),
    cacheWrite5mInputTokens: optional(count()),
    cacheWrite1hInputTokens: optional(count()),
    textOutputTokens: optional(count()),
    audioOutputTokens: optional(count()),
    imageOutputTokens: optional(count()),
    videoOutputTokens: optional(count()),
    citationTokens: optional(count()),
    fileSearchCount: optional(count()),
  },
  closed,
);

/** What a full export carries beyond v1, and only an import reads. */
const SpanExtension = Type.Object(
  {
    source: optional(Type.String({ maxLength: 64 })),
    receivedAt: optional(count()),
    startNanos: optional(Type.Integer({ minimum: 0, maximum: 999_999 })),
    endNanos: optional(Type.Integer({ minimum: 0, maximum: 999_999 })),
    /** JSON text of what has no field of its own, by its name. */
    attributes: optional(Type.String()),
    /** JSON text of what came beside the trace's fields and the payload's, by its name. */
    traceAttributes: optional(Type.String()),
    /** JSON text: the resource's attributes and schema, and the scope's. */
    resource: optional(Type.String()),
    /** JSON text: the span's events, links and log records, each with its `type`. */
    events: optional(Type.String()),
    /** The span's name as it was sent, where another is shown. */
    spanName: optional(Type.String()),
    kind: optional(oneOf(...spanKinds)),
    traceState: optional(Type.String()),
    flags: optional(count()),
    statusMessage: optional(Type.String()),
    droppedAttributesCount: optional(count()),
    droppedEventsCount: optional(count()),
    droppedLinksCount: optional(count()),
    droppedLogsCount: optional(count()),
    /** The end as it was sent, where it was before the start: nanoseconds, in decimal. */
    endTimeUnixNano: optional(Type.String({ pattern: "^[0-9]{1,20}$" })),
    /** What the sender says that the call cost. */
    reportedCostUsd: optional(number()),
    usageDetails: optional(UsageDetails),
    /** How fast and reliable the call was to be: flex, priority, batch; the answer's word for it. */
    serviceTier: optional(text(wire.serviceTierLength)),
    /** The provider's id of the answer: spans that share it may be reports of one call. */
    responseId: optional(Type.String({ maxLength: wire.responseIdLength })),
    /** The model that was asked for, where the answer names another. */
    requestModelId: optional(text(wire.modelIdLength)),
    /** Of a tool: the call that it ran. Spans that share it may be reports of one run. */
    toolCallId: optional(Type.String({ maxLength: wire.idLength })),
    /** Which attribute said it: with `instrumentation` it tells who reported the run. */
    toolCallKey: optional(Type.String({ maxLength: wire.idLength })),
    /** Of a model call, an embedding or a tool with the id of its call: the scope that reported it. */
    instrumentation: optional(Type.String({ maxLength: wire.instrumentationLength })),
    /** OpenTelemetry's, where the span's status does not tell it: 1 is an explicit OK. */
    statusCode: optional(Type.Integer({ minimum: 0, maximum: 2 })),
    /**
     * The attributes that became texts, word for word. Where there are texts and none of these, each
     * was made of several.
     */
    textKeys: optional(
      Type.Object(
        {
          input: optional(Type.String()),
          output: optional(Type.String()),
          toolCatalog: optional(Type.String()),
        },
        closed,
      ),
    ),
    /** Of texts that were cut: how long each was, where that is known. */
    wholeLengths: optional(
      Type.Object(
        { input: optional(count()), output: optional(count()), toolCatalog: optional(count()) },
        closed,
      ),
    ),
    /** True where the span names no model: the one shown is that of the nearest span above with one. */
    isModelInherited: optional(Type.Literal(true)),
    /** True where no start was sent: the start shown is the end. */
    isStartMissing: optional(Type.Literal(true)),
    /** What the span has from its log records. */
    fromLogs: optional(Type.Array(oneOf(...loggedFields))),
    /** Its own, where its log records say more or better. */
    beforeLogs: optional(
      Type.Object(
        {
          usage: optional(Usage),
          status: optional(oneOf(...spanStatuses)),
          input: optional(text(wire.payloadLength)),
        },
        closed,
      ),
    ),
    /** True where no such span was sent: log records alone say it. */
    isFromLogs: optional(Type.Literal(true)),
    /** True where the span says no more than that a program ran: see `isRuntime` in contract/fields.ts. */
    isRuntime: optional(Type.Literal(true)),
  },
  closed,
);

const TraceExtension = Type.Object(
  {
    /** JSON text of what v1 has no field for. The store keeps it with a span, as `traceAttributes`. */
    attributes: optional(Type.String()),
    /** Whose spans they are where no agent is named: OpenTelemetry's `service.name`. */
    serviceName: optional(Type.String()),
  },
  closed,
);

export const Span = Type.Object(spanFields, closed);
export const ImportedSpan = Type.Object({ ...spanFields, x: optional(SpanExtension) }, closed);
export const TraceHeader = Type.Object(headerFields, closed);

const traceOf = <S extends TSchema>(span: S, extension: { x?: TSchema } = {}) =>
  Type.Object(
    {
      traceId: id(),
      ...headerFields,
      ...extension,
      spans: Type.Array(span, { minItems: 1, maxItems: wire.spansPerTrace }),
    },
    closed,
  );

const payloadOf = <T extends TSchema>(trace: T) =>
  Type.Object(
    {
      version: Type.Literal("v1"),
      traces: Type.Array(trace, { minItems: 1, maxItems: wire.tracesPerPayload }),
    },
    closed,
  );

export const Trace = traceOf(Span);
export const Payload = payloadOf(Trace);
export const ImportedPayload = payloadOf(traceOf(ImportedSpan, { x: optional(TraceExtension) }));

/** The same schema whose objects may have keys that it does not know. */
export function open(schema: TSchema): TSchema {
  if (schema[Kind] === "Array") return { ...schema, items: open(schema.items) };
  if (schema[Kind] !== "Object") return schema;
  const fields = Object.entries(schema.properties as Record<string, TSchema>);
  const properties = Object.fromEntries(fields.map(([name, field]) => [name, open(field)]));
  return { ...schema, properties, additionalProperties: true };
}

/** The schemas one level at a time, so that a report can name the bad span of 80,000 quickly. */
export const levels = {
  payload: payloadOf(Type.Unknown()),
  trace: traceOf(Type.Unknown()),
  importedTrace: traceOf(Type.Unknown(), { x: optional(TraceExtension) }),
} satisfies Record<string, TObject>;

export type Usage = Static<typeof Usage>;
export type UsageDetails = Static<typeof UsageDetails>;
export type Customer = Static<typeof Customer>;
export type TraceExtension = Static<typeof TraceExtension>;
export type TraceHeader = Static<typeof TraceHeader> & { x?: TraceExtension };
export type Span = Static<typeof Span>;
export type SpanExtension = Static<typeof SpanExtension>;
/** A span as it goes to the store: `x` only from an import, or with unknown fields that are kept. */
export type ImportedSpan = Static<typeof ImportedSpan>;
export type LoggedField = (typeof loggedFields)[number];
/** What log records say that their span may lack itself. */
export type LogReport = Pick<ImportedSpan, Exclude<LoggedField, keyof SpanExtension>> &
  Pick<SpanExtension, Extract<LoggedField, keyof SpanExtension>>;
export type Trace = TraceHeader & { traceId: string; spans: ImportedSpan[] };
export type Payload = { version: "v1"; traces: Trace[] };
