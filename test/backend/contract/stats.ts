/** Statistics: exact sums, and percentiles within the error that the answer states. */
import { describe, expect, test } from "bun:test";
import type { StatsQuery } from "../../../src/backend/stats.ts";
import { parseFilter } from "../../../src/filter/parse.ts";
import { toBatch, type Bench } from "./bench.ts";

const minuteMs = 60_000;
const dayMs = 1440 * minuteMs;
const whole = { filter: null, sort: "requests", limit: 10 } as const;

async function fill(bench: Bench): Promise<void> {
  bench.prices.pico = { m1: 5n };
  const call = (n: number, more: object = {}) => ({
    ...{ spanId: `${n}`, parentSpanId: "root", modelId: "m1", provider: "p" },
    ...{ startTime: n * minuteMs, endTime: n * minuteMs + 1000 * n },
    usage: { inputTokens: 10, outputTokens: 5, cachedInputTokens: 4 },
    ...more,
  });
  const root = (startTime: number) =>
    ({ spanId: "root", spanType: "agent", startTime, endTime: 5 * minuteMs }) as const;
  await bench.send(
    toBatch(
      "a",
      [
        root(minuteMs),
        call(1, { ttftMs: 100 }),
        call(2, { status: "error" }),
        {
          ...call(3),
          spanId: "tool",
          spanType: "tool",
          name: "bash",
          usage: undefined,
          modelId: undefined,
        },
      ].map((span) => JSON.parse(JSON.stringify(span))),
      { agentName: "x", sessionId: "s", customer: { id: "c" } },
    ),
    toBatch("b", [root(4 * minuteMs), call(4, { status: "aborted", modelId: "m2" })], {
      ...{ agentName: "y", sessionId: "s", workflowName: "w", workflowRunId: "r" },
    }),
  );
}

