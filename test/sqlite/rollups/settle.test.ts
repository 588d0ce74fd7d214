/** Settling under a clock that somebody sets: forward by years and back, backward by hours. */
import { afterEach, beforeEach, expect, test } from "bun:test";
import { lastSettled } from "../../../src/sqlite/rollups/settle.ts";
import { Workbench } from "../workbench.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;
const nowMs = Date.UTC(2026, 0, 1);

let bench: Workbench;
beforeEach(() => {
  bench = new Workbench();
});
afterEach(() => bench[Symbol.dispose]());

/** A trace that is received at this time. */
function receive(traceId: string, receivedAt: number, endTime = 1): void {
  const span = { spanId: "s", spanType: "llm", name: "call", startTime: 0, endTime } as const;
  const traces = [{ traceId, spans: [{ span, header: { traceName: "t" } }] }];
  bench.transact(() => bench.spans.apply({ projectId: 1, receivedAt, source: "foglamp", traces }));
}

function settle(atMs: number): void {
  while (bench.spans.settling.hasWork(atMs)) {
    bench.transact(() => bench.spans.settling.step(atMs));
  }
}

/** The step that settled a trace; null where none did. */
function stepOf(traceId: string): number | null {
  return bench.db
    .query<{ settledStep: number | null }, [number]>("SELECT settledStep FROM traces WHERE key = ?")
    .get(bench.traceKey(traceId))!.settledStep;
}

test("what was received while the clock was ahead settles once it is set back", () => {
  receive("ahead", nowMs + 4 * yearMs);
  receive("now", nowMs);
  settle(nowMs + 1);
  expect([stepOf("ahead") !== null, stepOf("now")]).toEqual([true, null]);
  settle(nowMs + hourMs);
  expect(stepOf("now")).not.toBeNull();
});

test("the order of settling is that of the steps, whatever the clock says", () => {
  const steps: (number | null)[] = [];
  for (const [traceId, atMs] of [
    ["first", nowMs],
    ["ahead", nowMs + 4 * yearMs],
    ["back", nowMs + hourMs],
    ["before", nowMs - 5 * hourMs],
  ] as const) {
    receive(traceId, atMs);
    settle(atMs + hourMs);
    steps.push(stepOf(traceId));
  }
  expect(steps).toEqual([1, 2, 3, 4]);
});

test("the number of a step is not given out again when its traces change, go, or the server starts anew", () => {
  receive("a", nowMs);
  settle(nowMs + hourMs);
  receive("a", nowMs, 2);
  bench.delete("a");
  bench.reopen();
  receive("b", nowMs);
  settle(nowMs + hourMs);
  expect([stepOf("b"), lastSettled(bench.db)]).toEqual([2, 2]);
});
