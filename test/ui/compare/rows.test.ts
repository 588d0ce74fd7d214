/** Rows of a comparison as the table shows them. */
import { expect, test } from "bun:test";
import type { Comparison } from "../../../src/query/comparison.ts";
import { refIn } from "../../../src/ui/compare/picker.tsx";
import {
  hiddenOf,
  linesOf,
  nextDifference,
  swappedId,
  type ComparedRow,
} from "../../../src/ui/compare/rows.ts";

const step = (key: number, spanType: "llm" | "tool", startOffsetMs: number, agent = "main") =>
  ({ key, spanType, startOffsetMs, agent }) as NonNullable<ComparedRow["a"]>;

const rows: ComparedRow[] = [
  { change: "moved", a: step(1, "tool", 0), b: step(14, "tool", 30) },
  { change: "same", a: step(2, "llm", 10), b: step(11, "llm", 0) },
  { change: "onlyA", a: step(3, "llm", 20), b: null },
  { change: "onlyB", a: null, b: step(12, "llm", 10, "helper") },
  { change: "changed", a: step(4, "tool", 30), b: step(13, "tool", 20) },
];
const lines = linesOf({ rows } as Comparison);

test("each row has marks for both sides; arrows say where the counterpart stands", () => {
  expect(lines.map(({ marks: { a, b } }) => a + b)).toEqual(["↓↑", "", "−", "+", "~~"]);
});

test("model calls are numbered by when they began, each side for itself", () => {
  expect(lines.map(({ steps: { a, b } }) => [a, b])).toEqual([
    [null, null],
    [1, 1],
    [2, null],
    [null, 2],
    [null, null],
  ]);
});

test("an agent is named where it is not the one that has most of the steps", () => {
  expect(lines.map(({ agents }) => agents.b)).toEqual([null, null, null, "helper", null]);
});

test("a row keeps its name when the sides change places", () => {
  expect(lines.map(({ id }) => id)).toEqual(["~1.~14", "~2.~11", "~3.", ".~12", "~4.~13"]);
  expect(swappedId("~3.")).toBe(".~3");
});

test("differences are walked in both directions, and end at the ends", () => {
  expect(nextDifference(lines, 0, 1)).toBe(2);
  expect(nextDifference(lines, 2, -1)).toBe(0);
  expect(nextDifference(lines, 4, 1)).toBe(-1);
});

test("what an address hides is taken from it, but for names that are none", () => {
  expect([...hiddenOf("same,nonsense,onlyA")].sort()).toEqual(["onlyA", "same"]);
});

test("a trace is found in what someone pastes: its id, or the link of its page", () => {
  expect(refIn("run-7")).toBe("run-7");
  expect(refIn("http://localhost:1234/traces/~12?span=~3")).toBe("~12");
  expect(refIn("http://localhost:1234/traces/100%")).toBe("100%");
  expect(refIn("")).toBeNull();
});
