import { Database } from "bun:sqlite";
import { describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { statSync } from "node:fs";
import { join } from "node:path";
import type { TraceView } from "../../../src/backend/views.ts";
import { collectRowsPerStep } from "../../../src/limits.ts";
import { createCollector } from "../../../src/sqlite/payload/collect.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { problemsOf } from "../invariants.ts";
import { muchLater, Workbench, type Texts } from "../workbench.ts";

const text = "many words ".repeat(200);

function payloadOf(traceId: string, count: number) {
  const spans = Array.from({ length: count }, (_, i) =>
    makeSpan({ spanId: `${i}`, input: `${traceId} ${i} ${text}`, output: text }),
  );
  return makePayload({ traceId, spans });
}

const many = (count: number, of: (i: number) => Texts) =>
  Object.fromEntries(Array.from({ length: count }, (_, i) => [`${i}`, of(i)]));
const words = (seed: string, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");
/** Spans of which each fills a block of its own. */
const blocks = (count: number) => many(count, (i) => ({ output: words(`block ${i}`, 5000) }));
const undone = new Error("undone");
const say = (what: string) =>
  JSON.stringify({
    role: "user",
    content: `${what}, at some length so that it is a piece of its own`,
  });

describe("a deleted trace", () => {
  const counts = (bench: Workbench) =>
    ["traces", "spans", "blocks", "runs", "deletions"].map((table) => bench.count(table));

  test("is collected step by step, and nothing else is", () => {
    using bench = new Workbench();
    const rows = collectRowsPerStep * 2 + 7;
    bench.store(
      "gone",
      many(rows, (i) => ({ input: `only here ${i} ${text}` })),
    );
    bench.store(
      "kept",
      many(3, (i) => ({ input: `kept ${i} ${text}` })),
    );
    bench.delete("gone");
    expect(bench.count("spans")).toBe(rows + 3);
    expect(bench.collect()).toBeGreaterThan(3);
    expect(counts(bench)).toEqual([1, 3, 1, 1, 0]);
    expect(problemsOf(bench.db, true)).toEqual([]);
    expect(bench.read("kept")["2"]).toEqual({ input: `kept 2 ${text}` });
  });

  test("loses nothing of others where a step is undone, and is gone after the next", () => {
    using bench = new Workbench();
    bench.store(
      "gone",
      many(50, (i) => ({ input: `only here ${i} ${text}`, output: text })),
    );
    bench.store("kept", { a: { output: text } });
    bench.delete("gone");
    const collector = createCollector(bench.db, bench.payloads);
    for (let undone = 0; collector.hasWork(muchLater); undone++) {
      const step = () =>
        bench.transact(() => {
          collector.step();
          if (undone % 2 === 0) throw new Error("undone");
        });
      if (undone % 2 === 0) expect(step).toThrow("undone");
      else step();
      expect(bench.read("kept")).toEqual({ a: { output: text } });
      expect(undone).toBeLessThan(100);
    }
    bench.collect();
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  test("gives its pages back to the file system", async () => {
    using bench = new Workbench();
    bench.store(
      "gone",
      many(1000, () => ({ input: randomBytes(1000).toString("base64") })),
    );
    bench.store(
      "kept",
      many(3, (i) => ({ input: `kept ${i} ${text}` })),
    );
    const before = bench.fileSize();
    bench.delete("gone");
    await bench.settle();
    expect(before).toBeGreaterThan(1_000_000);
    expect(bench.fileSize()).toBeLessThan(before / 10);
    expect(bench.db.query("PRAGMA quick_check").values()).toEqual([["ok"]]);
  });

  test("is not there to be deleted again", () => {
    using bench = new Workbench();
    bench.store("gone", { a: { input: text } });
    const key = bench.traceKey("gone");
    const remove = (key: number) => bench.transact(() => bench.spans.deleteTrace(key));
    expect([remove(key), remove(key), remove(12345)]).toEqual([true, false, false]);
    expect(bench.count("deletions")).toBe(1);
  });

  test("that is sent anew before it is collected is a trace of its own", () => {
    using bench = new Workbench();
    bench.store(
      "t",
      many(5, (i) => ({ input: `${i} ${text}` })),
    );
    const gone = bench.traceKey("t");
    bench.delete("t");
    bench.store(
      "t",
      many(2, (i) => ({ input: `${i} ${text}` })),
    );
    expect(bench.traceKey("t")).not.toBe(gone);
    bench.collect();
    expect(bench.read("t")).toEqual(many(2, (i) => ({ input: `${i} ${text}` })));
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  const shared = `[${say("system")},${say("tools")}]`;
  const orders = [
    ["owner", "first", "second"],
    ["owner", "second", "first"],
    ["first", "owner", "second"],
    ["second", "owner", "first"],
    ["first", "second", "owner"],
    ["second", "first", "owner"],
  ];

  function storeSharers(bench: Workbench): void {
    bench.store("owner", { a: { input: shared, output: say("only the owner's") } });
    bench.store("first", { a: { input: shared } });
    bench.store("second", { a: { input: shared } });
    expect(bench.count("blocks")).toBe(1);
  }

  test.each(orders)("leaves others what they share with it: %s, %s, %s", (...order) => {
    using bench = new Workbench();
    storeSharers(bench);
    for (const [i, traceId] of order.entries()) {
      bench.delete(traceId);
      bench.collect();
      for (const left of order.slice(i + 1)) {
        expect(bench.read(left)["a"]!.input).toBe(shared);
      }
      expect(problemsOf(bench.db, true)).toEqual([]);
    }
    expect(left(bench)).toEqual([0, 0, 0, 0]);
  });

  const left = (bench: Workbench) =>
    ["blocks", "runs", "loans", "borrowings"].map((table) => bench.count(table));

  test.each(orders)("leaves others what they share, of two at once: %s, %s; %s", (...order) => {
    using bench = new Workbench();
    storeSharers(bench);
    for (const traceId of order.slice(0, 2)) bench.delete(traceId);
    bench.collect();
    expect(bench.read(order[2]!)["a"]!.input).toBe(shared);
    expect(problemsOf(bench.db, true)).toEqual([]);
    bench.delete(order[2]!);
    bench.collect();
    expect(left(bench)).toEqual([0, 0, 0, 0]);
  });

  test("leaves nothing, whichever of its steps are undone or begin anew after a restart", () => {
    for (const period of [2, 3]) {
      using bench = new Workbench();
      // More blocks, and more pieces of others, than one step takes.
      const messages = Array.from({ length: collectRowsPerStep + 100 }, (_, i) => say(`${i}`));
      bench.store("lender", { a: { input: `[${messages}]` } });
      bench.store("gone", { ...blocks(20), borrower: { input: `[${messages}]` } });
      bench.delete("gone");
      let collector = createCollector(bench.db, bench.payloads);
      for (let steps = 1; collector.hasWork(muchLater); steps++) {
        const step = () =>
          bench.transact(() => {
            collector.step();
            if (steps % period === 0) throw undone;
          });
        if (steps % period === 0) expect(step).toThrow(undone);
        else step();
        if (steps % 7 === 0) {
          bench.reopen();
          collector = createCollector(bench.db, bench.payloads);
        }
        expect(problemsOf(bench.db, false)).toEqual([]);
        expect(steps).toBeLessThan(100);
      }
      expect(problemsOf(bench.db, true)).toEqual([]);
      expect(bench.read("lender")).toEqual({ a: { input: `[${messages}]` } });
      expect([bench.count("loans"), bench.count("borrowings")]).toEqual([0, 0]);
    }
  });

  test("of 5,000 spans and many blocks never takes long for a step", () => {
    using bench = new Workbench();
    bench.store(
      "gone",
      many(5000, (i) => ({ input: `only here ${i} ${text}`, output: words(`${i}`, 40) })),
    );
    expect(bench.count("blocks")).toBeGreaterThan(100);
    bench.delete("gone");
    const collector = createCollector(bench.db, bench.payloads);
    let steps = 0;
    for (; collector.hasWork(muchLater); steps++) {
      const before = [bench.count("spans"), bench.count("blocks")];
      bench.transact(() => collector.step());
      expect(before[0]! - bench.count("spans")).toBeLessThanOrEqual(collectRowsPerStep);
      expect(before[1]! - bench.count("blocks")).toBeLessThanOrEqual(10);
    }
    expect(steps).toBeGreaterThan(20);
    expect(left(bench)).toEqual([0, 0, 0, 0]);
  });

  test("leaves a trace what it borrows between two of the steps, whichever they are", () => {
    const spans = blocks(20);
    // The piece that goes last.
    const output = spans["19"]!.output!;
    for (let after = 1, steps = Infinity; after <= steps; after++) {
      using bench = new Workbench();
      bench.store("gone", spans);
      bench.delete("gone");
      const collector = createCollector(bench.db, bench.payloads);
      for (steps = 0; collector.hasWork(muchLater);) {
        bench.transact(() => collector.step());
        if (++steps === after) bench.store("t", { a: { output } });
      }
      expect(steps).toBeGreaterThan(3);
      expect(bench.read("t")).toEqual({ a: { output } });
      expect(problemsOf(bench.db, true)).toEqual([]);
    }
  });
});

test("a trace gives back more than it can in one step", () => {
  using bench = new Workbench();
  const count = collectRowsPerStep + 100;
  const input = `[${Array.from({ length: count }, (_, i) => say(`message ${i}`))}]`;
  bench.store("owner", { a: { input } });
  bench.store("borrower", { a: { input } });
  expect(bench.count("loans")).toBe(count);
  bench.delete("borrower");
  bench.collect();
  expect(bench.count("loans") + bench.count("borrowings")).toBe(0);
  expect(bench.read("owner")).toEqual({ a: { input } });
  expect(problemsOf(bench.db, true)).toEqual([]);
});

describe("texts that a span had before it was sent again", () => {
  const history = (count: number) => `[${Array.from({ length: count }, (_, i) => say(`${i}`))}]`;

  test("go once the trace is quiet, and what stands on their lists stays readable", () => {
    using bench = new Workbench();
    bench.store("t", { a: { input: history(8), output: say("a draft") } });
    bench.store("t", { b: { input: history(9) } });
    bench.store("t", { a: { input: say("something else"), output: say("final"), endTime: 2 } });
    const expected = {
      a: { input: say("something else"), output: say("final") },
      b: { input: history(9) },
    };
    expect(bench.read("t")).toEqual(expected);
    const collector = createCollector(bench.db, bench.payloads);
    expect(collector.hasWork(performance.now())).toBe(false);
    bench.collect();
    expect(bench.read("t")).toEqual(expected);
    expect(problemsOf(bench.db, true)).toEqual([]);
    expect(bench.count("revisions")).toBe(0);
  });

  test("are left alone as soon as the trace gets more, and nothing is lost", () => {
    using bench = new Workbench();
    const count = collectRowsPerStep + 10;
    bench.store(
      "t",
      many(count, (i) => ({ output: say(`draft ${i}`) })),
    );
    bench.store(
      "t",
      many(count, (i) => ({ output: say(`final ${i}`), endTime: 2 })),
    );
    const collector = createCollector(bench.db, bench.payloads);
    expect(collector.hasWork(muchLater)).toBe(true);
    bench.transact(() => collector.step());
    // Says again what no span says any more at this moment.
    bench.store("t", { again: { output: say("draft 7") } });
    while (collector.hasWork(muchLater)) bench.transact(() => collector.step());
    const read = bench.read("t");
    expect(read["again"]).toEqual({ output: say("draft 7") });
    expect(read["7"]).toEqual({ output: say("final 7") });
    expect(problemsOf(bench.db, true)).toEqual([]);
  });
});

describe("what follows a collection", () => {
  test("does not stand on a list that went", () => {
    using bench = new Workbench();
    const history = (count: number) => `[${Array.from({ length: count }, (_, i) => say(`${i}`))}]`;
    bench.store("t", { a: { input: history(8) } });
    bench.store("t", { a: { input: "short", endTime: 2 } });
    bench.collect();
    bench.store("t", { b: { input: history(9) } });
    expect(bench.read("t")).toEqual({ a: { input: "short" }, b: { input: history(9) } });
  });

  test("frees what a live trace had lent and does not say itself any more", () => {
    using bench = new Workbench();
    bench.store("owner", { a: { output: say("shared") } });
    bench.store("borrower", { a: { output: say("shared") } });
    bench.store("owner", { a: { output: say("other"), endTime: 2 } });
    bench.collect();
    expect(bench.read("borrower")).toEqual({ a: { output: say("shared") } });
    bench.delete("borrower");
    bench.collect();
    expect(bench.read("owner")).toEqual({ a: { output: say("other") } });
    expect(problemsOf(bench.db, true)).toEqual([]);
  });
});

describe("amid a collection of what spans had before", () => {
  // More blocks than one step takes.
  const drafts = blocks(20);
  const finals = many(20, (i) => ({ output: say(`final ${i}`), endTime: 2 }));

  /** Does some steps, then something else, then the rest. @returns false where it took fewer. */
  function interrupted(after: number, change: (bench: Workbench) => void): boolean {
    using bench = new Workbench();
    bench.store("t", drafts);
    bench.store("t", finals);
    let collector = createCollector(bench.db, bench.payloads);
    for (let step = 0; step < after; step++) {
      if (!collector.hasWork(muchLater)) return false;
      bench.transact(() => collector.step());
    }
    const { payloads } = bench;
    change(bench);
    expect(problemsOf(bench.db, false)).toEqual([]);
    if (bench.payloads !== payloads) collector = createCollector(bench.db, bench.payloads);
    while (collector.hasWork(muchLater)) bench.transact(() => collector.step());
    expect(problemsOf(bench.db, true)).toEqual([]);
    expect(bench.count("revisions")).toBe(0);
    const has = (traceId: string) => bench.count(`traces WHERE traceId = '${traceId}'`) > 0;
    const { again, ...read } = has("t") ? bench.read("t") : {};
    if (has("t")) expect(read).toEqual(many(20, (i) => ({ output: say(`final ${i}`) })));
    for (const span of [again, has("u") ? bench.read("u")["a"]! : undefined]) {
      if (span) expect(span).toEqual(drafts["19"]!);
    }
    return true;
  }

  test.each<[string, (bench: Workbench) => void]>([
    ["the same trace says it again", (bench) => bench.store("t", { again: drafts["19"]! })],
    ["another trace says it", (bench) => bench.store("u", { a: drafts["19"]! })],
    ["the trace is deleted", (bench) => bench.delete("t")],
    ["the store is opened anew", (bench) => bench.reopen()],
    [
      "a batch is undone",
      (bench) =>
        expect(() =>
          bench.transact(() => {
            bench.put("t", { again: drafts["19"]! });
            throw undone;
          }),
        ).toThrow(undone),
    ],
  ])("nothing is lost, after whichever step %s", (_, change) => {
    let after = 0;
    while (interrupted(after, change)) after++;
    expect(after).toBeGreaterThan(4);
  });
});

describe("a server", () => {
  const list = async (server: TestServer) =>
    ((await (await server.api("/api/traces")).json()) as { traces: unknown[] }).traces;

  /** Waits until nothing is left of deleted traces, and no page is free. */
  async function collected(dataDir: string): Promise<void> {
    const database = new Database(join(dataDir, "tealight.db"), { readonly: true });
    const left = () => [
      database.query("SELECT count(*) FROM deletions").values()[0]![0],
      database.query("PRAGMA freelist_count").values()[0]![0],
    ];
    while (!Bun.deepEquals(left(), [0, 0])) await Bun.sleep(10);
    database.close();
  }

  test("collects a deleted trace in the background, and its file shrinks", async () => {
    await using server = await startServer();
    expect((await server.ingest(payloadOf("gone", 1500))).status).toBe(202);
    expect((await server.ingest(payloadOf("kept", 3))).status).toBe(202);
    const kept = await (await server.api("/api/traces/kept/export")).text();

    const deleted = await server.api("/api/traces/gone", { method: "DELETE" });
    expect([deleted.status, await deleted.json()]).toEqual([200, { deleted: 1 }]);
    // At once, long before its rows are gone.
    expect((await server.api("/api/traces/gone")).status).toBe(404);
    expect(await list(server)).toHaveLength(1);
    expect((await server.api("/api/traces/gone", { method: "DELETE" })).status).toBe(404);
    await collected(server.dataDir);
    expect(await (await server.api("/api/traces/kept/export")).text()).toBe(kept);

    await server.stop();
    expect(statSync(join(server.dataDir, "tealight.db")).size).toBeLessThan(1500 * text.length);
  });

  test("goes on with a collection that a stop or a death interrupted", async () => {
    const first = await startServer();
    await first.ingest(payloadOf("gone", 2000));
    await first.ingest(payloadOf("kept", 1));
    await first.api("/api/traces/gone", { method: "DELETE" });
    await first.stop();
    await using second = await startServer({ dataDir: first.dataDir });
    await collected(second.dataDir);
    const database = new Database(join(second.dataDir, "tealight.db"), { readonly: true });
    expect(database.query("SELECT count(*) AS n FROM spans").get()).toEqual({ n: 1 });
    database.close();
    const view = (await (await second.api("/api/traces/kept")).json()) as TraceView;
    expect(view.spans).toHaveLength(1);
  });

  test("answers others while it collects", async () => {
    await using server = await startServer();
    for (let i = 0; i < 3; i++) await server.ingest(payloadOf(`gone ${i}`, 2000));
    for (let i = 0; i < 3; i++) await server.api(`/api/traces/gone%20${i}`, { method: "DELETE" });
    let answers = 0;
    const database = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
    while (database.query("SELECT 1 FROM deletions").get() !== null) {
      expect((await server.ingest(makePayload({ traceId: "beside" }))).status).toBe(202);
      answers++;
    }
    database.close();
    expect(answers).toBeGreaterThan(5);
  });
});
