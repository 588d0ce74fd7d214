/** The totals of the range, each compared with the previous range. */
import type { ReactNode } from "react";
import type { Figures, Stats } from "../../backend/figures.ts";
import { startsOf, valuesOf, type Bucket } from "../charts/buckets.ts";
import { Spark } from "../charts/spark.tsx";
import { count, duration, money, percent, plural, short, textOf, type Figure } from "../format.ts";
import { FigureText } from "../parts/figure.tsx";

/** Whether an increase is bad or neutral. */
type Sense = "worse" | "neither";

interface Kpi {
  name: string;
  figure: Figure | null;
  /** The change: the difference, and its text. */
  change: [difference: number, text: string] | null;
  sense: Sense;
  aside: ReactNode;
  spark: (bucket: Bucket) => number | null;
  isError?: boolean;
  /** The exact figures. */
  title?: string;
}

export function Kpis({ stats, before }: { stats: Stats; before: string }) {
  const starts = startsOf(stats);
  return (
    <div className="overview-figures">
      {kpisOf(stats.totals, comparable(stats.before)).map(
        ({ name, figure, change, sense, aside, spark, isError = false, title }, i) => (
          <section className="overview-figure" key={name} aria-label={name} title={title}>
            <h2 className="label">{name}</h2>
            <p className="overview-value">
              {figure ? <FigureText figure={figure} /> : <span className="dim">—</span>}
            </p>
            <p className="overview-aside">
              {change && <Change of={change} sense={sense} />}
              {i === 0 && change && <span className="truncated">{before}</span>}
              <span className="truncated">{aside}</span>
            </p>
            <Spark
              values={valuesOf(starts, stats.series, (b) => spark(b) ?? 0, 0)}
              isError={isError}
            />
          </section>
        ),
      )}
    </div>
  );
}

/** Null if there were no traces to compare with. */
function comparable(before: Figures | null): Figures | null {
  return before && before.traces + before.requests > 0 ? before : null;
}

function kpisOf(now: Figures, before: Figures | null): Kpi[] {
  const unpriced = now.priceableSpanCount - now.pricedSpanCount;
  return [
    {
      name: "Traces",
      figure: [[count(now.traces), ""]],
      change: before && growth(now.traces, before.traces),
      sense: "neither",
      aside: null,
      spark: ({ traces }) => traces,
    },
    {
      name: "Cost",
      figure: now.costUsd === null ? null : [[money(now.costUsd), ""]],
      change: before && growth(Number(now.costUsd), Number(before.costUsd)),
      sense: "neither",
      aside: unpriced > 0 && `${plural(unpriced, "call")} unpriced`,
      spark: ({ costUsd }) => Number(costUsd),
    },
    {
      name: "Tokens in",
      figure: now.inputTokens === null ? null : short(now.inputTokens),
      change: before && growth(Number(now.inputTokens), Number(before.inputTokens)),
      sense: "neither",
      aside: now.cacheHitShare === null ? null : `${textOf(percent(now.cacheHitShare))} from cache`,
      spark: ({ inputTokens }) => Number(inputTokens),
    },
    {
      name: "Failed traces",
      figure: now.traces === 0 ? null : percent(now.failedTraces / now.traces),
      change:
        before && before.traces > 0 && now.traces > 0
          ? points(now.failedTraces / now.traces - before.failedTraces / before.traces)
          : null,
      sense: "worse",
      aside:
        now.traces > 0 && `${textOf(percent(now.tracesWithErrors / now.traces))} with failed calls`,
      title: `${count(now.failedTraces)} failed and ${count(now.tracesWithErrors)} with failed calls of ${plural(now.traces, "trace")}`,
      spark: ({ failedTraces }) => failedTraces,
      isError: now.failedTraces > 0,
    },
    {
      name: "Model call, p95",
      figure: now.latencyMs && duration(now.latencyMs.p95),
      change: slower(now.latencyMs?.p95, before?.latencyMs?.p95),
      sense: "worse",
      aside: now.latencyMs && `p50 ${textOf(duration(now.latencyMs.p50))}`,
      spark: ({ latencyMs }) => latencyMs?.p95 ?? null,
    },
    {
      name: "First token, p50",
      figure: now.ttftMs && duration(now.ttftMs.p50),
      change: slower(now.ttftMs?.p50, before?.ttftMs?.p50),
      sense: "worse",
      aside: now.ttftMs ? `p95 ${textOf(duration(now.ttftMs.p95))}` : "not reported",
      spark: ({ ttftMs }) => ttftMs?.p50 ?? null,
    },
  ];
}

function growth(now: number, before: number): Kpi["change"] {
  if (before === 0) return null;
  const ratio = now / before - 1;
  return [ratio, ratio >= 10 ? `× ${(ratio + 1).toFixed(0)}` : textOf(percent(Math.abs(ratio)))];
}

function points(difference: number): Kpi["change"] {
  return [difference, `${Math.abs(difference * 100).toFixed(1)} pt`];
}

function slower(now: number | undefined, before: number | undefined): Kpi["change"] {
  if (now === undefined || before === undefined) return null;
  return [now - before, textOf(duration(Math.abs(now - before)))];
}

function Change({ of: [difference, text], sense }: { of: [number, string]; sense: Sense }) {
  if (difference === 0) return <span className="muted">unchanged</span>;
  const isMore = difference > 0;
  const color = sense === "neither" ? "muted" : isMore ? "error-text" : "ok-text";
  return (
    <span className={color}>
      <span aria-hidden="true">{isMore ? "▲" : "▼"}</span>
      <span className="visually-hidden">{isMore ? "up" : "down"}</span> {text}
    </span>
  );
}
