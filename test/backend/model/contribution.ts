/** What a trace and its spans add to statistics, each at its time. */
import type { ImportedSpan } from "../../../src/contract/v1.ts";
import { isCall } from "./rules.ts";
import type { View } from "./summary.ts";

export interface Contribution {
  view: View;
  field: string;
  /** Null for what has none. */
  value: string | null;
  timeMs: number;
  sums: Record<string, bigint>;
  durations: Record<string, number[]>;
}

type Amounts = Pick<Contribution, "sums" | "durations">;

export function contributionsOf(view: View): Contribution[] {
  const { spans, calls, header, record } = view;
  const { startTime, durationMs, status, errorCount, isInternal } = record.summary;
  const added: Contribution[] = [];
  const add = (field: string, value: string | null, timeMs: number, amounts: Amounts) =>
    added.push({ view, field, value, timeMs, ...amounts });
  if (isInternal) {
    add("all", null, startTime, { sums: { internalTraces: 1n }, durations: {} });
    return added;
  }
  const ofTrace: [field: string, value: string | null][] = [
    ["all", null],
    ["agent", header.agentName || null],
    ["workflow", header.workflowName || null],
    ["run", header.workflowRunId || null],
    ["session", header.sessionId || null],
    ["customer", header.customer?.id ?? null],
  ];
  const trace = {
    traces: 1n,
    failedTraces: status === "error" ? 1n : 0n,
    abortedTraces: status === "aborted" ? 1n : 0n,
    tracesWithErrors: errorCount > 0 ? 1n : 0n,
  };
  for (const [field, value] of ofTrace)
    add(field, value, startTime, { sums: trace, durations: { traceDuration: [durationMs] } });

  const seen = new Map<string, [field: string, value: string]>();
  const note = (field: string, value: string | null) =>
    value !== null && seen.set(`${field} ${value}`, [field, value]);
  for (const span of spans) {
    const isRepeated = view.isRepeated(span);
    if (view.isInternal(span) || (isCall(span) && isRepeated)) continue;
    const usage = calls.usageOf(span) ?? {};
    const isReport = Object.keys(usage).length > 0;
    const request = requestOf(view, span);
    if (!isRepeated) add("type", span.spanType, span.startTime, request);
    if (span.spanType === "tool" && !isRepeated) {
      add("tool", span.name || null, span.startTime, request);
      note("tool", span.name || null);
    }
    if (!isCall(span) && !isReport) continue;
    const use = useOf(view, span);
    add("type", span.spanType, span.startTime, use);
    note("model", span.modelId || null);
    note("provider", span.provider || null);
    const ofCall: typeof ofTrace = [
      ["model", span.modelId || null],
      ["provider", span.provider || null],
      ...ofTrace,
    ];
    for (const [field, value] of ofCall) {
      if (isCall(span)) add(field, value, span.startTime, request);
      add(field, value, span.startTime, use);
    }
  }
  for (const [field, value] of seen.values())
    add(field, value, startTime, { sums: trace, durations: {} });
  return added;
}

function ttftOf({ calls }: View, span: ImportedSpan): number | undefined {
  return span.ttftMs ?? calls.ttftOf(span);
}

function requestOf(view: View, span: ImportedSpan): Amounts {
  const ttftMs = ttftOf(view, span);
  return {
    sums: {
      requests: 1n,
      errors: span.status === "error" ? 1n : 0n,
      aborted: span.status === "aborted" ? 1n : 0n,
    },
    durations: {
      latency: [span.endTime - span.startTime],
      ...(ttftMs !== undefined && { ttft: [ttftMs] }),
    },
  };
}

/** What counts of a span's tokens and money. */
function useOf(view: View, span: ImportedSpan): Amounts {
  const { calls } = view;
  const usage = calls.usageOf(span) ?? {};
  const sums: Record<string, bigint> = {};
  for (const [name, count] of Object.entries(usage)) {
    sums[name] = BigInt(count);
    sums[`${name}Reporters`] = 1n;
  }
  if (!calls.countsWhole(span)) return { sums, durations: {} };
  sums.priceableSpanCount = 1n;
  const cost = view.costOf(span);
  if (cost !== undefined) Object.assign(sums, { pricedSpanCount: 1n, cost });
  const durationMs = span.endTime - span.startTime;
  const ttftMs = ttftOf(view, span) ?? 0;
  const ms = Math.round(durationMs - (ttftMs < durationMs ? ttftMs : 0));
  const tokens = usage.outputTokens ?? 0;
  if (isCall(span) && tokens > 0 && ms > 0)
    Object.assign(sums, { generatedTokens: BigInt(tokens), generationMs: BigInt(ms) });
  return { sums, durations: {} };
}
