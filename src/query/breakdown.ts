/**
 * Where the time of a trace went. Parallel work counts once: times are the lengths of unions of intervals,
 * never sums. Of several spans of one model call or one tool run only the one that counts is looked at. Time
 * that a model and a tool share is the model's, so that model, tools and idle time make up the whole. Clocks
 * of different machines may differ: what a child has outside of its parent is not taken from the parent's
 * own time. Nor is what an internal span has: it says how its parent worked.
 */
import { Type, type Static } from "@sinclair/typebox";
import type { Reader } from "../backend/reader.ts";
import type { SpanRecord } from "../backend/spans.ts";
import { type TraceRef } from "../backend/traces.ts";
import { spanTypes } from "../contract/v1.ts";
import { breakdown as limits } from "../limits.ts";
import { described, nullable } from "../schemas.ts";
import { isModelCall } from "../tally/calls.ts";
import { none } from "../tally/tree.ts";
import { createContextUse, ContextUse } from "./context.ts";
import { mark, readOutline, type Outline } from "./outline.ts";

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
  overlapMs: described("Of modelMs, while a tool ran as well"),
  toolMs: described("While a tool ran and no model: with overlapMs all that tools took"),
  idleMs: described("The rest"),
  skewedSpanCount: described("Spans that reach out of their parent, by other clocks or on purpose"),
  models: Type.Array(
    Type.Object({ provider: nullable(Type.String()), modelId: nullable(Type.String()), ...times }),
    { description: `The busiest first, at most ${limits.names}` },
  ),
  tools: Type.Array(Type.Object({ name: Type.String(), ...times }), {
    description: `The busiest first, at most ${limits.names}`,
  }),
  context: Type.Union([ContextUse, Type.Null()], {
    description:
      "The call that took the largest share of its model's context; null where no call says how many tokens it took, or no limit is known",
  }),
});

export type Breakdown = Static<typeof Breakdown>;

/** What is reckoned of the spans of a trace, by their numbers. Of a million these are some 40 MB. */
export interface TimedSpans {
  starts: Float64Array;
  ends: Float64Array;
  types: Uint8Array;
  /** How long a call waited for the first part of its answer; NaN where nobody says. */
  waits: Float64Array;
  /** The number of the span that counts in its place; -1 where it counts itself. */
  repeats: Int32Array;
  /** Of a model call and of a tool's run: which name it has, by its place among all. */
  names: Int32Array;
}

/** Spans that have a name in common. */
type Named = Pick<SpanRecord, "spanType" | "provider" | "modelId" | "name">;

interface Times {
  count: number;
  busyMs: number;
  totalMs: number;
  selfMs: number;
}

/** @throws AppError `not_found`, `conflict`. */
export function readBreakdown(reader: Reader, ref: TraceRef, nowMs: number): Breakdown {
  const { summary } = reader.findTrace(ref, nowMs);
  const outline = readOutline(reader, summary);
  const { spans, named, fullest } = readTimes(reader, summary.key, outline);
  const { times, ...rest } = breakDown(outline, spans, named.length, summary);
  const found = named.map((name, i) => ({ ...name, times: times[i]! }));
  const busiest = (test: (spanType: string) => boolean) =>
    found
      .filter(({ spanType, times }) => test(spanType) && times.count > 0)
      .sort((a, b) => b.times.busyMs - a.times.busyMs)
      .slice(0, limits.names);
  return {
    ...rest,
    models: busiest((spanType) => spanType !== "tool").map(({ provider, modelId, times }) => ({
      provider,
      modelId,
      ...times,
    })),
    tools: busiest((spanType) => spanType === "tool").map(({ name, times }) => ({
      name,
      ...times,
    })),
    context: fullest && withSpanId(reader, summary.key, fullest),
  };
}

function withSpanId(
  reader: Reader,
  traceKey: number,
  { key, ...rest }: Omit<ContextUse, "spanId">,
): ContextUse {
  const [span] = reader.spans({ traceKey, keys: [key] }, ["spanId"]);
  return { key, spanId: span!.spanId, ...rest };
}

const typeNumbers = new Map(spanTypes.map((spanType, number) => [spanType, number]));
const modelTypes = spanTypes.map((spanType) => isModelCall({ spanType }));
const tool = spanTypes.indexOf("tool");
const isModel = (spanType: number) => modelTypes[spanType]!;
const isTool = (spanType: number) => spanType === tool;

const timesFields = [
  ...([
    "key",
    "spanId",
    "spanType",
    "durationMs",
    "ttftMs",
    "provider",
    "modelId",
    "name",
  ] as const),
  ...(["repeats", "price", "inputTokens", "outputTokens"] as const),
  ...(["cachedInputTokens", "cacheWriteInputTokens"] as const),
];

