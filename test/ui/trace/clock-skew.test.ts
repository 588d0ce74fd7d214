import { expect, test } from "bun:test";
import { clockNotes, skewOf } from "../../../src/ui/trace/clock-skew.ts";

test("a span that begins before its parent says by how much", () => {
  const [note, ...more] = clockNotes({ startTime: 1000 }, { startTime: 3_601_000 }, undefined);
  expect(note).toStartWith("It begins 1 h");
  expect(note).toContain("before its parent");
  expect(more).toEqual([]);
});

test("a span that begins with its parent, after it or at the top says nothing", () => {
  expect(clockNotes({ startTime: 1000 }, { startTime: 1000 }, {})).toEqual([]);
  expect(clockNotes({ startTime: 1000 }, { startTime: 1001 }, {})).toEqual([]);
  expect(clockNotes({ startTime: 1000 }, { startTime: 5 }, {})).toEqual([]);
  expect(clockNotes({ startTime: 1000 }, null, {})).toEqual([]);
});

test("a start that was not sent is told", () => {
  expect(clockNotes({ startTime: 9 }, null, { isStartMissing: true })).toEqual([
    "The start time was not sent: the span is shown at its end.",
  ]);
});

test("a span that ends after its parent says so, but not below a model call or what still runs", () => {
  const span = { startTime: 10, endTime: 900 };
  const above = { startTime: 0, endTime: 500, kind: "agent", isRunning: false } as const;
  expect(skewOf(span, above)).toBe("ends after its parent");
  expect(skewOf(span, { ...above, kind: "llm" })).toBeNull();
  expect(skewOf(span, { ...above, isRunning: true })).toBeNull();
  expect(skewOf({ ...span, endTime: 501 }, above)).toBeNull();
  expect(skewOf(span, { ...above, startTime: 40 })).toBe("starts before its parent");
});
