import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { Ring, type Weight } from "../../src/ingest/ring.ts";

describe("a ring", () => {
  test("is full by rows", () => {
    const ring = new Ring<string>({ rows: 3, bytes: 100 });
    expect(ring.push("a", { rows: 2, bytes: 1 })).toBe(true);
    expect(ring.push("b", { rows: 2, bytes: 1 })).toBe(false);
    expect(ring.push("c", { rows: 1, bytes: 1 })).toBe(true);
    expect([ring.rows, ring.bytes]).toEqual([3, 2]);
  });

  test("is full by bytes", () => {
    const ring = new Ring<string>({ rows: 100, bytes: 10 });
    expect(ring.push("a", { rows: 1, bytes: 8 })).toBe(true);
    expect(ring.push("b", { rows: 1, bytes: 3 })).toBe(false);
    expect(ring.push("c", { rows: 1, bytes: 2 })).toBe(true);
    expect([ring.rows, ring.bytes]).toEqual([2, 10]);
  });

  test("takes one item that is heavier than itself when it is empty, and no other beside it", () => {
    const ring = new Ring<string>({ rows: 2, bytes: 10 });
    expect(ring.push("huge", { rows: 5, bytes: 50 })).toBe(true);
    expect(ring.push("small", { rows: 1, bytes: 1 })).toBe(false);
    expect(ring.take({ rows: 1, bytes: 1 })).toEqual(["huge"]);
    expect(ring.push("small", { rows: 1, bytes: 1 })).toBe(true);
  });

  test("has nothing to take when it is empty", () => {
    expect(new Ring({ rows: 2, bytes: 10 }).take({ rows: 9, bytes: 9 })).toEqual([]);
  });

  test("behaves as a plain queue under any pushes and takes", () => {
    const weight = fc.record({ rows: fc.integer({ min: 1, max: 6 }), bytes: fc.nat(12) });
    const step = fc.oneof(
      fc.record({ push: weight }),
      fc.record({ take: fc.record({ rows: fc.nat(8), bytes: fc.nat(20) }) }),
    );
    fc.assert(
      fc.property(
        fc.record({ rows: fc.integer({ min: 1, max: 9 }), bytes: fc.nat(30) }),
        fc.array(step, { maxLength: 60 }),
        (max, steps) => {
          const ring = new Ring<number>(max);
          let queue: { item: number; weight: Weight }[] = [];
          const total = (of: keyof Weight, items = queue) =>
            items.reduce((sum, { weight }) => sum + weight[of], 0);

          steps.forEach((step, item) => {
            if ("push" in step) {
              const { push: weight } = step;
              const fits =
                queue.length === 0 ||
                (total("rows") + weight.rows <= max.rows &&
                  total("bytes") + weight.bytes <= max.bytes);
              expect(ring.push(item, weight)).toBe(fits);
              if (fits) queue.push({ item, weight });
            } else {
              let count = Math.min(1, queue.length);
              const within = (items: typeof queue) =>
                total("rows", items) <= step.take.rows && total("bytes", items) <= step.take.bytes;
              while (count < queue.length && within(queue.slice(0, count + 1))) count++;
              expect(ring.take(step.take)).toEqual(queue.slice(0, count).map(({ item }) => item));
              queue = queue.slice(count);
            }
            expect([ring.rows, ring.bytes]).toEqual([total("rows"), total("bytes")]);
          });
        },
      ),
      { numRuns: 500 },
    );
  });
});
