/**
 * Which part of all time a histogram shows. An import of years ago would press all that came since into one
 * bar: where one stretch without a trace is most of the range, only what lies on its busier side is drawn.
 */
import { useMemo } from "react";
import type { Stats } from "../../backend/figures.ts";
import { domainOf } from "../charts/buckets.ts";
import { useFigures } from "../query/figures.ts";
import { isEndless, type Scope } from "../query/scope.ts";

export interface Fit {
  /** Epoch ms. */
  since: number;
  until: number;
}

/** Bars of an hour tell a day's work well enough. */
const coarseMs = 2 * 3_600_000;
/** So much of the range without a trace is too much. */
const mostEmpty = 0.6;

/** @returns what to draw; undefined while that is not known. Ranges that someone chose are drawn whole. */
export function useFitted(scope: Scope, stats: Stats | undefined, bars: number): Stats | undefined {
  const isWhole = !isEndless(scope) || scope.until !== "";
  const fit = useMemo(() => (isWhole || !stats ? null : fitOf(stats)), [isWhole, stats]);
  const part = {
    ...scope,
    since: fit ? String(fit.since) : "",
    until: fit && fit.until < stats!.until ? String(fit.until) : "",
  };
  const { data } = useFigures(part, { bars }, fit !== null);
  return fit ? data : stats;
}

/** @returns null where all of the range is worth its place. */
export function fitOf({
  since,
  until,
  bucketMs,
  series,
}: Pick<Stats, "since" | "until" | "bucketMs" | "series">): Fit | null {
  if (bucketMs < coarseMs) return null;
  const times = series.filter(({ traces }) => traces > 0).map(({ time }) => time);
  // The first bar begins before the range does.
  const { since: start } = domainOf({ since, until, bucketMs });
  let [from, to] = [start, until];
  for (;;) {
    const gap = longestGap(
      times.filter((time) => time >= from && time < to),
      bucketMs,
      to,
    );
    if (!gap || gap.until - gap.since <= mostEmpty * (to - from)) break;
    // Behind the last trace nothing follows; else what is newer is what one looks at.
    if (gap.until === to) to = gap.since;
    else from = gap.until;
  }
  return from === start && to === until ? null : { since: from, until: to };
}

function longestGap(times: readonly number[], bucketMs: number, end: number): Fit | null {
  let longest: Fit | null = null;
  times.forEach((time, i) => {
    const gap = { since: time + bucketMs, until: times[i + 1] ?? end };
    if (!longest || gap.until - gap.since > longest.until - longest.since) longest = gap;
  });
  return longest;
}
