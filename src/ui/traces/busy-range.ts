/**
 * Which part of all time the histogram shows. One import of traces from years ago would squeeze all recent
 * traces into one bar: if a single gap without traces covers most of the range, only its busier side is
 * shown.
 */
import { useMemo } from "react";
import type { Stats } from "../../backend/figures.ts";
import { domainOf } from "../charts/buckets.ts";
import { useFigures } from "../query/figures.ts";
import { isEndless, type Scope } from "../query/scope.ts";

export interface BusyRange {
  /** Epoch ms. */
  since: number;
  until: number;
}

/** Buckets of up to this length are fine enough for the pattern of a day. */
const coarseMs = 2 * 3_600_000;
/** A gap above this share of the range is cut off. */
const maxGapShare = 0.6;

/**
 * @returns the stats to draw; undefined while loading. A range that the user chose is drawn in full.
 */
export function useBusyStats(
  scope: Scope,
  stats: Stats | undefined,
  bars: number,
): Stats | undefined {
  const isWhole = !isEndless(scope) || scope.until !== "";
  const fit = useMemo(() => (isWhole || !stats ? null : busyRange(stats)), [isWhole, stats]);
  const part = {
    ...scope,
    since: fit ? String(fit.since) : "",
    until: fit && fit.until < stats!.until ? String(fit.until) : "",
  };
  const { data } = useFigures(part, { bars }, fit !== null);
  return fit ? data : stats;
}

/** @returns null if the whole range is to be drawn. */
export function busyRange({
  since,
  until,
  bucketMs,
  series,
}: Pick<Stats, "since" | "until" | "bucketMs" | "series">): BusyRange | null {
  if (bucketMs < coarseMs) return null;
  const times = series.filter(({ traces }) => traces > 0).map(({ time }) => time);
  // The first bucket can start before the range does.
  const { since: start } = domainOf({ since, until, bucketMs });
  let [from, to] = [start, until];
  for (;;) {
    const gap = longestGap(
      times.filter((time) => time >= from && time < to),
      bucketMs,
      to,
    );
    if (!gap || gap.until - gap.since <= maxGapShare * (to - from)) break;
    // If the gap reaches the end, nothing follows it; otherwise the newer side is kept.
    if (gap.until === to) to = gap.since;
    else from = gap.until;
  }
  return from === start && to === until ? null : { since: from, until: to };
}

function longestGap(times: readonly number[], bucketMs: number, end: number): BusyRange | null {
  let longest: BusyRange | null = null;
  times.forEach((time, i) => {
    const gap = { since: time + bucketMs, until: times[i + 1] ?? end };
    if (!longest || gap.until - gap.since > longest.until - longest.since) longest = gap;
  });
  return longest;
}
