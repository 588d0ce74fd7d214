import { expect, test } from "bun:test";
import { clockNotes } from "../../../src/ui/trace/clock.ts";

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
    "Its start was not sent: it is shown where it ended.",
  ]);
});
