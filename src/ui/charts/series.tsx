/** The charts used by several pages: which figures they show, and in which colours. */
import type { Figures, Stats } from "../../backend/figures.ts";
import { count, duration, money, plural, short, textOf } from "../format.ts";
import { startsOf, valuesOf, type Bucket } from "./buckets.ts";
import { Chart, type ChartSeries } from "./chart.tsx";

const palette = ["--data-3", "--data-2", "--data-1"] as const;
const percentileColors = { p50: "--fg-1", p95: "--fg-3", p99: "--data-quiet" } as const;

const msText = (ms: number) => (ms === 0 ? "0" : textOf(duration(ms)));
const shortText = (tokens: number) => textOf(short(tokens));
const moneyText = (usd: number) => (usd === 0 ? "0" : money(usd));

export type Choose = (since: number, until: number) => void;
type Percentile = keyof typeof percentileColors;
type Spread = "latencyMs" | "ttftMs" | "traceDurationMs";

/** Cost by model: the most expensive ones, and the rest as one series. */
export function CostChart({ stats, onChoose }: { stats: Stats; onChoose: Choose }) {
  const starts = startsOf(stats);
  const costOf = ({ costUsd }: Bucket) => Number(costUsd);
  const all = valuesOf(starts, stats.series, costOf, 0);
  const groups = (stats.groups ?? []).filter(({ totals }) => totals.costUsd !== null);
  const shown = groups.slice(0, palette.length).map(({ value, series }, i): ChartSeries => ({
    name: value ?? "no model",
    color: palette[i]!,
    values: valuesOf(starts, series, costOf, 0),
  }));
  const others = all.map((value, i) => {
    const rest = value - shown.reduce((sum, { values }) => sum + values[i]!, 0);
    // A remainder this small is a rounding error of the subtraction.
    return rest < value * 1e-9 ? 0 : rest;
  });
  const unpriced = valuesOf(
    starts,
    stats.series,
    (bucket) => bucket.priceableSpanCount - bucket.pricedSpanCount,
    0,
  );
  return (
    <Chart
      title="Cost"
      total={stats.totals.costUsd !== null && money(stats.totals.costUsd)}
      stats={stats}
      shape="bars"
      series={
        groups.length > palette.length || shown.length === 0
          ? [...shown, { name: "others", color: "--data-4", values: others }]
          : shown
      }
      format={moneyText}
      note={(place) =>
        unpriced[place]! > 0 ? ["unpriced", plural(unpriced[place]!, "call")] : null
      }
      onChoose={onChoose}
    />
  );
}

/** Input tokens, cached and not cached, and output tokens. */
export function TokensChart({ stats, onChoose }: { stats: Stats; onChoose: Choose }) {
  const starts = startsOf(stats);
  const { inputTokens, outputTokens } = stats.totals;
  const series = (
    name: string,
    color: string,
    pick: (figures: Figures) => number,
  ): ChartSeries => ({
    name,
    color,
    values: valuesOf(starts, stats.series, pick, 0),
  });
  return (
    <Chart
      title="Tokens"
      total={shortText(Number(inputTokens) + Number(outputTokens))}
      stats={stats}
      shape="bars"
      series={[
        series("from cache", "--data-3", (figures) => Number(figures.cachedInputTokens)),
        series("new input", "--data-2", (figures) =>
          Math.max(0, Number(figures.inputTokens) - Number(figures.cachedInputTokens)),
        ),
        series("output", "--data-1", (figures) => Number(figures.outputTokens)),
      ]}
      format={shortText}
      onChoose={onChoose}
    />
  );
}

/** Traces by status, or calls of a model or tool by success. */
export function OutcomeChart({
  stats,
  of,
  onChoose,
}: {
  stats: Stats;
  of: "traces" | "calls";
  onChoose: Choose;
}) {
  const starts = startsOf(stats);
  const isOfTraces = of === "traces";
  const allIn = (bucket: Figures) => (isOfTraces ? bucket.traces : bucket.requests);
  const failedIn = (bucket: Figures) => (isOfTraces ? bucket.failedTraces : bucket.errors);
  /** Calls either succeed or fail. */
  const otherErrorsIn = (bucket: Figures) =>
    isOfTraces ? Math.max(0, bucket.tracesWithErrors - bucket.failedTraces) : 0;
  return (
    <Chart
      title={isOfTraces ? "Traces" : "Calls"}
      total={count(allIn(stats.totals))}
      stats={stats}
      shape="bars"
      series={[
        {
          name: "without errors",
          color: "--data-quiet",
          values: valuesOf(
            starts,
            stats.series,
            (bucket) => allIn(bucket) - failedIn(bucket) - otherErrorsIn(bucket),
            0,
          ),
        },
        ...(isOfTraces
          ? [
              {
                name: "ok, with failed calls",
                color: "--lost",
                values: valuesOf(starts, stats.series, otherErrorsIn, 0),
              },
            ]
          : []),
        {
          name: "failed",
          color: "--error",
          values: valuesOf(starts, stats.series, failedIn, 0),
        },
      ]}
      format={shortText}
      onChoose={onChoose}
    />
  );
}

/** Durations as percentiles per bucket. */
export function SpreadChart({
  title,
  stats,
  figures,
  spread,
  lines,
  said,
  onChoose,
}: {
  title: string;
  stats: Stats;
  /** The figures with the durations; null if there are none. */
  figures: { totals: Figures; series: Bucket[] } | null;
  spread: Spread;
  lines: Percentile[];
  /** The percentile shown beside the title. */
  said: Percentile;
  onChoose: Choose;
}) {
  const starts = startsOf(stats);
  const total = figures?.totals[spread];
  return (
    <Chart
      title={title}
      total={total && `${said} ${msText(total[said])}`}
      stats={stats}
      shape="lines"
      series={lines.map((name) => ({
        name,
        color: percentileColors[name],
        isDashed: name === "p99",
        values: valuesOf(starts, figures?.series ?? [], (b) => b[spread]?.[name] ?? null, null),
      }))}
      format={msText}
      onChoose={onChoose}
    />
  );
}