function readTimes(reader: Reader, traceKey: number, { starts, numberOf }: Outline) {
  const size = starts.length;
  const spans: TimedSpans = {
    starts,
    ends: new Float64Array(size),
    types: new Uint8Array(size),
    waits: new Float64Array(size).fill(NaN),
    repeats: new Int32Array(size).fill(none),
    names: new Int32Array(size).fill(none),
  };
  const named: Named[] = [];
  const tools = new Map<string | null, number>();
  const models = new Map<string | null, typeof tools>();
  const context = createContextUse();
  let number = 0;
  for (const span of reader.spans({ traceKey }, timesFields)) {
    const { spanType, provider, modelId, name, repeats } = span;
    const type = typeNumbers.get(spanType)!;
    spans.ends[number] = starts[number]! + span.durationMs;
    spans.types[number] = type;
    if (span.ttftMs !== null) spans.waits[number] = span.ttftMs;
    if (repeats !== null) spans.repeats[number] = numberOf(repeats);
    if (spanType === "llm") context.add(span);
    if (isModel(type) || isTool(type)) {
      const places = isTool(type) ? tools : models.getOrInsertComputed(provider, () => new Map());
      spans.names[number] = places.getOrInsertComputed(
        isTool(type) ? name : modelId,
        () => named.push({ spanType, provider, modelId, name }) - 1,
      );
    }
    number++;
  }
  return { spans, named, fullest: context.fullest };
}

/**
 * What an internal span has is not looked at, nor what stands below it: that is internal, too.
 *
 * @param nameCount how many names there are.
 */
export function breakDown(
  outline: Pick<Outline, "count" | "numbers" | "depths" | "marks" | "byStart">,
  spans: TimedSpans,
  nameCount: number,
  { startTime, endTime }: { startTime: number; endTime: number },
) {
  const { starts, ends, types, waits, repeats, names } = spans;
  const { selfMs, skewedSpanCount } = ownTimes(outline, spans);
  const times = Array.from({ length: nameCount }, (): Times => ({
    count: 0,
    busyMs: 0,
    totalMs: 0,
    selfMs: 0,
  }));
  const ofNames = Array.from({ length: nameCount }, createUnion);
  const models = createUnion();
  const tools = createUnion();
  const busy = createUnion();
  const waiting = createUnion();
  let waitCount = 0;
  const isTimed = (number: number) => isModel(types[number]!) && !Number.isNaN(waits[number]!);
  /** 1 of a call that does not say how long it waited, and of which another span has said it. */
  const isTold = new Uint8Array(starts.length);
  for (const number of outline.byStart) {
    const type = types[number]!;
    const start = starts[number]!;
    const end = ends[number]!;
    const counting = repeats[number]!;
    if (isTimed(number) && (counting < 0 || (!isTimed(counting) && isTold[counting] === 0))) {
      if (counting >= 0) isTold[counting] = 1;
      waitCount++;
      waiting.add(start, Math.min(end, start + waits[number]!));
    }
    // Calls and tools are never internal.
    if (counting >= 0 || !(isModel(type) || isTool(type))) continue;
    (isModel(type) ? models : tools).add(start, end);
    busy.add(start, end);
    const name = names[number]!;
    ofNames[name]!.add(start, end);
    times[name]!.count++;
    times[name]!.totalMs += end - start;
    times[name]!.selfMs += selfMs[number]!;
  }
  times.forEach((each, name) => (each.busyMs = ofNames[name]!.ms));
  const durationMs = endTime - startTime;
  return {
    startTime,
    endTime,
    durationMs,
    modelMs: models.ms,
    waitMs: waitCount === 0 ? null : waiting.ms,
    waitCount,
    overlapMs: models.ms + tools.ms - busy.ms,
    toolMs: busy.ms - models.ms,
    // Spans of another clock lie outside: see clock.ts of the store.
    idleMs: Math.max(0, durationMs - busy.ms),
    skewedSpanCount,
    times,
  };
}

/** How long at least one of some intervals goes on, which are added by their start. */
function createUnion() {
  let until = -Infinity;
  return {
    ms: 0,
    add(start: number, end: number): void {
      if (end <= until) return;
      this.ms += end - Math.max(start, until);
      until = end;
    },
  };
}

/**
 * The time of each span in which none of its children ran, by number. One pass: the children of a span come
 * in the order of their starts, and those above the one at hand are its ancestors.
 */
function ownTimes(
  { count, numbers, depths, marks }: Pick<Outline, "count" | "numbers" | "depths" | "marks">,
  { starts, ends }: TimedSpans,
) {
  const selfMs = new Float64Array(starts.length);
  /** By depth: the ancestor, and up to when its children are counted. */
  const above: number[] = [];
  const countedUntil: number[] = [];
  let skewedSpanCount = 0;
  for (let row = 0; row < count; row++) {
    if ((marks[row]! & mark.internal) !== 0) continue;
    const number = numbers[row]!;
    const depth = depths[row]!;
    const start = starts[number]!;
    const end = ends[number]!;
    selfMs[number] = end - start;
    above[depth] = number;
    countedUntil[depth] = start;
    if (depth === 0) continue;
    const parent = above[depth - 1]!;
    if (start < starts[parent]! || end > ends[parent]!) skewedSpanCount++;
    const from = Math.max(start, countedUntil[depth - 1]!);
    const until = Math.min(end, ends[parent]!);
    if (until <= from) continue;
    selfMs[parent]! -= until - from;
    countedUntil[depth - 1] = until;
  }
  return { selfMs, skewedSpanCount };
}
