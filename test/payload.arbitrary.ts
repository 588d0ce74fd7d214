/**
 * Arbitrary payloads that the wire contract admits: every field, every limit, strings of any UTF-16
 * code units. And what of a payload must come back, written from the contract, not from src/.
 */
import fc from "fast-check";

export interface WireSpan {
  spanId: string;
  parentSpanId?: string;
  spanType: string;
  name: string;
  startTime: number;
  endTime: number;
  status?: string;
  modelId?: string;
  ttftMs?: number;
  usage?: Record<string, number>;
  metadata?: Record<string, string>;
  [field: string]: unknown;
}

export interface WireTrace {
  traceId: string;
  traceName?: string;
  agentName?: string;
  workflowName?: string;
  workflowRunId?: string;
  sessionId?: string;
  customer?: { id: string; name?: string; imageUrl?: string };
  metadata?: Record<string, string>;
  spans: WireSpan[];
}

export interface WirePayload {
  version: "v1";
  traces: WireTrace[];
}

export const maxCount = Number.MAX_SAFE_INTEGER;

const deprecated = ["chunkOffsets", "chunkTokens", "reasoningOffsets", "reasoningChunkTokens"];

/** Pieces that storage engines, encoders and terminals trip over. */
const oddPieces = [
  "\0",
  "\ud800",
  "\udfff",
  "\udc00\ud800",
  "\ufffd",
  "\ufeff",
  "\uffff",
  "😀",
  "e\u0301",
  "\u2028",
  "\n",
  "\r\n",
  "\u001b[31m",
  '"',
  "\\",
  "\\u0000",
  "'",
  "`",
  "%00",
  "~",
  "/",
  "..",
  "?",
  "#",
  " ",
  "{",
  "[",
  "__proto__",
  "constructor",
  "null",
  "0",
  "1e3",
  "-1",
  "中",
];

/** Any UTF-16 code units up to `maxLength`, often odd ones, sometimes exactly as many as allowed. */
export function wireText(maxLength: number, minLength = 0): fc.Arbitrary<string> {
  const pieces = fc.oneof(
    { weight: 3, arbitrary: fc.constantFrom(...oddPieces) },
    { weight: 3, arbitrary: fc.string({ maxLength: 8 }) },
    {
      weight: 2,
      arbitrary: fc
        .array(fc.nat(0xffff), { maxLength: 6 })
        .map((units) => String.fromCharCode(...units)),
    },
  );
  const short = fc
    .array(pieces, { maxLength: 5 })
    .map((parts) => parts.join("").slice(0, maxLength))
    .map((text) => (text.length < minLength ? "x".repeat(minLength) : text));
  const full = fc
    .constantFrom("a", "é", "中", "😀", "\0", "\ud800", "\\", '"')
    .map((unit) => unit.repeat(Math.ceil(maxLength / unit.length)).slice(0, maxLength));
  return fc.oneof({ weight: 12, arbitrary: short }, { weight: 1, arbitrary: full });
}

const wireId = () =>
  fc.oneof(
    { weight: 3, arbitrary: wireText(128, 1) },
    {
      weight: 2,
      arbitrary: fc.constantFrom("a", "b", "a\0", "a\ud800", "a\udc00", "a\ufffd", "A"),
    },
  );

export const wireCount = (): fc.Arbitrary<number> =>
  fc.oneof(fc.constantFrom(0, 1, 2 ** 31, 2 ** 32, maxCount - 1, maxCount), fc.maxSafeNat());

const wireNumber = () =>
  fc.oneof(
    fc.constantFrom(0, 0.1, 5e-324, Number.MAX_VALUE, 2 ** 53, 2 ** 63, 2 ** 64, 1e21),
    fc.double({ min: 0, noNaN: true, noDefaultInfinity: true }),
  );

/** Text of up to a million characters; as long as that only now and then, since bodies are bounded. */
const wirePayloadText = () =>
  fc.oneof(
    { weight: 300, arbitrary: wireText(300) },
    {
      weight: 100,
      arbitrary: fc.json({ maxDepth: 4 }).map((json) => json.slice(0, 20_000)),
    },
    {
      weight: 1,
      arbitrary: fc
        .constantFrom("a", "中", '"\\', '[{"role":"user","content":"hi"},')
        .map((unit) => unit.repeat(Math.ceil(1_000_000 / unit.length)).slice(0, 1_000_000)),
    },
  );

