/**
 * What one trace adds to the statistics, and where: a pure function of its spans, so that it can be
 * taken away again when they change, and added on the fly where it is not yet in the rollups.
 */
import type { TraceHeader } from "../contract/v1.ts";
import { reportsUsage } from "./alike.ts";
import { isModelCall } from "./calls.ts";
import { Cell } from "./cell.ts";
import { summedCounts, type SpanFacts } from "./spanfacts.ts";
import { type Tally } from "./tally.ts";

/** What statistics are kept by, by their number in the database: only ever append. */
export const rollupFields = [
  "all",
  "agent",
  "workflow",
  "run",
  "session",
  "customer",
  "model",
  "provider",
  "tool",
  "type",
] as const;

export type RollupField = (typeof rollupFields)[number];

/**
 * The cell of a field's value, null for the spans or traces without one, at a time (epoch ms). Null
 * where nobody asks for it.
 */
export type CellAt = (field: RollupField, value: string | null, timeMs: number) => Cell | null;

const minuteMs = 60_000;

/**
 * Requests are model calls, each once although several spans may report it, and by tool and by any other
 * type the spans of it. What belongs to the trace as a whole is counted in the
 * minute in which the trace started, what belongs to a span in the minute in which that started.
 */
export function contribute(tally: Tally, cellAt: CellAt): void {
  const { header, startTime, endTime, status, errorCount, isInternal } = tally.row();
  const addTrace = (cell: Cell | null) => countTrace(cell, status, errorCount > 0);
  if (isInternal) {
    cellAt("all", null, startTime)?.add("internalTraces", 1);
    return;
  }
  /** What each field of the trace itself gets, by minute. */
  const shared = new Map<number, Cell>();
  const sharedAt = (timeMs: number) => {
    const minute = Math.floor(timeMs / minuteMs);
    let cell = shared.get(minute);
    if (!cell) shared.set(minute, (cell = new Cell()));
    return cell;
  };
  const seen = new Map<RollupField, Set<string>>();

  for (const span of tally.facts()) {
    const isCall = isModelCall(span);
    const isRepeated = tally.isRepeated(span);
    if (tally.isInternal(span)) continue;
    // A tool's own usage counts even where another span tells of the same run. Nothing else does, and
    // a cell without anything in it would be a point of the series.
    if (isRepeated && (isCall || !reportsUsage({ usage: tally.usageOf(span) }))) continue;
    const { startTime } = span;
    const ttftMs = isCall ? tally.ttftOf(span) : span.ttftMs;
    const ofType = cellAt("type", span.spanType, startTime);
    if (!isRepeated) addRequest(ofType, span, ttftMs);
    if (span.spanType === "tool" && !isRepeated) {
      note(seen, "tool", span.toolName || null);
      addRequest(cellAt("tool", span.toolName || null, startTime), span, ttftMs);
    }
    // An agent's own usage counts where the spans below it do not say it.
    const usage = tally.usageOf(span);
    if (!isCall && !reportsUsage({ usage })) continue;
    const modelId = span.modelId || null;
    const provider = span.provider || null;
    note(seen, "model", modelId);
    note(seen, "provider", provider);
    const ofCall = [
      cellAt("model", modelId, startTime),
      cellAt("provider", provider, startTime),
      sharedAt(startTime),
    ];
    if (isCall) for (const cell of ofCall) addRequest(cell, span, ttftMs);
    for (const cell of [ofType, ...ofCall]) addUse(cell, span, { usage, ttftMs });
  }

  const own = sharedAt(startTime);
  addTrace(own);
  own.addDuration("traceDuration", endTime - startTime);
  for (const [field, values] of seen) {
    for (const value of values) addTrace(cellAt(field, value, startTime));
  }
  for (const [minute, cell] of shared) {
    for (const [field, value] of Object.entries(valuesOf(header))) {
      cellAt(field as RollupField, value, minute * minuteMs)?.merge(cell);
    }
  }
}

/** What a trace as a whole is counted under. An empty text says no more than an absent one. */
export function valuesOf(header: TraceHeader) {
  return {
    all: null,
    agent: header.agentName || null,
    workflow: header.workflowName || null,
    run: header.workflowRunId || null,
    session: header.sessionId || null,
    customer: header.customer?.id ?? null,
  };
}

function note(seen: Map<RollupField, Set<string>>, field: RollupField, value: string | null): void {
  if (value === null) return;
  let values = seen.get(field);
  if (!values) seen.set(field, (values = new Set()));
  values.add(value);
}

function countTrace(cell: Cell | null, status: string, hasErrors: boolean): void {
  if (!cell) return;
  cell.add("traces", 1);
  if (status === "error") cell.add("failedTraces", 1);
  if (status === "aborted") cell.add("abortedTraces", 1);
  if (hasErrors) cell.add("tracesWithErrors", 1);
}

function addRequest(cell: Cell | null, span: SpanFacts, ttftMs: number | undefined): void {
  if (!cell) return;
  cell.add("requests", 1);
  if (span.status === "error") cell.add("errors", 1);
  if (span.status === "aborted") cell.add("aborted", 1);
  cell.addDuration("latency", span.endTime - span.startTime);
  if (ttftMs !== undefined) cell.addDuration("ttft", ttftMs);
}

/** Adds what counts of a span's tokens and money. */
function addUse(
  cell: Cell | null,
  span: SpanFacts,
  { usage, ttftMs }: Pick<SpanFacts, "usage" | "ttftMs">,
): void {
  if (!cell) return;
  for (const field of summedCounts) {
    const value = usage?.[field];
    if (value === undefined) continue;
    cell.add(field, value);
    cell.add(`${field}Reporters`, 1);
  }
  // What is left of an agent's usage has no price of its own.
  if (usage !== span.usage) return;
  cell.add("priceableSpanCount", 1);
  if (span.cost !== undefined) {
    cell.add("pricedSpanCount", 1);
    cell.add("cost", span.cost);
  }
  if (!isModelCall(span)) return;
  const tokens = usage?.outputTokens ?? 0;
  const durationMs = span.endTime - span.startTime;
  const waitMs = ttftMs !== undefined && ttftMs < durationMs ? ttftMs : 0;
  const generationMs = Math.round(durationMs - waitMs);
  if (tokens > 0 && generationMs > 0) {
    cell.add("generatedTokens", tokens);
    cell.add("generationMs", generationMs);
  }
}
