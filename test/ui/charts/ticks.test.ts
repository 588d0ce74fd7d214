import { expect, test } from "bun:test";
import { ticksOf } from "../../../src/ui/charts/ticks.ts";
import { usualColumns } from "../../../src/ui/traces/column-choice.ts";
import { columnsFor } from "../../../src/ui/traces/columns.tsx";

const hourMs = 3_600_000;

test("ticks stand at both ends and where a clock strikes", () => {
  const since = new Date(2026, 10, 23, 14, 36).getTime();
  const ticks = ticksOf(since, since + 24 * hourMs);
  expect(ticks.map(({ text }) => text)).toEqual([
    "Mon 14:36",
    "18:00",
    "21:00",
    "Tue 24",
    "03:00",
    "06:00",
    "09:00",
    "12:00",
    "14:36",
  ]);
  expect(ticks.map(({ at }) => at)).toEqual(ticks.map(({ at }) => at).toSorted((a, b) => a - b));
});

test("columns leave in their order as the list gets narrower, and the chosen ones never come", () => {
  const idsAt = (width: number) => columnsFor(width, usualColumns, true).map(({ id }) => id);
  const rest = ["started", "trace", "duration", "in", "cost"];
  expect(new Set(idsAt(1_400))).toEqual(new Set([...rest, "last", "ttft", "steps", "model"]));
  expect(new Set(idsAt(1_130))).toEqual(new Set([...rest, "last", "ttft", "steps"]));
  expect(new Set(idsAt(950))).toEqual(new Set([...rest, "ttft", "steps"]));
  expect(new Set(idsAt(600))).toEqual(new Set(rest));
});

test("columns of one's own stay longer than the usual ones, and leave from the right", () => {
  const ids = [...usualColumns, "meta.env", "attr.region", "session"];
  const idsAt = (width: number) => columnsFor(width, ids, true).map(({ id }) => id);
  const rest = ["started", "trace", "duration", "in", "cost"];
  expect(idsAt(1_000)).toEqual([...rest, "meta.env", "attr.region", "session"]);
  expect(idsAt(900)).toEqual([...rest, "meta.env", "attr.region"]);
  expect(idsAt(600)).toEqual(rest);
});
