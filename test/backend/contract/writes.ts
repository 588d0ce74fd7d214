/** What is stored, whatever comes again and in which order. */
import { describe, expect, test } from "bun:test";
import type { Change } from "../../../src/backend/writer.ts";
import { toBatch, type Bench } from "./bench.ts";

/** The keys that were told of, each once. */
function told(changes: Change[]): Change {
  const all = (name: keyof Change) => [...new Set(changes.flatMap((change) => change[name]))];
  return { changed: all("changed"), gone: all("gone") };
}

export function describeWrites(empty: () => Bench, open: () => Bench): void {
  describe("writes", () => {
    test("tell how much was new: a batch that comes again is nothing new, and changes nothing", async () => {
      const bench = empty();
      const batch = toBatch("t", [{ spanId: "1" }, { spanId: "2" }]);
      expect(await bench.send(batch)).toEqual([{ traces: 1, spans: 2 }]);
      const before = [bench.trace("t"), bench.whole("t")];
      const again = { ...batch, receivedAt: 99 };
      expect(await bench.send(again, again)).toEqual([
        { traces: 0, spans: 0 },
        { traces: 0, spans: 0 },
      ]);
      expect([bench.trace("t"), bench.whole("t")]).toEqual(before);
      expect(
        await bench.send(toBatch("t", [{ spanId: "2", endTime: 3000 }, { spanId: "3" }])),
      ).toEqual([{ traces: 0, spans: 1 }]);
    });

    test("keep of two versions of a span the one that ends later", async () => {
      const bench = empty();
      const early = toBatch("t", [{ endTime: 1500, name: "early" }]);
      const late = toBatch("t", [{ endTime: 2500, name: "late" }]);
      await bench.send(late);
      await bench.send(early);
      expect(bench.spans("t").map(({ name }) => name)).toEqual(["late"]);
      bench.clear();
      await bench.send(early);
      await bench.send(late);
      expect(bench.spans("t").map(({ name }) => name)).toEqual(["late"]);
      expect(bench.trace("t").summary).toMatchObject({ spanCount: 1, endTime: 2500 });
    });

    test("keep a span's key, whatever version of it comes", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ spanId: "1" }, { spanId: "2" }]));
      const keys = bench.spans("t").map(({ key }) => key);
      await bench.send(toBatch("t", [{ spanId: "3" }, { spanId: "1", endTime: 5000 }]));
      expect(
        bench
          .spans("t")
          .map(({ key }) => key)
          .slice(0, 2),
      ).toEqual(keys);
      const all = bench.spans("t").map(({ key, spanId }) => [key, spanId]);
      expect(all.map(([, id]) => id)).toEqual(["1", "2", "3"]);
      expect(all).toEqual(all.toSorted(([a], [b]) => (a as number) - (b as number)));
    });

    test("take parents that come late, and children without one", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{ spanId: "child", parentSpanId: "root" }]));
      expect(bench.trace("t").summary.state).not.toBe("ended");
      await bench.send(
        toBatch("t", [
          { spanId: "root", spanType: "agent", usage: { inputTokens: 7 }, endTime: 9000 },
        ]),
      );
      expect(bench.trace("t").summary).toMatchObject({ state: "ended", inputTokens: 7 });
      // What the call below says counts in the place of the agent's sum.
      const usage = { inputTokens: 3 };
      await bench.send(
        toBatch("t", [{ spanId: "child", parentSpanId: "root", usage, endTime: 2001 }]),
      );
      expect(bench.trace("t").summary).toMatchObject({ inputTokens: 3, durationMs: 8000 });
    });

    test("show of each field of a trace what the span carries that ended last and has it", async () => {
      const bench = empty();
      const metadata = { env: "prod" };
      await bench.send(
        toBatch("t", [{ spanId: "1", endTime: 3000 }], { agentName: "first", metadata }),
        toBatch("t", [{ spanId: "2", endTime: 4000 }], { agentName: "", sessionId: "s" }),
        toBatch("t", [{ spanId: "3", endTime: 2000 }], { agentName: "early", sessionId: "early" }),
      );
      const { summary, metadata: shown } = bench.trace("t");
      expect(summary).toMatchObject({ agentName: "first", name: "first", sessionId: "s" });
      expect(shown).toEqual(metadata);
      expect(bench.whole("t").map(({ header }) => header.agentName)).toEqual([
        "first",
        "",
        "early",
      ]);
    });

    test("name the service where no span names an agent", async () => {
      const bench = empty();
      await bench.send(toBatch("t", [{}], { x: { serviceName: "backend" } }));
      expect(bench.trace("t").summary.agentName).toBe("backend");
      await bench.send(toBatch("t", [{ spanId: "0", endTime: 1000 }], { agentName: "coder" }));
      expect(bench.trace("t").summary.agentName).toBe("coder");
    });

    test("join log records with their span, whichever comes first", async () => {
      const bench = empty();
      const log = (time: number, said: string) =>
        JSON.stringify({ type: "log", timeUnixNano: String(time), said });
      const logs = [log(2, "b"), log(1, "a")].map((json) => ({ spanId: "1", json }));
      const of = (traceId: string) => ({
        ...toBatch(traceId, []),
        traces: [{ traceId, spans: [], logs }],
      });
      await bench.send(of("before"), toBatch("before", [{}]));
      await bench.send(toBatch("behind", [{}]), of("behind"), of("behind"));
      for (const traceId of ["before", "behind"]) {
        const [{ span, x }] = bench.whole(traceId) as [ReturnType<Bench["whole"]>[number]];
        expect([span.output, x.fromLogs]).toEqual(["b", ["output"]]);
        expect(JSON.parse(x.events!).map(({ said }: { said: string }) => said)).toEqual(["a", "b"]);
      }
    });

    test("tell of what changed and of what is gone, and of nothing where nothing did", async () => {
      const bench = empty();
      const batch = toBatch("t", [{}]);
      await bench.send(batch, toBatch("u", [{}]));
      const [t, u] = [bench.trace("t").key, bench.trace("u").key];
      expect(told(bench.changes).changed.sort()).toEqual([t, u].sort());
      bench.changes = [];
      await bench.send(batch);
      expect(told(bench.changes).gone).toEqual([]);
      bench.writer.pin(t, true);
      expect(told(bench.changes).changed).toContain(t);
      bench.changes = [];
      bench.writer.deleteTrace(t);
      expect(told(bench.changes)).toEqual({ changed: [], gone: [t] });
    });

    test("delete traces at once from whatever is read, and take them anew where they come again", async () => {
      const bench = empty();
      const batch = toBatch("t", [{ input: "a secret" }], { sessionId: "s" });
      await bench.send(batch, toBatch("u", [{}]));
      const { key } = bench.trace("t");
      const [span] = bench.spans("t");
      expect(bench.writer.deleteTrace(key)).toBe(true);
      expect(bench.writer.deleteTrace(key)).toBe(false);
      expect(() => bench.trace("t")).toThrow("no such trace");
      const find = (ref: { key: number } | { traceId: string }) =>
        bench.read((reader) => reader.findSpan(ref, { key: span!.key }));
      expect(() => find({ traceId: "t" })).toThrow("no such trace");
      expect(() => find({ key })).toThrow("no such trace");
      expect(bench.read((reader) => reader.traces([key], 0))).toEqual([]);
      expect(bench.idsOf("")).toEqual(["u"]);
      expect(bench.find("secret")).toEqual([]);
      expect(bench.read((reader) => reader.counts())).toMatchObject({
        traceCount: 1,
        spanCount: 1,
      });
      expect(await bench.send(batch)).toEqual([{ traces: 1, spans: 1 }]);
      expect(bench.trace("t").key).not.toBe(key);
    });

    test("pin traces, and leave these alone where many are deleted", async () => {
      const bench = empty();
      await bench.send(...["a", "b", "c"].map((traceId) => toBatch(traceId, [{}])));
      const [a, b, c] = ["a", "b", "c"].map((traceId) => bench.trace(traceId).key) as [
        number,
        number,
        number,
      ];
      expect(bench.writer.pin(b, true)).toBe(true);
      expect(bench.writer.pin(-1, true)).toBe(false);
      expect(bench.trace("b").summary.pinned).toBe(true);
      let [seen, deleted, pinnedKept] = [0, 0, 0];
      for (const keys = [a, b, c, -1]; seen < keys.length;) {
        const did = bench.writer.deleteTraces(keys.slice(seen), false);
        seen += did.seen;
        deleted += did.deleted;
        pinnedKept += did.pinnedKept;
      }
      expect([deleted, pinnedKept]).toEqual([2, 1]);
      expect(bench.idsOf("")).toEqual(["b"]);
      bench.writer.pin(b, false);
      expect(bench.writer.deleteTraces([b], false)).toEqual({ seen: 1, deleted: 1, pinnedKept: 0 });
    });

    test("price spans as they come, and anew only where that is asked for", async () => {
      const bench = empty();
      bench.prices.pico = { m1: 5n };
      const calls = ["m1", "m2"].map((modelId, i) => ({
        spanId: `${i}`,
        modelId,
        usage: { inputTokens: 1 },
      }));
      await bench.send(toBatch("t", calls));
      expect(bench.trace("t")).toMatchObject({
        cost: 5,
        summary: { pricedSpanCount: 1, priceableSpanCount: 2 },
      });
      bench.prices.pico = { m1: 7n, m2: 2n };
      await bench.send(toBatch("t", calls));
      expect(bench.trace("t").cost).toBe(5);
      const steps: unknown[] = [];
      const work = {
        isMeant: () => true,
        isDry: true,
        onStep: (key: number, did: object) => steps.push({ key, ...did }),
      };
      const { key } = bench.trace("t");
      await bench.end(bench.writer.reprice({}, work));
      expect(steps).toEqual(
        [{ key, next: null, spans: 2, changedSpans: 2, before: 5n, after: 9n }].map(
          ({ next: _, ...rest }) => expect.objectContaining(rest),
        ),
      );
      expect(bench.trace("t").cost).toBe(5);
      const isMeant = ({ modelId }: { modelId?: string }) => modelId === "m2";
      const progress = await bench.end(
        bench.writer.reprice({}, { ...work, isMeant, isDry: false }),
      );
      expect(progress).toMatchObject({ traceCount: 1, doneTraceCount: 1 });
      expect(bench.trace("t")).toMatchObject({
        cost: 7,
        summary: { pricedSpanCount: 2, costUsd: "0.000000000007" },
      });
      expect(bench.spans("t").map(({ cost, price }) => [cost, price])).toEqual([
        [5, '{"of":"5"}'],
        [2, '{"of":"2"}'],
      ]);
    });

    test("price anew only what started in the window", async () => {
      const bench = empty();
      bench.prices.pico = {};
      const call = (startTime: number) => [{ modelId: "m1", startTime, endTime: startTime }];
      await bench.send(
        toBatch("a", call(1000)),
        toBatch("b", call(2000)),
        toBatch("c", call(3000)),
      );
      bench.prices.pico = { m1: 1n };
      const work = { isMeant: () => true, isDry: false, onStep: () => {} };
      await bench.end(bench.writer.reprice({ since: 2000, until: 3000 }, work));
      expect(["a", "b", "c"].map((traceId) => bench.trace(traceId).cost)).toEqual([null, 1, null]);
    });

    test("map what is stored anew, whatever its end", async () => {
      const bench = empty();
      await bench.send(
        toBatch("t", [
          { spanId: "1", name: "old" },
          { spanId: "2", name: "same" },
        ]),
      );
      const mapAgain = (span: ReturnType<Bench["whole"]>[number]["span"]) => ({
        span: { ...span, ...(span.name === "old" && { name: "new", endTime: 1500 }) },
        header: { agentName: "mapped" },
      });
      const steps: object[] = [];
      await bench.end(bench.writer.reread({}, { mapAgain, onStep: (_, did) => steps.push(did) }));
      expect(steps).toMatchObject([{ spans: 2, changedSpans: 2 }]);
      expect(bench.spans("t").map(({ name, durationMs }) => [name, durationMs])).toEqual([
        ["new", 500],
        ["same", 1000],
      ]);
      expect(bench.trace("t").summary.agentName).toBe("mapped");
    });

    test("are there after the store was closed and opened again", async () => {
      const bench = open();
      const usage = { inputTokens: 5 };
      await bench.send(toBatch("t", [{ usage, input: '["a","b"]' }], { agentName: "x" }));
      bench.writer.pin(bench.trace("t").key, true);
      bench.writer.createProject("other");
      const before = [bench.trace("t").summary, bench.whole("t"), bench.writer.accounts()];
      bench.reopen();
      expect([bench.trace("t").summary, bench.whole("t"), bench.writer.accounts()]).toEqual(before);
      expect(await bench.send(toBatch("u", [{}]))).toEqual([{ traces: 1, spans: 1 }]);
      expect(bench.trace("u").key).not.toBe(bench.trace("t").key);
    });

    test("say that the storage is well to who believes it is not", async () => {
      const seen = { state: "full", isRefusing: true } as const;
      expect(await empty().writer.storageAfter(seen)).toMatchObject({
        state: "ok",
        isRefusing: false,
      });
    });
  });
}