/** A map of strings, now and then with an own `__proto__` key, which the contract skips. */
const wireMap = (): fc.Arbitrary<Record<string, string>> =>
  fc
    .record({
      entries: fc.oneof(
        {
          weight: 10,
          arbitrary: fc.uniqueArray(fc.tuple(wireText(128), wireText(1024)), {
            selector: ([key]) => key,
            maxLength: 4,
          }),
        },
        {
          weight: 1,
          arbitrary: fc.constant(
            Array.from({ length: 64 }, (_, i) => [`key ${i}`, "v".repeat(1024)] as const),
          ),
        },
      ),
      hasProto: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    })
    .map(({ entries, hasProto }) => {
      const map: Record<string, string> = {};
      const define = (key: string, value: unknown) =>
        Object.defineProperty(map, key, { value, enumerable: true, configurable: true });
      for (const [key, value] of entries) if (key !== "__proto__") define(key, value);
      if (hasProto) define("__proto__", { polluted: [1] });
      return map;
    });

const imageUrl = () =>
  fc
    .tuple(
      fc.constantFrom("", " ", "\n\t", "\ufeff", "\u00a0"),
      fc.oneof(
        fc.webUrl().map((url) => url.slice(0, 2048)),
        fc.constantFrom(
          "data:,",
          "x:",
          "file:///a b",
          "https://中.example/é?q=\ud800#😀",
          `https://a.example/${"p".repeat(2048 - 18)}`,
        ),
      ),
      fc.constantFrom("", " ", "\r\n"),
    )
    .map(([before, url, after]) => before + url + after);

const optional = { requiredKeys: [] };

/** Now and then without any field: sent, yet it says nothing. */
const orEmpty = <T extends object>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T> =>
  fc.oneof({ weight: 7, arbitrary }, { weight: 1, arbitrary: fc.constant({} as T) });

const usage = () =>
  orEmpty(
    fc.record(
      {
        inputTokens: wireCount(),
        outputTokens: wireCount(),
        totalTokens: wireCount(),
        reasoningTokens: wireCount(),
        cachedInputTokens: wireCount(),
        cacheWriteInputTokens: wireCount(),
        imageCount: wireCount(),
        webSearchCount: wireCount(),
        requestCount: wireCount(),
      },
      optional,
    ),
  );

const rateLimit = () =>
  orEmpty(
    fc.record(
      {
        requestsLimit: wireCount(),
        requestsRemaining: wireCount(),
        requestsResetMs: wireCount(),
        tokensLimit: wireCount(),
        tokensRemaining: wireCount(),
        tokensResetMs: wireCount(),
      },
      optional,
    ),
  );

const deprecatedList = () =>
  fc.oneof(
    fc.array(wireCount(), { maxLength: 3 }),
    fc.constant(Array.from({ length: 200 }, () => maxCount)),
  );

const times = () =>
  fc
    .oneof(
      fc.tuple(wireCount(), wireCount()),
      fc.tuple(fc.integer({ min: 1000, max: 1010 }), fc.integer({ min: 1000, max: 1010 })),
    )
    .map(([a, b]) => ({ startTime: Math.min(a, b), endTime: Math.max(a, b) }));

export const wireSpan = (): fc.Arbitrary<WireSpan> =>
  fc
    .tuple(
      fc.record(
        {
          spanId: wireId(),
          spanType: fc.constantFrom("agent", "llm", "tool", "embedding", "other"),
          name: wireText(512),
          parentSpanId: wireId(),
          status: fc.constantFrom("ok", "error", "aborted"),
          errorMessage: wireText(8192),
          provider: wireText(128),
          modelId: wireText(256),
          usage: usage(),
          ttftMs: wireNumber(),
          input: wirePayloadText(),
          output: wirePayloadText(),
          toolCatalog: wirePayloadText(),
          sources: wirePayloadText(),
          systemPrompt: wirePayloadText(),
          modelCallMs: wireCount(),
          responseTimeMs: wireCount(),
          reasoningDurationMs: wireCount(),
          effectiveOutputTps: wireNumber(),
          effectiveTotalTps: wireNumber(),
          outputTps: wireNumber(),
          inputTps: wireNumber(),
          chunkJitter: fc.record({
            min: wireNumber(),
            p10: wireNumber(),
            median: wireNumber(),
            avg: wireNumber(),
            p90: wireNumber(),
            max: wireNumber(),
          }),
          systemFingerprint: wireText(256),
          safetyMetadata: wireText(16_384),
          rateLimit: rateLimit(),
          metadata: wireMap(),
          chunkOffsets: deprecatedList(),
          chunkTokens: deprecatedList(),
          reasoningOffsets: deprecatedList(),
          reasoningChunkTokens: deprecatedList(),
        },
        { requiredKeys: ["spanId", "spanType", "name"] },
      ),
      times(),
    )
    .map(([span, time]) => ({ ...span, ...time }));

