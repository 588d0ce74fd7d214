/**
 * Where the time of a trace went. Parallel work counts once: times are the lengths of unions of intervals,
 * never sums. Of several spans of one model call or one tool run only the one that counts is looked at. Time
 * that a model and a tool share is the model's, so that model, tools and idle time make up the whole. Clocks
 * of different machines may differ: what a child has outside of its parent is not taken from the parent's
 * own time. Nor is what an internal span has: it says how its parent worked.
 */
import { Type, type Static } from "@sinclair/typebox";
import { spanTypes, type Span } from "../contract/v1.ts";
import { readPlaces, type SkeletonRow } from "./skeleton.ts";
import type { Source } from "./trace.ts";
import { findTrace, type TraceRef } from "./traces.ts";
import type { TreePlace, TreeSpan } from "./tree.ts";
import { described, nullable } from "../schemas.ts";

const times = {
  count: Type.Integer(),
  busyMs: described("While at least one of them ran"),
  totalMs: described("The sum of how long each ran"),
  selfMs: described("The same without what ran below them"),
};

export const Breakdown = Type.Object({
  startTime: described("Epoch ms"),
  endTime: Type.Integer(),
  durationMs: Type.Integer(),
  modelMs: described("While a model call or an embedding ran"),
  waitMs: nullable(
    Type.Number({
      description:
        "Of that, while calls waited for the first part of an answer; null where no call says how long",
    }),
  ),
  waitCount: described("Calls that say how long they waited"),
  toolMs: described("While a tool ran and no model"),
  idleMs: described("The rest"),
  skewedSpanCount: described("Spans that reach out of their parent, by other clocks or on purpose"),
  models: Type.Array(
    Type.Object({ provider: nullable(Type.String()), modelId: nullable(Type.String()), ...times }),
    { description: "The busiest first" },
  ),
  tools: Type.Array(Type.Object({ name: Type.String(), ...times }), {
    description: "The busiest first",
  }),
});

export type Breakdown = Static<typeof Breakdown>;

interface Interval {
  start: number;
  end: number;
}

/** What is reckoned of a span. */
type TimedSpan = TreeSpan &
  Pick<
    SkeletonRow,
    "spanType" | "durationMs" | "ttftMs" | "providerId" | "modelId" | "nameId" | "repeats"
  >;

/** Times of spans that have a name in common. */
interface NamedTimes {
  providerId: number | null;
  modelId: number | null;
  nameId: number;
  times: { count: number; busyMs: number; totalMs: number; selfMs: number };
}

/** @throws AppError `not_found`, `conflict`. */
export function readBreakdown({ db, sqlite, names }: Source, ref: TraceRef): Breakdown {
  const { trace } = findTrace(db, ref);
  const { models, tools, ...rest } = breakDown(placesOf(sqlite, trace.key), trace);
  const nameOf = (id: number | null) => (id === null ? null : names.nameOf(id));
  return {
    ...rest,
    models: models.map(({ providerId, modelId, times }) => ({
      provider: nameOf(providerId),
      modelId: nameOf(modelId),
      ...times,
    })),
    tools: tools.map(({ nameId, times }) => ({ name: names.nameOf(nameId), ...times })),
  };
}

/** What stands below an internal span is internal, too. */
const placesOf = (...trace: Parameters<typeof readPlaces>) =>
  readPlaces(...trace).filter(({ span }) => !span.isInternal);

