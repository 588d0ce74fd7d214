import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { createRateLimiter } from "../../src/ingest/rate.ts";

describe("a rate limit", () => {
  test("holds one second's worth and refills with time", () => {
    const limiter = createRateLimiter(10);
    expect(limiter.take(1, 10, 0)).toBe(0);
    expect(limiter.take(1, 1, 0)).toBe(1);
    expect(limiter.take(1, 1, 99)).toBe(1);
    expect(limiter.take(1, 1, 100)).toBe(0);
    // A day later there is one second's worth and not a day's.
    expect(limiter.take(1, 10, 86_400_000)).toBe(0);
    expect(limiter.take(1, 1, 86_400_000)).toBe(1);
  });

  test("admits a batch larger than the bucket when it is full, and leaves it in debt", () => {
    const limiter = createRateLimiter(10);
    expect(limiter.take(1, 35, 0)).toBe(0);
    expect(limiter.take(1, 1, 0)).toBe(3);
    expect(limiter.take(1, 35, 0)).toBe(4);
    expect(limiter.take(1, 1, 2500)).toBe(1);
    expect(limiter.take(1, 1, 2600)).toBe(0);
  });

  test("counts each key apart", () => {
    const limiter = createRateLimiter(5);
    expect(limiter.take(1, 5, 0)).toBe(0);
    expect(limiter.take(2, 5, 0)).toBe(0);
    expect(limiter.take(1, 1, 0)).toBe(1);
  });

  test("takes nothing for a batch that it refuses", () => {
    const limiter = createRateLimiter(10);
    expect(limiter.take(1, 8, 0)).toBe(0);
    for (let i = 0; i < 100; i++) expect(limiter.take(1, 5, 0)).toBe(1);
    expect(limiter.take(1, 2, 0)).toBe(0);
  });

  test("is not moved by a clock that goes back", () => {
    const limiter = createRateLimiter(10);
    expect(limiter.take(1, 10, 10_000)).toBe(0);
    expect(limiter.take(1, 1, 0)).toBe(1);
    expect(limiter.take(1, 1, 50)).toBe(1);
    expect(limiter.take(1, 1, 200)).toBe(0);
  });

  const steps = fc.array(
    fc.record({ spans: fc.integer({ min: 1, max: 50 }), waitMs: fc.nat(900) }),
    {
      minLength: 1,
      maxLength: 40,
    },
  );

  test("never admits more than its rate, but for the debt of the last batch", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), steps, (rate, sends) => {
        const limiter = createRateLimiter(rate);
        let now = 0;
        let admitted = 0;
        for (const { spans, waitMs } of sends) {
          now += waitMs;
          if (limiter.take(1, spans, now) > 0) continue;
          // What was admitted before this batch was covered by one bucket and the time since.
          expect(admitted).toBeLessThanOrEqual(rate * (1 + now / 1000) + 1e-6);
          admitted += spans;
        }
      }),
      { numRuns: 500 },
    );
  });

  test("admits the same batch after the seconds it named, and not a second before", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 30 }), steps, (rate, sends) => {
        const limiters = [0, 1].map(() => createRateLimiter(rate));
        const takeFromBoth = (spans: number, nowMs: number) =>
          limiters.map((limiter) => limiter.take(1, spans, nowMs))[0]!;
        let now = 0;
        for (const { spans, waitMs } of sends) {
          now += waitMs;
          const seconds = takeFromBoth(spans, now);
          if (seconds === 0) continue;
          expect(Number.isInteger(seconds)).toBe(true);
          if (seconds > 1)
            expect(limiters[1]!.take(1, spans, now + (seconds - 1) * 1000 - 1)).not.toBe(0);
          expect(limiters[0]!.take(1, spans, now + seconds * 1000)).toBe(0);
          return;
        }
      }),
      { numRuns: 2000 },
    );
  });
});
