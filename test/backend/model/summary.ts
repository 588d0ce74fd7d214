/** What a trace shows, by looking at all of its spans at each question. */
import type { TraceRecord } from "../../../src/backend/traces.ts";
import type { Summary } from "../../../src/backend/views.ts";
import type { Meaning } from "../../../src/backend/writer.ts";
import type { ImportedSpan, TraceHeader } from "../../../src/contract/v1.ts";
import { factsOf } from "../../../src/tally/spanfacts.ts";
import { Tally } from "../../../src/tally/tally.ts";
import { ToolRuns } from "../../../src/tally/toolruns.ts";
import { countCalls, type PlainCalls } from "../../tally/calls.model.ts";
import { internalIn } from "../../tally/internal.model.ts";
import { isCall, isRuntime } from "./rules.ts";
import type { Kept, ModelTrace, State } from "./state.ts";

const staleAfterMs = 600_000;
export const counts = [
  "inputTokens",
  "outputTokens",
  "totalTokens",
  "reasoningTokens",
  "cachedInputTokens",
  "cacheWriteInputTokens",
] as const;

const compare = <T>(a: T, b: T) => (a < b ? -1 : a > b ? 1 : 0);
export const byStart = (a: ImportedSpan, b: ImportedSpan) =>
  a.startTime - b.startTime || compare(a.spanId, b.spanId);
const byEnd = (a: ImportedSpan, b: ImportedSpan) =>
  a.endTime - b.endTime || compare(a.spanId, b.spanId);

/** A trace as all questions see it. */
export interface View {
  trace: ModelTrace;
  spans: ImportedSpan[];
  calls: PlainCalls<ImportedSpan>;
  /** Whether it says the same as another span, and counts there. */
  isRepeated(span: ImportedSpan): boolean;
  /** The span that counts for what this one says; itself where it counts. */
  countingOf(span: ImportedSpan): ImportedSpan;
  isInternal(span: ImportedSpan): boolean;
  /** In pico-dollars; undefined where no price is known. */
  costOf(span: ImportedSpan): bigint | undefined;
  header: TraceHeader;
  record: TraceRecord;
}

/** @param nowMs decides which traces are stale. */
export function viewOf(state: State, trace: ModelTrace, meaning: Meaning, nowMs: number): View {
  const spans = trace.spans.map(({ span }) => span);
  const keptOf = (span: ImportedSpan) => trace.spans.find((kept) => kept.span === span)!;
  const calls = countCalls(spans);
  const runs = repeatedRuns(trace.spans);
  const internal = internalIn(spans, isRuntime);
  const countingOf = (span: ImportedSpan) => runs.get(span) ?? calls.countingOf(span);
  const view: Omit<View, "record"> = {
    trace,
    spans,
    calls,
    countingOf,
    isRepeated: (span) => countingOf(span) !== span,
    isInternal: ({ spanId }) => internal.includes(spanId),
    costOf: (span) => keptOf(span).cost?.amount,
    header: headerOf(trace.spans),
  };
  const { header } = view;
  const pico = (cost: bigint | null) => (cost === null ? null : usd(cost));
  const priced = spans.filter((span) => calls.countsWhole(span) && view.costOf(span) !== undefined);
  const cost = total(priced.map((span) => view.costOf(span)!));
  const reported = spans
    .filter((span) => calls.countsWhole(span) && view.costOf(span) === undefined)
    .flatMap(({ x }) => x?.reportedCostUsd ?? []);
  const roots = spans.filter(({ parentSpanId }) => parentSpanId === undefined);
  const models = spans.filter(({ spanType }) => spanType === "llm");
  const counting = spans.filter((span) => !view.isRepeated(span));
  const ofType = (type: string) => counting.filter(({ spanType }) => spanType === type).length;
  const startTime = Math.min(...spans.map((span) => span.startTime));
  const endTime = Math.max(...spans.map((span) => span.endTime));
  const isOver = Math.abs(nowMs - trace.lastReceivedAt) > staleAfterMs;
  const lastCall = [...models].sort(byEnd).at(-1);
  const ended = (status: string) => roots.some((root) => root.status === status);
  const hasFailed = ended("error") || lastCall?.status === "error";
  const speaker = (field: "input" | "output") =>
    [roots, models]
      .map((group) => group.filter((span) => span[field] !== undefined))
      .map((group) => (field === "input" ? group.sort(byStart)[0] : group.sort(byEnd).at(-1)))
      .find((span) => span !== undefined);
  const preview = (field: "input" | "output") => {
    const text = speaker(field)?.[field];
    return text === undefined ? null : meaning.previews[field](text);
  };
  const sums = Object.fromEntries(
    counts.map((count) => [
      count,
      figure(total(spans.flatMap((span) => calls.usageOf(span)?.[count] ?? []).map(BigInt))),
    ]),
  ) as Pick<Summary, (typeof counts)[number]>;
  const summary: Summary = {
    key: trace.key,
    project: state.projectName(trace.projectId),
    traceId: trace.traceId,
    name: header.traceName ?? header.agentName ?? null,
    traceName: header.traceName ?? null,
    agentName: header.agentName ?? null,
    workflowName: header.workflowName ?? null,
    workflowRunId: header.workflowRunId ?? null,
    sessionId: header.sessionId ?? null,
    customer: header.customer ?? null,
    source: trace.source,
    startTime,
    endTime,
    durationMs: endTime - startTime,
    receivedAt: trace.receivedAt,
    lastReceivedAt: trace.lastReceivedAt,
    status: ended("aborted") ? "aborted" : hasFailed ? "error" : "ok",
    state: roots.length > 0 ? "ended" : isOver ? "stale" : "open",
    spanCount: spans.length,
    internalSpanCount: internal.length,
    isInternal: spans.every(isRuntime),
    llmCount: ofType("llm"),
    toolCount: ofType("tool"),
    // A call that failed is one error, however many spans say it.
    errorCount: spans.filter(
      (span) =>
        span.status === "error" && !(view.isRepeated(span) && countingOf(span).status === "error"),
    ).length,
    models: [...new Set(counting.flatMap((s) => (isCall(s) && s.modelId ? s.modelId : [])))].sort(
      compare,
    ),
    ttftMs: models.filter(({ ttftMs }) => ttftMs !== undefined).sort(byStart)[0]?.ttftMs ?? null,
    ...sums,
    costUsd: pico(cost),
    isCostEstimated: priced.some((span) => keptOf(span).cost!.isEstimated),
    reportedCostUsd: pico(total(reported.map((dollars) => BigInt(Math.round(dollars * 1e12))))),
    pricedSpanCount: priced.length,
    priceableSpanCount: spans.filter(calls.countsWhole).length,
    inputPreview: preview("input"),
    outputPreview: preview("output"),
    pinned: trace.isPinned,
  };
  const record: TraceRecord = {
    key: trace.key,
    projectId: trace.projectId,
    summary,
    metadata: header.metadata ?? null,
    cost: figure(cost),
    version: trace.version,
  };
  return { ...view, record };
}

