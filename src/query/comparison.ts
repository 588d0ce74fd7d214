/** Two traces side by side: their steps aligned as one table, and what of their totals differs. */
import { Type, type Static } from "@sinclair/typebox";
import { quote } from "../filter/caret.ts";
import { toUsd } from "../pricing/money.ts";
import type { Figure } from "../tally/figure.ts";
import { usageOf } from "../sqlite/spans/rows.ts";
import { described, nullable, oneOf } from "../schemas.ts";
import { usdOf } from "../backend/costs.ts";
import { changes, compareSteps } from "./pairing.ts";
import { errorOf, spanStatusOf, spanTypeOf } from "../sqlite/trace/skeleton.ts";
import { readSteps, type Step, type Steps } from "./steps.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import {
  findTrace,
  listTraces,
  toSummary,
  type TraceRef,
  type TraceRow,
} from "../sqlite/list/traces.ts";
import { FigureView, Skeleton, Summary } from "../backend/views.ts";

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
  source: Source,
  refA: TraceRef,
  refB: TraceRef,
  nowMs: number,
): Comparison {
  const [a, b] = [findTrace(source.db, refA), findTrace(source.db, refB)];
  const [left, right] = [a, b].map(({ trace }) => readSteps(source, trace)) as [Steps, Steps];
  const rows = compareSteps(left.steps, right.steps).map(({ change, a: stepA, b: stepB }) => ({
    change,
    a: stepA && viewOf(source, a.trace, stepA),
    b: stepB && viewOf(source, b.trace, stepB),
  }));
  const counts = { same: 0, changed: 0, onlyA: 0, onlyB: 0, moved: 0 };
  for (const { change } of rows) counts[change]++;
  return {
    a: toSummary(a.trace, a.project, nowMs),
    b: toSummary(b.trace, b.project, nowMs),
    deltas: {
      durationMs: lengthOf(b.trace) - lengthOf(a.trace),
      inputTokens: figureDelta(a.trace.inputTokens, b.trace.inputTokens),
      outputTokens: figureDelta(a.trace.outputTokens, b.trace.outputTokens),
      totalTokens: figureDelta(a.trace.totalTokens, b.trace.totalTokens),
      costUsd: usdDelta(a.trace.cost, b.trace.cost),
    },
    counts,
    rows,
    partial: left.partial || right.partial,
  };
}

function viewOf({ names }: Source, trace: TraceRow, { row, agent, argument }: Step) {
  return {
    key: row.key,
    spanId: row.spanId,
    spanType: spanTypeOf(row.spanType),
    name: names.nameOf(row.nameId),
    agent,
    argument,
    status: spanStatusOf(row.status),
    errorMessage: errorOf(row),
    modelId: row.modelId === null ? null : names.nameOf(row.modelId),
    startOffsetMs: row.startTime - trace.startTime,
    durationMs: row.durationMs,
    usage: usageOf(row) ?? null,
    costUsd: usdOf(row.cost),
    ...(row.isCostEstimated === 1 && { isCostEstimated: true as const }),
  };
}

const lengthOf = ({ startTime, endTime }: TraceRow) => endTime - startTime;

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
export function findComparable(source: Source, ref: TraceRef, nowMs: number): Comparable {
  const { trace } = findTrace(source.db, ref);
  const common = (
    [
      ["agent", trace.agentName],
      ["workflow", trace.workflowName],
      ["name", trace.traceName],
    ] as const
  ).find(([, value]) => value !== null);
  if (!common) return { by: null, previous: null, lastOk: null };
  const [by, value] = common;
  const lastOf = (more: string): Summary | null => {
    const { traces } = listTraces(
      source,
      {
        filter: `${by}:${quote(value!)} ${more}`,
        projectId: trace.projectId,
        until: String(trace.startTime),
        limit: 1,
      },
      nowMs,
    );
    return traces[0] ?? null;
  };
  return { by, previous: lastOf(""), lastOk: lastOf("status:ok errors:0 is:ended") };
}
