import { expect, test } from "bun:test";
import fc from "fast-check";
import { recentPieces } from "../../../src/limits.ts";
import { RecentPieces } from "../../../src/sqlite/payload/recent.ts";

/** A hash by number; many share the slot where a search begins. */
const hashOf = (n: number) => new Uint32Array([n % 7, n, n * 31, 1]);

test("what was set is found, until it is deleted", () => {
  const hash = fc.nat(40);
  fc.assert(
    fc.property(
      fc.array(
        fc.oneof(
          fc.tuple(
            hash,
            fc.maxSafeNat().map((n) => n + 1),
          ),
          hash,
        ),
        { maxLength: 200 },
      ),
      (steps) => {
        const pieces = new RecentPieces();
        const model = new Map<number, number>();
        for (const step of steps) {
          if (typeof step === "number") {
            pieces.delete(hashOf(step));
            model.delete(step);
          } else {
            pieces.set(hashOf(step[0]), step[1]);
            model.set(...step);
          }
        }
        for (let n = 0; n <= 40; n++) expect(pieces.get(hashOf(n))).toBe(model.get(n));
      },
    ),
  );
});

const spread = (n: number) => new Uint32Array([Math.imul(n, 2654435761), n, n, 1]);

test("old ones are forgotten, but for those that are asked for", () => {
  const pieces = new RecentPieces();
  for (let n = 1; n <= 3 * recentPieces; n++) {
    pieces.set(spread(n), n);
    if (n % 100_000 === 0) expect(pieces.get(spread(1))).toBe(1);
  }
  expect(pieces.get(spread(1))).toBe(1);
  expect(pieces.get(spread(2))).toBeUndefined();
  expect(pieces.get(spread(3 * recentPieces - 5))).toBe(3 * recentPieces - 5);
});

test("what is restored does not replace what is known, and ends when it is enough", () => {
  const pieces = new RecentPieces();
  pieces.set(spread(1), 100);
  expect(pieces.restore(spread(1), 50)).toBe(true);
  expect(pieces.restore(spread(2), 60)).toBe(true);
  expect([pieces.get(spread(1)), pieces.get(spread(2))]).toEqual([100, 60]);
  let restored = 2;
  while (pieces.restore(spread(++restored), restored))
    expect(restored).toBeLessThan(recentPieces * 2);
  expect(restored).toBeGreaterThan(recentPieces);
});
