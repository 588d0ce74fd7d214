/** The sums and spreads of a stretch of time. */
import { expect, test } from "bun:test";
import { Cell } from "../../src/tally/cell.ts";

test.each([0, 5e-324, 0.1, 1e300, 1.7e307, 1.8e307, Number.MAX_VALUE])(
  "a duration of %p ms, which the contract admits, is written and read again",
  (ms) => {
    const cell = new Cell();
    cell.addDuration("ttft", ms);
    const again = new Cell();
    again.mergeBytes(cell.toBytes());
    const [median] = again.percentiles("ttft", [0.5])!;
    expect(Number.isFinite(median)).toBe(true);
    // To a twentieth, and to a tenth of a millisecond below that; the last bin has no end.
    const ends = Math.min(ms, 1.797e307);
    expect(Math.abs(median! - ends)).toBeLessThanOrEqual(Math.max(0.1, ends * 0.06));
  },
);
