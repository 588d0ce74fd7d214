/**
 * What any batches must leave: a plain model that keeps all spans and derives a trace's row from them by the
 * rules of the design, each written as it reads there and none as src/ has it.
 */
import type { Summary } from "../../src/backend/views.ts";
import { maxCount, type WireSpan, type WireTrace } from "../payload.arbitrary.ts";
import { countCalls } from "../tally/calls.model.ts";

type Header = Omit<WireTrace, "traceId" | "spans">;

/** With fields that only a newer client knows. */
export type NewerTrace = WireTrace & { env?: string; zone?: number };

export interface Batch {
  project: number;
  traces: NewerTrace[];
}

interface Version {
  span: WireSpan;
  header: Header;
  /** What its trace was sent with and has no field, where it is the first span that stands for that. */
  ofTrace: Record<string, unknown>;
}

/** The last version of each span, by its id, with the trace-level fields of its batch. */
type TraceModel = Map<string, Version>;

/** Traces by project and id. */
type Model = Map<string, TraceModel>;

export const projects = ["default", "other"];
const summedCounts = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
] as const;

/** Within one batch the last of an id wins; then the greater version, whichever came first. */
function receive(model: Model, { project, traces }: Batch): void {
  const sent: Model = new Map();
  const newer = new Map<Header, Record<string, unknown>>();
  for (const { traceId, spans, env, zone, ...header } of traces) {
    const key = JSON.stringify([projects[project], traceId]);
    if (!sent.has(key)) sent.set(key, new Map());
    for (const span of spans) sent.get(key)!.set(span.spanId, { span, header, ofTrace: {} });
    newer.set(header, {
      ...(env !== undefined && { "unknown.env": env }),
      ...(zone !== undefined && { "unknown.zone": zone }),
    });
  }
  for (const [key, spans] of sent) {
    for (const version of spans.values()) {
      version.ofTrace = newer.get(version.header) ?? {};
      newer.delete(version.header);
    }
    if (!model.has(key)) model.set(key, new Map());
    const stored = model.get(key)!;
    for (const [id, version] of spans) {
      const known = stored.get(id);
      if (!known || compareVersions(version, known) > 0) stored.set(id, version);
    }
  }
}

/** The later end is the greater, then the one with more bytes of content, then the greater hash. */
function compareVersions(a: Version, b: Version): number {
  const [first, second] = [contentOf(a), contentOf(b)];
  return (
    a.span.endTime - b.span.endTime ||
    first.length - second.length ||
    Buffer.compare(sha256(first), sha256(second))
  );
}

/** In UTF-8; a lone surrogate is an escape. */
function contentOf({ span, header, ofTrace }: Version): Buffer {
  const x = Object.keys(ofTrace).length > 0 && { x: { traceAttributes: JSON.stringify(ofTrace) } };
  const content = { header, source: "foglamp", span: { ...span, ...x } };
  return Buffer.from(
    JSON.stringify(content, (_, value) =>
      value?.constructor === Object
        ? Object.fromEntries(
            Object.keys(value)
              .sort()
              .map((key) => [key, value[key]]),
          )
        : value,
    ),
  );
}

const sha256 = (bytes: Buffer) => new Bun.CryptoHasher("sha256").update(bytes).digest();

/** What the API must show of a trace, less what depends on the clock. */
function summarize(key: string, stored: TraceModel): Record<string, unknown> {
  const [project, traceId] = JSON.parse(key) as [string, string];
  const versions = [...stored.values()];
  const spans = versions.map(({ span }) => span);
  const ofType = (type: string) => spans.filter(({ spanType }) => spanType === type);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  const lastCall = ofType("llm").sort(byEnd).at(-1);
  const firstTimed = ofType("llm")
    .filter(({ ttftMs }) => ttftMs !== undefined)
    .sort((a, b) => a.startTime - b.startTime || compare(a.spanId, b.spanId))[0];
  const calls = countCalls(spans);
  const counting = spans.filter((span) => isCall(span) && !calls.isRepeated(span));
  /** A sum of the values present, null if none. */
  const total = (count: (typeof summedCounts)[number]) => {
    const values = spans.flatMap((span) => calls.usageOf(span)?.[count] ?? []);
    if (values.length === 0) return null;
    const sum = values.reduce((sum, value) => sum + BigInt(value), 0n);
    return sum <= BigInt(maxCount) ? Number(sum) : String(sum);
  };
  const hasEnded = (status: string) => roots.some((root) => root.status === status);
  const field = <K extends keyof Header>(name: K): NonNullable<Header[K]> | null =>
    versions
      .filter(({ header }) => !isEmpty(header[name]))
      .sort((a, b) => byEnd(a.span, b.span))
      .at(-1)?.header[name] ?? null;
  const startTime = Math.min(...spans.map((span) => span.startTime));
  const endTime = Math.max(...spans.map((span) => span.endTime));
  return {
    project,
    traceId,
    name: field("traceName") ?? field("agentName"),
    traceName: field("traceName"),
    agentName: field("agentName"),
    workflowName: field("workflowName"),
    workflowRunId: field("workflowRunId"),
    sessionId: field("sessionId"),
    customer: field("customer") as Summary["customer"],
    metadata: field("metadata") ?? {},
    attributes: Object.assign(
      {},
      ...versions.toSorted((a, b) => byEnd(a.span, b.span)).map(({ ofTrace }) => ofTrace),
    ),
    source: "foglamp",
    startTime,
    endTime,
    durationMs: endTime - startTime,
    status: hasEnded("aborted")
      ? "aborted"
      : hasEnded("error") || lastCall?.status === "error"
        ? "error"
        : "ok",
    state: roots.length > 0 ? "ended" : "open",
    spanCount: spans.length,
    llmCount: counting.filter(({ spanType }) => spanType === "llm").length,
    internalSpanCount: 0,
    isInternal: false,
    toolCount: ofType("tool").length,
    errorCount: calls.errorCount,
    models: [...new Set(counting.flatMap((span) => span.modelId || []))].sort(compare),
    ttftMs: firstTimed?.ttftMs ?? null,
    ...Object.fromEntries(summedCounts.map((count) => [count, total(count)])),
    // None of the models here has a price.
    costUsd: null,
    isCostEstimated: false,
    reportedCostUsd: null,
    pricedSpanCount: 0,
    priceableSpanCount: spans.filter(calls.countsWhole).length,
    // No span here has an input.
    pinned: false,
    inputPreview: null,
    outputPreview:
      [roots, ofType("llm")]
        .flatMap((group) =>
          group
            .filter(({ output }) => output !== undefined)
            .sort(byEnd)
            .slice(-1),
        )
        .map(({ output }) => output as string)[0] ?? null,
  };
}

const isCall = ({ spanType }: WireSpan) => spanType === "llm" || spanType === "embedding";
const compare = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
const byEnd = (a: WireSpan, b: WireSpan) => a.endTime - b.endTime || compare(a.spanId, b.spanId);
const isEmpty = (value: unknown) =>
  value === undefined || value === "" || Object.keys(value as object).length === 0;

/** What `shown` must be after these batches arrived in an empty store. */
export function expected(batches: Batch[]): Map<string, unknown> {
  const model: Model = new Map();
  for (const batch of batches) receive(model, batch);
  return new Map(
    [...model].map(([key, stored]) => {
      const spans = [...stored].map(([id, { span, header }]) => [id, { span, header }] as const);
      return [key, { ...summarize(key, stored), spans: new Map(spans) }];
    }),
  );
}