export function describeStats(empty: () => Bench): void {
  describe("statistics", () => {
    const stats = (bench: Bench, query: Partial<StatsQuery> = {}) =>
      bench.read((reader) => reader.stats({ ...whole, ...query }, dayMs));

    test("sum all that is stored, once each", async () => {
      const bench = empty();
      await fill(bench);
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        const { totals, errorBound, pendingTraces, partial } = stats(bench);
        expect([pendingTraces, partial]).toEqual([0, false]);
        expect(errorBound).toBeLessThanOrEqual(0.02);
        expect(totals).toMatchObject({
          ...{ traces: 2, failedTraces: 1, abortedTraces: 0, tracesWithErrors: 1 },
          ...{ requests: 3, errors: 1, aborted: 1, errorRate: 1 / 3 },
          ...{ costUsd: "0.00000000001", pricedSpanCount: 2, priceableSpanCount: 3 },
          ...{ inputTokens: 30, outputTokens: 15, totalTokens: null, cachedInputTokens: 12 },
          ...{ cacheHitShare: 0.4, internalTraces: 0 },
        });
        expect(totals.tokensPerSecond).toBeCloseTo(15_000 / (900 + 2000 + 4000));
        const near = (shown: number, right: number) =>
          expect(Math.abs(shown - right)).toBeLessThanOrEqual(0.1 + right * (errorBound + 0.0001));
        near(totals.latencyMs!.p50, 2000);
        near(totals.latencyMs!.p99, 4000);
        near(totals.ttftMs!.p95, 100);
        near(totals.traceDurationMs!.p50, minuteMs);
      }
    });

    test("are of a range, widened to minutes, beside the one before", async () => {
      const bench = empty();
      await fill(bench);
      await bench.settle();
      const { since, until, totals, before } = stats(bench, {
        since: 2 * minuteMs + 1,
        until: 4 * minuteMs - 1,
      });
      expect([since, until]).toEqual([2 * minuteMs, 4 * minuteMs]);
      expect(totals).toMatchObject({ traces: 0, requests: 1, errors: 1 });
      expect(before).toMatchObject({ traces: 1, requests: 1, errors: 0 });
      expect(stats(bench).before).toBeNull();
      expect(() => stats(bench, { since: 2 * minuteMs, until: minuteMs })).toThrow("range");
    });

    test("have a series of the buckets in which something happened", async () => {
      const bench = empty();
      await fill(bench);
      await bench.settle();
      const query = { since: 0, until: 10 * minuteMs, bucketMs: 2 * minuteMs };
      const { bucketMs, series } = stats(bench, query);
      expect(bucketMs).toBe(2 * minuteMs);
      expect(
        series.map(({ time, requests, traces }) => [time / minuteMs, requests, traces]),
      ).toEqual([
        [0, 1, 1],
        [2, 1, 0],
        [4, 1, 1],
      ]);
    });

    test("are of groups, the one with most first, and of what has no value", async () => {
      const bench = empty();
      await fill(bench);
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        const groups = (by: StatsQuery["by"], more: Partial<StatsQuery> = {}) => {
          const { groups, groupCount } = stats(bench, { by, ...more });
          expect(groups).toHaveLength(Math.min(groupCount!, more.limit ?? 10));
          return groups!.map(({ value, totals }) => [value, totals.requests, totals.traces]);
        };
        expect(groups("agent")).toEqual([
          ["x", 2, 1],
          ["y", 1, 1],
        ]);
        expect(groups("model")).toEqual([
          ["m1", 2, 1],
          ["m2", 1, 1],
        ]);
        expect(groups("provider")).toEqual([["p", 3, 2]]);
        expect(groups("tool")).toEqual([["bash", 1, 1]]);
        expect(groups("session")).toEqual([["s", 3, 2]]);
        expect(groups("workflow")).toEqual([
          [null, 2, 1],
          ["w", 1, 1],
        ]);
        expect(groups("customer", { sort: "errors", limit: 1 })).toEqual([["c", 2, 1]]);
        expect(groups("type").slice(0, 1)).toEqual([["llm", 3, 0]]);
      }
    });

    test("are of the traces that match a filter, or of one project", async () => {
      const bench = empty();
      await fill(bench);
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        const filter = parseFilter("agent:y", bench.nowMs);
        expect(stats(bench, { filter }).totals).toMatchObject({
          traces: 1,
          requests: 1,
          aborted: 1,
        });
        expect(stats(bench, { projectId: 1 }).totals.traces).toBe(2);
        expect(stats(bench, { projectId: 9999 }).totals.traces).toBe(0);
      }
    });

    test("forget what is deleted, and say anew what changed", async () => {
      const bench = empty();
      await fill(bench);
      await bench.settle();
      bench.writer.deleteTrace(bench.trace("b").key);
      await bench.send(
        toBatch("a", [{ spanId: "1", modelId: "m9", startTime: minuteMs, endTime: 3 * minuteMs }]),
      );
      expect(stats(bench).totals).toMatchObject({ traces: 1, requests: 2, inputTokens: 10 });
      expect(
        stats(bench, { by: "model" })
          .groups!.map(({ value }) => value)
          .sort(),
      ).toEqual(["m1", "m9"]);
      bench.clear();
      expect(stats(bench, { by: "agent" })).toMatchObject({
        totals: { traces: 0, costUsd: null },
        groups: [],
      });
    });

    test("count traces of the runtime alone apart", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ spanType: "other", x: { isRuntime: true } }]));
      expect(stats(bench).totals).toMatchObject({
        traces: 0,
        internalTraces: 1,
        requests: 0,
        latencyMs: null,
      });
    });

    test("list the values of a field page by page", async () => {
      const bench = empty();
      await fill(bench);
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        const query = { filter: null, by: "model", sort: "tokens", limit: 1 } as const;
        const first = bench.read((reader) => reader.groups(query, dayMs));
        expect(first.groups).toMatchObject([{ value: "m1", requests: 2, lastTime: minuteMs }]);
        const second = bench.read((reader) =>
          reader.groups({ ...query, cursor: first.nextCursor! }, dayMs),
        );
        expect(second.groups).toMatchObject([{ value: "m2", requests: 1, lastTime: 4 * minuteMs }]);
        expect(second.nextCursor).toBeNull();
        expect(() =>
          bench.read((reader) => reader.groups({ ...query, cursor: "no" }, dayMs)),
        ).toThrow("cursor");
      }
    });

    test("list what only a tool did long after its trace began", async () => {
      const bench = empty();
      const later = { startTime: 10 * dayMs, endTime: 10 * dayMs, name: "bash" };
      await bench.send(
        toBatch("t", [{ startTime: 0 }, { spanId: "2", spanType: "tool", ...later }]),
      );
      await bench.settle();
      const query = { filter: null, by: "tool", sort: "requests", limit: 1 } as const;
      const { groups } = bench.read((reader) => reader.groups(query, 3 * dayMs));
      expect(groups).toMatchObject([{ value: "bash", requests: 1 }]);
    });

    test("list each of several values whose sums no number holds", async () => {
      const bench = empty();
      const most = Number.MAX_SAFE_INTEGER;
      await bench.send(
        toBatch("a", [{ modelId: "m1", usage: { inputTokens: most } }]),
        toBatch("b", [{ modelId: "m2", usage: { inputTokens: most, outputTokens: most } }]),
      );
      const query = { filter: null, by: "model", sort: "tokens", limit: 1 } as const;
      const first = bench.read((reader) => reader.groups(query, dayMs));
      const cursor = first.nextCursor!;
      const second = bench.read((reader) => reader.groups({ ...query, cursor }, dayMs));
      const values = [first, second].flatMap(({ groups }) => groups.map(({ value }) => value));
      expect(values.sort()).toEqual(["m1", "m2"]);
    });

    test("list sessions, runs and customers, the newest first", async () => {
      const bench = empty();
      await fill(bench);
      await bench.send(
        toBatch("c", [{ startTime: 1, endTime: 2, input: "hello" }], { sessionId: "old" }),
      );
      for (const settled of [false, true]) {
        if (settled) await bench.settle();
        const query = { field: "session", filter: null, limit: 1 } as const;
        const first = bench.read((reader) => reader.latest(query, dayMs));
        expect(first.groups).toMatchObject([
          {
            ...{ value: "s", project: "default", firstTime: minuteMs, lastTime: 4 * minuteMs },
            ...{ traces: 2, requests: 3, latest: { traceId: "b" } },
          },
        ]);
        const second = bench.read((reader) =>
          reader.latest({ ...query, cursor: first.nextCursor! }, dayMs),
        );
        expect(second.groups).toMatchObject([{ value: "old", title: "hello", traces: 1 }]);
        expect(second.nextCursor).toBeNull();
        const values = (field: "run" | "session" | "customer", more: object = {}) =>
          bench
            .read((reader) => reader.latest({ field, filter: null, limit: 10, ...more }, dayMs))
            .groups.map(({ value }) => value);
        expect(values("run")).toEqual(["r"]);
        expect(values("customer")).toEqual(["c"]);
        expect(values("session", { since: minuteMs })).toEqual(["s"]);
        expect(values("session", { until: minuteMs })).toEqual(["old"]);
        expect(values("session", { filter: parseFilter("agent:x", 0) })).toEqual(["s"]);
      }
    });
  });
}
