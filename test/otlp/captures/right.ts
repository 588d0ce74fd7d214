/** Holds what is shown against what a capture itself says is right; a list there means any of it. */
import type { ShownSpan, ShownTrace } from "./shown.ts";

type Counts = Record<string, unknown>;

interface RightSpan {
  traceId?: string;
  spanId: string;
  type: string[];
  parent?: string | null;
  status: string[];
  nameHas?: string;
  model?: string[];
  /** A regular expression. */
  provider?: string;
  usage?: Counts;
  inputHas?: string[];
  outputHas?: string[];
}

interface RightTrace {
  traceId: string;
  counts: { llm: number; tool: number; embedding: number };
  spans: RightSpan[];
  totals: Counts;
  status: string[];
  sessionId?: string;
  anyName?: string[];
  spanCount?: number;
}

interface RightSession {
  sessionId: string;
  llm: number;
  tool: number;
  embedding: number;
  /** So many traces of the session have model calls. */
  withLlm?: number;
  totals: Counts;
  models?: string[];
  toolInputs?: string[];
  toolOutputs?: string[];
  anyInput?: string[];
  perLlm?: Counts[];
  status?: string[];
  anyName?: string[];
  spans?: RightSpan[];
}

/** @returns what is wrong; empty where nothing is. */
export function checkRight(right: unknown, shown: ShownTrace[]): string[] {
  const { traces, session } = right as { traces: RightTrace[]; session: RightSession };
  return [
    ...traces.flatMap((trace) => {
      const one = shown.find(({ trace: { traceId } }) => traceId === trace.traceId);
      return one ? checkTrace(trace, one) : [`there is no trace ${trace.traceId}`];
    }),
    ...checkSession(session, shown),
  ].map((line) => line.slice(0, 400));
}

function checkTrace(right: RightTrace, { trace, spans }: ShownTrace): string[] {
  const { traceId, counts } = right;
  return [
    ...differ("llmCount", trace.llmCount, counts.llm),
    ...differ("toolCount", trace.toolCount, counts.tool),
    ...differ("embeddings", countOf(spans, "embedding"), counts.embedding),
    ...differ("status", trace.status, right.status),
    ...differ("sessionId", trace.sessionId, right.sessionId),
    ...differ("spans", spans.length, right.spanCount),
    ...Object.entries(right.totals).flatMap(([field, wanted]) =>
      differ(field, trace[field as keyof typeof trace], wanted),
    ),
    ...checkNames([trace], right.anyName),
    ...right.spans.flatMap((span) => checkSpan(span, spans)),
  ].map((line) => `trace ${traceId.slice(0, 8)} ${line}`);
}

function checkSession(right: RightSession, shown: ShownTrace[]): string[] {
  const ofSession = shown.filter(({ trace }) => trace.sessionId === right.sessionId);
  if (ofSession.length === 0) return [`there is no session ${right.sessionId}`];
  const traces = ofSession.map(({ trace }) => trace);
  const spans = ofSession.flatMap((trace) => trace.spans);
  const tools = spans.filter(({ spanType }) => spanType === "tool");
  const sum = (field: string) => sumOf(traces.map((trace) => trace[field as keyof typeof trace]));
  const models = traces.flatMap((trace) => trace.models);
  return [
    ...differ("llmCount", sum("llmCount"), right.llm),
    ...differ("toolCount", sum("toolCount"), right.tool),
    ...differ("embeddings", countOf(spans, "embedding"), right.embedding),
    ...differ("traces with calls", traces.filter((t) => t.llmCount > 0).length, right.withLlm),
    ...Object.entries(right.totals).flatMap(([field, wanted]) => differ(field, sum(field), wanted)),
    ...(right.models ?? []).flatMap((model) =>
      models.includes(model) ? [] : [`no model ${model}: ${models}`],
    ),
    ...traces.flatMap(({ status }) => differ("status", status, right.status)),
    ...checkNames(traces, right.anyName),
    ...missing(
      "input of a tool",
      tools.flatMap(({ input }) => input),
      right.toolInputs,
    ),
    ...missing(
      "output of a tool",
      tools.flatMap(({ output }) => output),
      right.toolOutputs,
    ),
    ...missing(
      "input",
      spans.flatMap(({ input }) => input),
      right.anyInput,
    ),
    ...checkCalls(spans, right.perLlm ?? []),
    ...(right.spans ?? []).flatMap((span) => checkSpan(span, spans)),
  ].map((line) => `session ${line}`);
}

/** Each of the counts is that of a model call, and of one only. */
function checkCalls(spans: ShownSpan[], calls: Counts[]): string[] {
  const left = spans.filter(({ spanType, usage }) => spanType === "llm" && usage);
  return calls.flatMap((counts) => {
    const place = left.findIndex(({ usage }) => checkCounts(usage, counts).length === 0);
    if (place < 0) return [`no model call has ${JSON.stringify(counts)}`];
    left.splice(place, 1);
    return [];
  });
}

function checkSpan(right: RightSpan, spans: ShownSpan[]): string[] {
  const span = spans.find(({ spanId }) => spanId === right.spanId);
  if (!span) return [`span ${right.spanId} is not there`];
  return [
    ...differ("type", span.spanType, right.type),
    ...differ("parent", span.parentSpanId, right.parent),
    ...differ("status", span.status, right.status),
    ...differ("model", span.modelId, right.model),
    ...missing("name", [span.name], right.nameHas === undefined ? [] : [right.nameHas]),
    ...(right.provider && !new RegExp(right.provider).test(span.provider ?? "")
      ? [`provider: ${span.provider} instead of ${right.provider}`]
      : []),
    ...checkCounts(span.usage, right.usage ?? {}),
    ...missing("input", span.input, right.inputHas),
    ...missing("output", span.output, right.outputHas),
  ].map((line) => `span ${right.spanId} ${line}`);
}

function checkCounts(usage: ShownSpan["usage"], counts: Counts): string[] {
  return Object.entries(counts).flatMap(([field, wanted]) =>
    differ(field, usage?.[field] ?? null, wanted),
  );
}

function checkNames(traces: ShownTrace["trace"][], wanted: string[] | undefined): string[] {
  if (!wanted) return [];
  const names = traces.flatMap(({ name, traceName, agentName }) => [name, traceName, agentName]);
  const isFound = names.some((name) =>
    wanted.some((part) => name?.toLowerCase().includes(part.toLowerCase())),
  );
  return isFound ? [] : [`no name has ${wanted}: ${names}`];
}

/** Texts that stand in none of the lines. */
function missing(what: string, lines: string[], wanted: string[] = []): string[] {
  return wanted
    .filter((text) => !lines.some((line) => line.includes(text)))
    .map((text) => `no ${what} has ${text}: ${JSON.stringify(lines.map((l) => l.slice(0, 100)))}`);
}

function countOf(spans: ShownSpan[], spanType: string): number {
  return spans.filter((span) => span.spanType === spanType).length;
}

/** Null where none is known. */
function sumOf(values: unknown[]): number | null {
  const known = values.filter((value) => value !== null);
  return known.length === 0 ? null : known.reduce<number>((sum, value) => sum + Number(value), 0);
}

function differ(what: string, got: unknown, wanted: unknown): string[] {
  if (wanted === undefined) return [];
  const any: unknown[] = Array.isArray(wanted) ? wanted : [wanted];
  return any.includes(got) ? [] : [`${what}: ${got} instead of ${any.join(" or ")}`];
}
