/** The stretches of time that a chart has a place for, and what happened in each. */
import type { Stats } from "../../backend/figures.ts";

export type Bucket = Stats["series"][number];

/** Whole buckets at both ends, epoch ms. */
export function domainOf({ since, until, bucketMs }: Pick<Stats, "since" | "until" | "bucketMs">): {
  since: number;
  until: number;
} {
  return {
    since: Math.floor(since / bucketMs) * bucketMs,
    until: Math.ceil(until / bucketMs) * bucketMs,
  };
}

/** The starts of all of them, also of those in which nothing happened. */
export function startsOf(stats: Pick<Stats, "since" | "until" | "bucketMs">): number[] {
  const { since, until } = domainOf(stats);
  return Array.from(
    { length: Math.round((until - since) / stats.bucketMs) },
    (_, i) => since + i * stats.bucketMs,
  );
}

/** A value for each start; `nothing` where nothing happened. */
export function valuesOf<N extends number | null>(
  starts: readonly number[],
  series: readonly Bucket[],
  pick: (bucket: Bucket) => number | N,
  nothing: N,
): (number | N)[] {
  const at = new Map(series.map((bucket) => [bucket.time, bucket]));
  return starts.map((start) => {
    const bucket = at.get(start);
    return bucket ? pick(bucket) : nothing;
  });
}

/** The end of an axis that begins at 0: 1, 2, 4, 6, 8 or 10 of some power of ten, which halve well. */
export function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [1, 2, 4, 6, 8, 10].find((each) => most <= each * power * (1 + 1e-9))!;
  return factor * power;
}
