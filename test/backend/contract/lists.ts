/** Lists of traces, page by page. */
import { describe, expect, test } from "bun:test";
import type { KeysPosition, TraceSort } from "../../../src/backend/traces.ts";
import { toBatch, type Bench } from "./bench.ts";

/** Five traces: by their numbers they start later, cost less, and have more errors. */
async function fill(bench: Bench): Promise<void> {
  bench.prices.pico = { m1: 100n, m2: 90n, m3: 80n };
  await bench.send(
    ...[1, 2, 3, 4, 5].map((n) =>
      toBatch(`${n}`, [
        { spanId: "root", spanType: "agent", startTime: n * 1000, endTime: n * 1000 + 100 - n },
        ...Array.from({ length: n }, (_, i) => ({
          ...{ spanId: `${i}`, spanType: "tool" as const, status: "error" as const },
          ...{ parentSpanId: "root", startTime: n * 1000, endTime: n * 1000 },
        })),
        ...(n <= 3
          ? [
              {
                ...{ spanId: "call", parentSpanId: "root", modelId: `m${n}` },
                ...{
                  startTime: n * 1000,
                  endTime: n * 1000,
                  usage: { inputTokens: 10 - n, outputTokens: 1 },
                },
              },
            ]
          : []),
      ]),
    ),
  );
}

