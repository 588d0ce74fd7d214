/** The time buckets of a chart, and the values in each. */
import type { Stats } from "../../backend/figures.ts";

export type Bucket = Stats["series"][number];

/** The range extended to whole buckets, epoch ms. */
export function domainOf({ since, until, bucketMs }: Pick<Stats, "since" | "until" | "bucketMs">): {
  since: number;
  until: number;
} {
  return {
    since: Math.floor(since / bucketMs) * bucketMs,
    until: Math.ceil(until / bucketMs) * bucketMs,
  };
}

/** The start of every bucket, including empty ones. */
export function startsOf(stats: Pick<Stats, "since" | "until" | "bucketMs">): number[] {
  const { since, until } = domainOf(stats);
  return Array.from(
    { length: Math.round((until - since) / stats.bucketMs) },
    (_, i) => since + i * stats.bucketMs,
  );
}

/** A value for each bucket; `nothing` for empty ones. */
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

/**
 * The end of an axis that starts at 0: 1, 2, 4, 6, 8 or 10 times a power of ten, all of which halve to
 * round numbers.
 */
export function niceTop(most: number): number {
  if (most <= 0) return 1;
  const power = 10 ** Math.floor(Math.log10(most));
  const factor = [1, 2, 4, 6, 8, 10].find((each) => most <= each * power * (1 + 1e-9))!;
  return factor * power;
}
