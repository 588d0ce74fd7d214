/** Two traces side by side: their steps aligned as one table, and what of their totals differs. */
import { Type, type Static } from "@sinclair/typebox";
import { usdOf } from "../backend/costs.ts";
import type { Reader } from "../backend/reader.ts";
import { type TraceRef } from "../backend/traces.ts";
import { FigureView, Skeleton, Summary } from "../backend/views.ts";
import { usageOf } from "../contract/fields.ts";
import { quote } from "../filter/caret.ts";
import { parseFilter } from "../filter/parse.ts";
import { toUsd } from "../pricing/money.ts";
import { described, nullable, oneOf } from "../schemas.ts";
import type { Figure } from "../tally/figure.ts";
import { changes, compareSteps } from "./pairing.ts";
import { errorOf } from "./skeleton.ts";
import { readSteps, type Step } from "./steps.ts";

const Change = oneOf(
  changes,
  "same: status, model and all texts but for ids are equal; moved: its counterpart stands before or behind others",
);

const { key, spanId, spanType, name, status, errorMessage, modelId } = Skeleton.properties;
const { durationMs, usage, costUsd, isCostEstimated } = Skeleton.properties;

const ComparedStep = Type.Object({
  ...{ key, spanId, spanType, name },
  agent: nullable(Type.String(), "The agent whose step it is"),
  argument: nullable(
    Type.String(),
    "What a tool was called with in a few words: its command, path, query or URL, else its first short text",
  ),
  ...{ status, errorMessage, modelId },
  startOffsetMs: described("From the start of the trace"),
  ...{ durationMs, usage, costUsd, isCostEstimated },
});

const Missing = Type.Null();

const ComparedRow = Type.Object({
  change: Change,
  a: Type.Union([ComparedStep, Missing]),
  b: Type.Union([ComparedStep, Missing]),
});

const difference = "B without A; null where one of them is unknown";

export const Comparison = Type.Object({
  a: Summary,
  b: Summary,
  deltas: Type.Object(
    {
      durationMs: Type.Integer(),
      inputTokens: FigureView,
      outputTokens: FigureView,
      totalTokens: FigureView,
      costUsd: nullable(Type.String()),
    },
    { description: difference },
  ),
  counts: Type.Object(
    Object.fromEntries(changes.map((change) => [change, Type.Integer()])) as Record<
      (typeof changes)[number],
      ReturnType<typeof Type.Integer>
    >,
    { description: "Rows by their change" },
  ),
  rows: Type.Array(ComparedRow, {
    description:
      "Model calls, embeddings and tools, and agents without any, in the order of A with the steps of B alone between them; internal spans and those that repeat others are left out",
  }),
  partial: Type.Boolean({
    description: "Not all steps, or not all of their texts, were compared: there are too many",
  }),
});

export const Comparable = Type.Object({
  by: nullable(
    oneOf(["agent", "workflow", "name"]),
    "What the traces have in common with this one; null where it has none of them",
  ),
  previous: Type.Union([Summary, Type.Null()], {
    description: "The trace that started last before this one",
  }),
  lastOk: Type.Union([Summary, Type.Null()], {
    description: "The one before this one that ended last without any error",
  }),
});

export type Comparison = Static<typeof Comparison>;
export type Comparable = Static<typeof Comparable>;

/** @throws AppError `not_found`, `conflict`. */
export function readComparison(
  reader: Reader,
  refA: TraceRef,
  refB: TraceRef,
  nowMs: number,
): Comparison {
  const [a, b] = [reader.findTrace(refA, nowMs), reader.findTrace(refB, nowMs)];
  const [left, right] = [readSteps(reader, a), readSteps(reader, b)];
  const rows = compareSteps(left.steps, right.steps).map(({ change, a: stepA, b: stepB }) => ({
    change,
    a: stepA && viewOf(a.summary, stepA),
    b: stepB && viewOf(b.summary, stepB),
  }));
  const counts = { same: 0, changed: 0, onlyA: 0, onlyB: 0, moved: 0 };
  for (const { change } of rows) counts[change]++;
  return {
    a: a.summary,
    b: b.summary,
    deltas: {
      durationMs: b.summary.durationMs - a.summary.durationMs,
      inputTokens: figureDelta(a.summary.inputTokens, b.summary.inputTokens),
      outputTokens: figureDelta(a.summary.outputTokens, b.summary.outputTokens),
      totalTokens: figureDelta(a.summary.totalTokens, b.summary.totalTokens),
      costUsd: usdDelta(a.cost, b.cost),
    },
    counts,
    rows,
    partial: left.partial || right.partial,
  };
}

function viewOf(trace: Summary, { span, agent, argument }: Step) {
  return {
    key: span.key,
    spanId: span.spanId,
    spanType: span.spanType,
    name: span.name,
    agent,
    argument,
    status: span.status ?? "ok",
    errorMessage: errorOf(span),
    modelId: span.modelId,
    startOffsetMs: span.startTime - trace.startTime,
    durationMs: span.durationMs,
    usage: usageOf(span) ?? null,
    costUsd: usdOf(span.cost),
    ...(span.isCostEstimated && { isCostEstimated: true as const }),
  };
}

function deltaOf(a: Figure | null, b: Figure | null): bigint | null {
  return a === null || b === null ? null : BigInt(b) - BigInt(a);
}

function figureDelta(a: Figure | null, b: Figure | null): number | string | null {
  const delta = deltaOf(a, b);
  if (delta === null) return null;
  return Number.isSafeInteger(Number(delta)) ? Number(delta) : String(delta);
}

function usdDelta(a: Figure | null, b: Figure | null): string | null {
  const delta = deltaOf(a, b);
  return delta === null ? null : toUsd(delta);
}

/**
 * What a trace may be compared with: others of its agent, else of its workflow, else of its name.
 *
 * @throws AppError `not_found`, `conflict`.
 */
export function findComparable(reader: Reader, ref: TraceRef, nowMs: number): Comparable {
  const { projectId, summary } = reader.findTrace(ref, nowMs);
  const common = (
    [
      ["agent", summary.agentName],
      ["workflow", summary.workflowName],
      ["name", summary.traceName],
    ] as const
  ).find(([, value]) => value !== null);
  if (!common) return { by: null, previous: null, lastOk: null };
  const [by, value] = common;
  const lastOf = (more: string): Summary | null => {
    const filter = parseFilter(`${by}:${quote(value!)} ${more}`, nowMs);
    const until = summary.startTime;
    const { traces } = reader.listTraces(
      { filter, projectId, since: 0, until, sort: "startTime", limit: 1, cursor: null },
      nowMs,
    );
    return traces[0]?.summary ?? null;
  };
  return { by, previous: lastOf(""), lastOk: lastOf("status:ok errors:0 is:ended") };
}