export function describeLists(empty: () => Bench): void {
  describe("lists", () => {
    test("are in each order, what is unknown last either way", async () => {
      const bench = empty();
      await fill(bench);
      const orders: [TraceSort, string][] = [
        ["startTime", "54321"],
        ["-startTime", "12345"],
        ["duration", "12345"],
        ["-duration", "54321"],
        ["errors", "54321"],
        ["-errors", "12345"],
        ["cost", "12354"],
        ["-cost", "32145"],
        ["tokens", "12354"],
        ["-tokens", "32145"],
      ];
      for (const [sort, ids] of orders) {
        for (const limit of [1, 2, 5, 100]) {
          const listed = bench.list({ sort, limit }).map(({ summary }) => summary.traceId);
          expect([sort, limit, listed.join("")]).toEqual([sort, limit, ids]);
        }
      }
    });

    test("end without a cursor, also where the last page is full", async () => {
      const bench = empty();
      await fill(bench);
      const query = {
        filter: [],
        since: 0,
        until: Infinity,
        sort: "startTime",
        cursor: null,
      } as const;
      const first = bench.read((reader) => reader.listTraces({ ...query, limit: 5 }, bench.nowMs));
      expect([first.traces.length, first.next]).toEqual([5, null]);
      bench.clear();
      const none = bench.read((reader) => reader.listTraces({ ...query, limit: 5 }, bench.nowMs));
      expect([none.traces, none.next, none.partial]).toEqual([[], null, false]);
    });

    test("have the traces that started in a range, of one project or of all", async () => {
      const bench = empty();
      await fill(bench);
      const name = `p${bench.trace("1").key}`;
      const projectId = bench.writer
        .createProject(name)
        .projects.find((each) => each.name === name)!.id;
      await bench.send(toBatch("1", [{ startTime: 3500 }], {}, { projectId }));
      const ids = (query: Parameters<Bench["list"]>[0]) =>
        bench
          .list(query)
          .map(({ summary }) => summary.traceId)
          .join("");
      expect(ids({})).toBe("541321");
      expect(ids({ projectId })).toBe("1");
      expect(ids({ since: 2000, until: 4000 })).toBe("132");
      expect(ids({ since: 2000, until: 4000, projectId: 1 })).toBe("32");
      expect(bench.idsOf(`project:${name}`)).toEqual(["1"]);
      expect(() => bench.trace("1")).toThrow("several projects");
      expect(bench.trace("1", projectId).summary.project).toBe(name);
      bench.writer.renameProject(projectId, `${name} new`);
      expect(bench.trace("1", projectId).summary.project).toBe(`${name} new`);
    });

    test("tell keys in parts, the newest first", async () => {
      const bench = empty();
      await fill(bench);
      const scope = { filter: [], since: 2000, until: Infinity };
      const keys: number[] = [];
      let after: KeysPosition | null = null;
      do {
        const part: { keys: number[]; next: KeysPosition | null } = bench.read((reader) =>
          reader.listKeys(scope, after, 2, bench.nowMs),
        );
        expect(part.keys.length).toBeLessThanOrEqual(2);
        keys.push(...part.keys);
        after = part.next;
      } while (after !== null);
      expect(keys).toEqual(["5", "4", "3", "2"].map((traceId) => bench.trace(traceId).key));
    });

    test("miss no trace that moves ahead while someone pages, and show none of what is gone", async () => {
      const bench = empty();
      await fill(bench);
      const query = { filter: [], since: 0, until: Infinity, sort: "duration", limit: 1 } as const;
      const seen: string[] = [];
      let cursor: readonly number[] | null = null;
      let pages = 0;
      do {
        const page = bench.read((reader) => reader.listTraces({ ...query, cursor }, bench.nowMs));
        seen.push(...page.traces.map(({ summary }) => summary.traceId));
        cursor = page.next;
        if (pages++ > 0) continue;
        // The last one becomes the first, one in the middle goes, and a new one comes.
        await bench.send(toBatch("5", [{ spanId: "long", startTime: 5000, endTime: 90_000 }]));
        bench.writer.deleteTrace(bench.trace("3").key);
        await bench.send(toBatch("6", [{ startTime: 1, endTime: 2 }]));
      } while (cursor !== null);
      expect(seen.slice(0, 1)).toEqual(["1"]);
      expect(new Set(seen.filter((id) => id !== "6"))).toEqual(new Set(["1", "2", "4", "5"]));
    });

    test("know a trace again by its version, and a trace that changed by another", async () => {
      const bench = empty();
      await fill(bench);
      await bench.settle();
      const versions = () =>
        new Map(bench.list().map(({ summary, version }) => [summary.traceId, version]));
      const before = versions();
      await bench.send(toBatch("2", [{ spanId: "new" }]));
      await bench.settle();
      const after = versions();
      expect(after.get("2")).not.toBe(before.get("2")!);
      for (const id of ["1", "3"]) expect(after.get(id)).toBe(before.get(id)!);
    });

    test("tell whether a trace goes on: it is stale when it is silent for ten minutes", async () => {
      const bench = empty();
      const open = [{ parentSpanId: "to come" }];
      await bench.send(
        toBatch("open", open, {}, { receivedAt: bench.nowMs - 600_000 }),
        toBatch("stale", open, {}, { receivedAt: bench.nowMs - 600_001 }),
        toBatch("ended", [{}], {}, { receivedAt: 1 }),
      );
      for (const state of ["open", "stale", "ended"]) {
        expect(bench.trace(state).summary.state).toBe(state as "open");
        expect(bench.idsOf(`is:${state}`)).toEqual([state]);
      }
    });

    test("show a trace's sums exactly, however large they are", async () => {
      const bench = empty();
      bench.prices.pico = { big: 2n ** 60n };
      const usage = { inputTokens: Number.MAX_SAFE_INTEGER };
      const spans = Array.from({ length: 1000 }, (_, i) => ({
        spanId: `${i}`,
        modelId: "big",
        usage,
      }));
      await bench.send(toBatch("t", spans));
      const { summary, cost } = bench.trace("t");
      expect(summary.inputTokens).toBe(String(1000n * BigInt(usage.inputTokens)));
      expect(summary.outputTokens).toBeNull();
      expect(cost).toBe(String(1000n * 2n ** 60n));
      expect(summary).toMatchObject({ costUsd: "1152921504.606846976", isCostEstimated: true });
    });
  });
}
