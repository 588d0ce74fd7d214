/** What statistics say of a stretch of time or a group. Unknown is null, never 0. */
import { Type, type Static } from "@sinclair/typebox";
import { described, nullable } from "../schemas.ts";
import { cellSpreads, type Cell, type CellSpread } from "../tally/cell.ts";
import { summedCounts } from "../tally/spanfacts.ts";
import { usdOf } from "./costs.ts";

/** A total: a number, beyond 2^53 - 1 its decimal digits. */
const FigureView = Type.Union([Type.Integer(), Type.String(), Type.Null()]);

const Percentiles = nullable(
  Type.Object({ p50: Type.Number(), p95: Type.Number(), p99: Type.Number() }),
);

export const Figures = Type.Object({
  traces: Type.Integer(),
  internalTraces: described("Traces of runtime spans alone, which are in no other figure"),
  failedTraces: described("Traces whose status is error"),
  abortedTraces: Type.Integer(),
  tracesWithErrors: described("Traces in which any span failed, whatever their status"),
  requests: described("Model calls, each once; by tool or another type of span the spans of it"),
  errors: Type.Integer(),
  aborted: Type.Integer(),
  errorRate: nullable(
    Type.Number({ description: "Of requests; one that was aborted is no error" }),
  ),
  costUsd: nullable(Type.String()),
  pricedSpanCount: Type.Integer(),
  priceableSpanCount: Type.Integer(),
  inputTokens: FigureView,
  outputTokens: FigureView,
  totalTokens: FigureView,
  reasoningTokens: FigureView,
  cachedInputTokens: FigureView,
  cacheWriteInputTokens: FigureView,
  cacheHitShare: nullable(
    Type.Number({ description: "Of the input tokens, those read from the provider's cache" }),
  ),
  tokensPerSecond: nullable(
    Type.Number({ description: "Output tokens in a second between the first one and the end" }),
  ),
  latencyMs: Percentiles,
  ttftMs: Percentiles,
  traceDurationMs: Percentiles,
});

const Series = Type.Array(Type.Composite([Type.Object({ time: Type.Integer() }), Figures]), {
  description: "Buckets in which something happened, by their start",
});

const StatsGroup = Type.Object({
  value: nullable(Type.String({ description: "Null for what has none" })),
  totals: Figures,
  before: nullable(Figures),
  series: Series,
});

export const Coverage = Type.Object({
  pendingTraces: described(
    "Traces that came a moment ago in such numbers that they are not counted yet",
  ),
  partial: Type.Boolean({
    description:
      "There were too many traces or groups to look at all: the newest are counted and ranked",
  }),
});

/** How far a percentile can be off. */
export const ErrorBound = Type.Number({
  description: "A percentile is off by at most this share of it",
});

export const Stats = Type.Composite([
  Type.Object({
    since: described("Epoch ms, the start of a minute, of an hour by run, session or customer"),
    until: described("Lies outside"),
    bucketMs: Type.Integer(),
    errorBound: ErrorBound,
    totals: Figures,
    before: nullable(
      Type.Composite([Figures], { description: "Of the window of the same length before" }),
    ),
    series: Series,
    by: Type.Optional(Type.String()),
    groupCount: Type.Optional(described("All groups, with those that are not shown")),
    groups: Type.Optional(Type.Array(StatsGroup)),
  }),
  Coverage,
]);

export type Figures = Static<typeof Figures>;
export type Coverage = Static<typeof Coverage>;
export type Stats = Static<typeof Stats>;

export function toFigures(cell: Cell): Figures {
  const requests = cell.count("requests");
  const input = cell.sum("inputTokens");
  const generationMs = Number(cell.sum("generationMs"));
  const tokens = Object.fromEntries(
    summedCounts.map((name) => [
      name,
      cell.count(`${name}Reporters`) === 0 ? null : cell.figure(name),
    ]),
  ) as Record<(typeof summedCounts)[number], Figures["inputTokens"]>;
  const [latencyMs, ttftMs, traceDurationMs] = cellSpreads.map((name) =>
    percentilesOf(cell, name),
  ) as [Figures["latencyMs"], Figures["ttftMs"], Figures["traceDurationMs"]];
  return {
    traces: cell.count("traces"),
    internalTraces: cell.count("internalTraces"),
    failedTraces: cell.count("failedTraces"),
    abortedTraces: cell.count("abortedTraces"),
    tracesWithErrors: cell.count("tracesWithErrors"),
    requests,
    errors: cell.count("errors"),
    aborted: cell.count("aborted"),
    errorRate: requests === 0 ? null : cell.count("errors") / requests,
    costUsd: cell.count("pricedSpanCount") === 0 ? null : usdOf(cell.figure("cost")),
    pricedSpanCount: cell.count("pricedSpanCount"),
    priceableSpanCount: cell.count("priceableSpanCount"),
    ...tokens,
    cacheHitShare:
      tokens.cachedInputTokens === null || input === 0n
        ? null
        : Number(cell.sum("cachedInputTokens")) / Number(input),
    tokensPerSecond:
      generationMs === 0 ? null : (1000 * Number(cell.sum("generatedTokens"))) / generationMs,
    latencyMs,
    ttftMs,
    traceDurationMs,
  };
}

function percentilesOf(cell: Cell, name: CellSpread): Figures["latencyMs"] {
  const found = cell.percentiles(name, [0.5, 0.95, 0.99]);
  if (!found) return null;
  const [p50, p95, p99] = found.map(round) as [number, number, number];
  return { p50, p95, p99 };
}

/** To a tenth of a millisecond: more than the bins can tell. */
function round(ms: number): number {
  return Math.round(ms * 10) / 10;
}