/** A name that makes a trace valid, `""` counting as none. */
const names = () =>
  fc.oneof(
    fc.record(
      { traceName: wireText(256, 1), agentName: wireText(256) },
      { requiredKeys: ["traceName"] },
    ),
    fc.record(
      { traceName: wireText(256), agentName: wireText(256, 1) },
      { requiredKeys: ["agentName"] },
    ),
    fc.constant({ traceName: " " }),
  );

const workflow = () =>
  fc.oneof(
    fc.constant({}),
    fc.record({ workflowName: wireText(256, 1), workflowRunId: wireText(128, 1) }),
    fc.constantFrom(
      { workflowName: "" },
      { workflowRunId: "" },
      { workflowName: "", workflowRunId: "" },
    ),
  );

export const wireTrace = (maxSpans = 6): fc.Arbitrary<WireTrace> =>
  fc
    .tuple(
      wireId(),
      names(),
      workflow(),
      fc.record(
        {
          sessionId: wireText(128),
          customer: fc.record(
            { id: wireId(), name: wireText(256), imageUrl: imageUrl() },
            { requiredKeys: ["id"] },
          ),
          metadata: wireMap(),
        },
        optional,
      ),
      fc.array(wireSpan(), { minLength: 1, maxLength: maxSpans }),
    )
    .map(([traceId, name, flow, rest, spans]) => ({ traceId, ...name, ...flow, ...rest, spans }));

/** A payload as JSON has it: what a client would have in hand before it serialises. */
export const wirePayload = (maxTraces = 4, maxSpans = 6): fc.Arbitrary<WirePayload> =>
  fc
    .array(wireTrace(maxSpans), { minLength: 1, maxLength: maxTraces })
    .map((traces) => ({ version: "v1", traces }));

/** A span that came back, with the trace-level fields that it was sent with. */
export interface Stored {
  traceId: string;
  header: Omit<WireTrace, "traceId" | "spans">;
  span: WireSpan;
}

/** Spans by trace and id. JSON, since an id may hold any character. */
export type StoredSpans = Map<string, Stored>;

/** What must be stored after a payload arrived in an empty store: the last of each span id. */
export function storedOf(payload: WirePayload): StoredSpans {
  const stored: StoredSpans = new Map();
  // Through JSON, which makes -0 a 0 and copies what is changed below.
  for (const { traceId, spans, ...header } of (JSON.parse(JSON.stringify(payload)) as WirePayload)
    .traces) {
    dropProto(header.metadata);
    if (header.customer?.imageUrl !== undefined)
      header.customer.imageUrl = header.customer.imageUrl.trim();
    for (const span of spans) {
      dropProto(span.metadata);
      for (const field of deprecated) delete span[field];
      stored.set(JSON.stringify([traceId, span.spanId]), { traceId, header, span });
    }
  }
  return stored;
}

/** The spans of an exported document, grouped as `storedOf` groups those of a sent one. */
export function spansOf(exported: WirePayload, into: StoredSpans = new Map()): StoredSpans {
  for (const { traceId, spans, ...header } of exported.traces) {
    for (const span of spans) {
      const key = JSON.stringify([traceId, span.spanId]);
      if (into.has(key)) throw new Error(`span ${key} came back twice`);
      into.set(key, { traceId, header, span });
    }
  }
  return into;
}

function dropProto(map: Record<string, string> | undefined): void {
  if (map && Object.hasOwn(map, "__proto__")) delete map["__proto__"];
}
