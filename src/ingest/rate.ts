/** A token bucket for each key, counted in spans. Holds one second's worth. */
export interface RateLimiter {
  /**
   * Takes `spans` from the key's bucket. A batch larger than the bucket is admitted when the bucket
   * is full, and leaves it in debt.
   *
   * @returns 0 where admitted, else the whole seconds after which the same batch would be.
   */
  take(key: number, spans: number, nowMs: number): number;
}

export function createRateLimiter(spansPerSecond: number): RateLimiter {
  const buckets = new Map<number, { level: number; atMs: number }>();
  return {
    take(key, spans, nowMs) {
      const bucket = buckets.get(key) ?? { level: spansPerSecond, atMs: nowMs };
      const refill = (Math.max(0, nowMs - bucket.atMs) / 1000) * spansPerSecond;
      const level = Math.min(spansPerSecond, bucket.level + refill);
      const needed = Math.min(spans, spansPerSecond);
      const isAdmitted = level >= needed;
      buckets.set(key, { level: isAdmitted ? level - spans : level, atMs: nowMs });
      return isAdmitted ? 0 : Math.max(1, Math.ceil((needed - level) / spansPerSecond));
    },
  };
}