/** @param places in the order of tree.ts. */
export function breakDown(
  places: readonly TreePlace<TimedSpan>[],
  { startTime, endTime }: { startTime: number; endTime: number },
) {
  const { selfMs, skewedSpanCount } = ownTimes(places);
  const spans = places
    .map(({ span }, i) => ({ ...span, selfMs: selfMs[i]! }))
    .sort((a, b) => a.startTime - b.startTime);
  const calls = spans.filter((span) => isOfType(span, "llm") || isOfType(span, "embedding"));
  const models = calls.filter(({ repeats }) => repeats === null);
  const tools = spans.filter((span) => isOfType(span, "tool") && span.repeats === null);
  const timed = calls.filter(({ ttftMs }) => ttftMs !== null);
  const waiting = [...Map.groupBy(timed, ({ spanId, repeats }) => repeats ?? spanId).values()].map(
    (ofCall) => ofCall.find(({ repeats }) => repeats === null) ?? ofCall[0]!,
  );
  const durationMs = endTime - startTime;
  const modelMs = unionMs(models.map(intervalOf));
  const isBusy = new Set([...models, ...tools]);
  const busyMs = unionMs(spans.filter((span) => isBusy.has(span)).map(intervalOf));
  return {
    startTime,
    endTime,
    durationMs,
    modelMs,
    waitMs:
      waiting.length === 0 ? null : unionMs(waiting.map(waitOf).sort((a, b) => a.start - b.start)),
    waitCount: waiting.length,
    toolMs: busyMs - modelMs,
    // Spans of another clock lie outside: see clock.ts of the store.
    idleMs: Math.max(0, durationMs - busyMs),
    skewedSpanCount,
    models: timesBy(models, ({ providerId, modelId }) => `${providerId} ${modelId}`),
    tools: timesBy(tools, ({ nameId }) => nameId),
  };
}

function isOfType({ spanType }: TimedSpan, type: Span["spanType"]): boolean {
  return spanTypes[spanType] === type;
}

function intervalOf({ startTime, durationMs }: TimedSpan): Interval {
  return { start: startTime, end: startTime + durationMs };
}

function waitOf({ startTime, durationMs, ttftMs }: TimedSpan): Interval {
  return { start: startTime, end: startTime + Math.min(durationMs, ttftMs!) };
}

/** @param intervals by their start. */
function unionMs(intervals: readonly Interval[]): number {
  let ms = 0;
  let until = -Infinity;
  for (const { start, end } of intervals) {
    if (end <= until) continue;
    ms += end - Math.max(start, until);
    until = end;
  }
  return ms;
}

function timesBy(
  spans: readonly (TimedSpan & { selfMs: number })[],
  idOf: (span: TimedSpan) => string | number,
): NamedTimes[] {
  return [...Map.groupBy(spans, idOf).values()]
    .map((group) => ({
      providerId: group[0]!.providerId,
      modelId: group[0]!.modelId,
      nameId: group[0]!.nameId,
      times: {
        count: group.length,
        busyMs: unionMs(group.map(intervalOf)),
        totalMs: group.reduce((sum, { durationMs }) => sum + durationMs, 0),
        selfMs: group.reduce((sum, { selfMs }) => sum + selfMs, 0),
      },
    }))
    .sort((a, b) => b.times.busyMs - a.times.busyMs);
}

/**
 * The time of each span in which none of its children ran. One pass: the children of a span come in the
 * order of their starts, and those above the one at hand are its ancestors.
 */
function ownTimes(places: readonly TreePlace<TimedSpan>[]) {
  const selfMs = new Float64Array(places.length);
  /** By depth: the row of the ancestor, and up to when its children are counted. */
  const rows: number[] = [];
  const countedUntil: number[] = [];
  let skewedSpanCount = 0;
  places.forEach(({ span, depth }, row) => {
    const { start, end } = intervalOf(span);
    selfMs[row] = end - start;
    rows[depth] = row;
    countedUntil[depth] = start;
    if (depth === 0) return;
    const parent = intervalOf(places[rows[depth - 1]!]!.span);
    if (start < parent.start || end > parent.end) skewedSpanCount++;
    const from = Math.max(start, countedUntil[depth - 1]!);
    const until = Math.min(end, parent.end);
    if (until <= from) return;
    selfMs[rows[depth - 1]!]! -= until - from;
    countedUntil[depth - 1] = until;
  });
  return { selfMs, skewedSpanCount };
}