/** The sum of what is there; null where nothing is. */
function total(values: bigint[]): bigint | null {
  return values.length === 0 ? null : values.reduce((sum, value) => sum + value, 0n);
}

export function figure(sum: bigint | null): number | string | null {
  if (sum === null) return null;
  return sum <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(sum) : String(sum);
}

/** Pico-dollars as a decimal in dollars. */
export function usd(pico: bigint): string {
  const digits = String(pico).padStart(13, "0");
  return `${digits.slice(0, -12)}.${digits.slice(-12)}`.replace(/\.?0+$/, "");
}

/** Each field as the span that ended last carries it; `""` and `{}` are none. */
function headerOf(spans: Kept[]): TraceHeader {
  const sorted = spans.toSorted((a, b) => byEnd(b.span, a.span));
  const shown: TraceHeader = {};
  const isThere = (value: unknown) =>
    value !== undefined && value !== "" && Object.keys(value as object).length > 0;
  for (const { header } of sorted) {
    const { x: _, ...fields } = header;
    for (const [name, value] of Object.entries(fields))
      if (isThere(value) && !(name in shown)) Object.assign(shown, { [name]: value });
  }
  const service = sorted.find(({ header }) => header.x?.serviceName)?.header.x?.serviceName;
  return service && !shown.agentName ? { ...shown, agentName: service } : shown;
}

const factsOfKept = ({ key, span, header }: Kept) =>
  factsOf(span, { key, header, texts: { input: span.input, output: span.output }, cost: null });

/** Of each span that repeats a tool's run the one that counts: which these are is the runs' own test. */
function repeatedRuns(kept: Kept[]): Map<ImportedSpan, ImportedSpan> {
  const facts = new Map(kept.map((one) => [one.span.spanId, factsOfKept(one)]));
  const runs = new ToolRuns(facts);
  for (const one of facts.values()) runs.add(one);
  runs.decide();
  const spanOf = (id: string) => kept.find(({ span }) => span.spanId === id)!.span;
  return new Map(
    [...facts.values()].flatMap((one) => {
      const counting = runs.repeatedBy(one);
      return counting ? [[spanOf(one.spanId), spanOf(counting.spanId)] as const] : [];
    }),
  );
}

/** The keys of the spans that show the messages of others, by key: which these are is the tally's own test. */
export function shownElsewhere({ spans }: ModelTrace): Map<number, number> {
  const tally = new Tally();
  for (const kept of spans) tally.put(factsOfKept(kept));
  tally.row();
  return new Map(
    tally.takeMarks().flatMap(({ key, mark }) => (mark?.shownBy ? [[key, mark.shownBy]] : [])),
  );
}
