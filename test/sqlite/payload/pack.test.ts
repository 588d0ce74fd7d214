import { describe, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { payload as limits } from "../../../src/limits.ts";
import { openReader } from "../../../src/sqlite/db/open.ts";
import { createCollector } from "../../../src/sqlite/payload/collect.ts";
import { applyPacking, planPacking } from "../../../src/sqlite/payload/pack.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { problemsOf } from "../invariants.ts";
import { muchLater, Workbench } from "../workbench.ts";

const words = (seed: number, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36).slice(0, 6)).join(
    " ",
  );

/** A run of some steps, each with the whole history. */
function run(seed: number, steps = 6): Record<string, { input: string; output: string }> {
  const messages: string[] = [];
  return Object.fromEntries(
    Array.from({ length: steps }, (_, i) => {
      messages.push(JSON.stringify({ role: "user", content: words(seed * 1000 + i, 60) }));
      return [`s${i}`, { input: `[${messages.join(",")}]`, output: words(-seed * 1000 - i, 30) }];
    }),
  );
}

function storeRuns(bench: Workbench, seeds: number[]): void {
  for (const seed of seeds) bench.store(`run ${seed}`, run(seed));
}

function expectRuns(bench: Workbench, seeds: number[]): void {
  for (const seed of seeds) expect(bench.read(`run ${seed}`)).toEqual(run(seed));
}

const seeds = Array.from({ length: 60 }, (_, i) => i + 1);
const loose = (bench: Workbench) => bench.count("blocks WHERE isLoose");

function compressed(bench: Workbench) {
  const packing = planPacking(bench.db, bench.payloads, muchLater)!;
  return { packing, data: Bun.zstdCompressSync(packing.bytes, { level: 1 }) };
}

function apply(bench: Workbench, { packing, data }: ReturnType<typeof compressed>): void {
  bench.transact(() => applyPacking(bench.db, bench.payloads, packing, data));
}

/** Zeroes one of the pages that a block's bytes go on in. */
function damageBlock(bench: Workbench, id: number): void {
  bench.fileSize();
  const file = readFileSync(bench.path);
  const { data } = bench.db
    .query<{ data: Uint8Array }, [number]>("SELECT data FROM blocks WHERE id = ?")
    .get(id)!;
  const at = file.indexOf(data.subarray(5000, 5100));
  expect(at).toBeGreaterThan(0);
  bench.db.close();
  file.fill(0, at - (at % 2048), at - (at % 2048) + 2048);
  writeFileSync(bench.path, file);
  bench.open();
}

describe("packing", () => {
  test("makes few large blocks of many small ones, and the file shrinks", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    const before = bench.fileSize();
    expect(bench.count("blocks")).toBe(60);
    await bench.settle();
    expect(bench.count("blocks")).toBeLessThan(4);
    expect(loose(bench)).toBe(0);
    expect(bench.fileSize()).toBeLessThan(before);
    expectRuns(bench, seeds);
    expect(problemsOf(bench.db, true)).toEqual([]);
    expect(await bench.packOnce()).toBe(false);
  });

  test("leaves blocks alone that may still grow", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    expect(planPacking(bench.db, bench.payloads, performance.now())).toBeNull();
    expect(
      planPacking(bench.db, bench.payloads, performance.now() + limits.quietMs + 1),
    ).not.toBeNull();
  });

  test("takes what an earlier start left at once", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    bench.reopen();
    expect(planPacking(bench.db, bench.payloads, performance.now())).not.toBeNull();
  });

  test("goes on with a trace that was packed and gets more", async () => {
    using bench = new Workbench();
    const all = Object.entries(run(1, 12));
    for (const [i, step] of all.entries()) {
      bench.store("t", Object.fromEntries([step]));
      if (i % 3 === 0) await bench.settle();
      if (i % 5 === 0) bench.reopen();
    }
    expect(bench.read("t")).toEqual(Object.fromEntries(all));
    await bench.settle();
    expect(bench.count("blocks")).toBe(1);
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  test("leaves the block of a trace that just got more alone, and takes the others", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    bench.reopen();
    bench.store("run 9", { more: { input: words(7, 50) } });
    const packing = planPacking(bench.db, bench.payloads, performance.now())!;
    expect(packing.sources.map(({ id }) => id)).toEqual(seeds.filter((id) => id !== 9));
  });

  test.each<[string, (bench: Workbench) => void]>([
    ["grew", (bench) => bench.store("run 1", { more: { input: words(7, 50) } })],
    [
      "went",
      (bench) => {
        bench.delete("run 1");
        bench.collect();
      },
    ],
    [
      "lost pieces",
      (bench) => {
        bench.store("run 1", { s5: { input: words(8, 50), endTime: 2 } });
        bench.collect();
      },
    ],
    ["was packed", (bench) => void apply(bench, compressed(bench))],
  ])("writes nothing where a block %s while it was compressed", async (_, change) => {
    using bench = new Workbench();
    storeRuns(bench, [1, 2]);
    const packing = compressed(bench);
    change(bench);
    const before = bench.db.query("SELECT * FROM blocks JOIN runs ON blockId = id").values();
    expect(before).not.toEqual([]);
    apply(bench, packing);
    expect(bench.db.query("SELECT * FROM blocks JOIN runs ON blockId = id").values()).toEqual(
      before,
    );
    expectRuns(bench, [2]);
    await bench.settle();
    expectRuns(bench, [2]);
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  test("that is undone leaves all as it was, and comes again", async () => {
    using bench = new Workbench();
    storeRuns(bench, [1, 2]);
    const { packing, data } = compressed(bench);
    const undone = new Error("undone");
    expect(() =>
      bench.transact(() => {
        applyPacking(bench.db, bench.payloads, packing, data);
        throw undone;
      }),
    ).toThrow(undone);
    expect(loose(bench)).toBe(2);
    bench.store("run 1", { more: { input: words(7, 50) } });
    await bench.settle();
    expect(bench.read("run 1")).toEqual({ ...run(1), more: { input: words(7, 50) } });
    expectRuns(bench, [2]);
    expect([bench.count("blocks"), loose(bench)]).toEqual([1, 0]);
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  test("does not disturb who is reading", async () => {
    using bench = new Workbench();
    storeRuns(bench, [1, 2, 3]);
    const db = openReader(bench.path);
    const reader = createPayloadReader(db);
    db.run("BEGIN");
    const rows = db
      .query<{ key: number; spanId: string; lists: Uint8Array }, []>(
        "SELECT key, spanId, lists FROM spans ORDER BY key",
      )
      .all();
    await bench.settle();
    bench.delete("run 1");
    await bench.settle();
    const texts = rows
      .slice(0, 6)
      .map(({ key, spanId, lists }) => [spanId, reader.get(key, lists).texts]);
    expect(Object.fromEntries(texts)).toEqual(run(1));
    db.close();
  });

  test("passes a damaged block by", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    bench.db.run("UPDATE blocks SET data = x'00' WHERE id = 5");
    bench.db.run("UPDATE blocks SET pieces = x'00' WHERE id = 6");
    await bench.settle();
    expect(loose(bench)).toBe(0);
    expectRuns(bench, [1, 2, 3, 4, 7, 60]);
    expect(bench.count("blocks")).toBeLessThan(6);
  });

  test("passes a block by that has a damaged page, and so does collecting", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds.slice(0, 10));
    // Beyond what one page holds.
    bench.store("hit", { a: { input: words(1e6, 3000) } });
    bench.store("sharer", { a: { input: words(1e6, 3000), output: words(2e6, 20) } });
    damageBlock(bench, 11);
    expect(() => bench.db.query("SELECT data FROM blocks WHERE id = 11").get()).toThrow(
      "malformed",
    );
    for (let start = 0; start < 2; start++) {
      await bench.settle();
      expectRuns(bench, seeds.slice(0, 10));
      expect(bench.readAll("sharer")["a"]).toMatchObject({
        damaged: ["input"],
        texts: { output: words(2e6, 20) },
      });
      expect([bench.count("blocks"), loose(bench)]).toEqual([2, 1]);
      bench.reopen();
    }
    for (const traceId of ["sharer", "hit", "run 1"]) bench.delete(traceId);
    const collector = createCollector(bench.db, bench.payloads);
    let failures = 0;
    for (let steps = 0; collector.hasWork(muchLater); steps++) {
      try {
        bench.transact(() => collector.step());
      } catch (cause) {
        expect(String(cause)).toContain("malformed");
        failures++;
      }
      expect(steps).toBeLessThan(50);
    }
    // A trace is given up after one failure, and does not hold up others.
    expect(failures).toBeGreaterThan(0);
    expect(bench.count("deletions")).toBe(failures);
    await bench.packOnce();
    expectRuns(bench, seeds.slice(1, 10));
  });

  test("drops garbage once it is more than a share of its block", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds.slice(0, 20));
    await bench.settle();
    expect(bench.count("blocks")).toBe(1);
    bench.delete("run 1");
    bench.collect();
    // A twentieth is not worth the work.
    expect(loose(bench)).toBe(0);
    for (const seed of [2, 3]) bench.delete(`run ${seed}`);
    bench.collect();
    expect(loose(bench)).toBe(1);
    const before = bench.fileSize();
    await bench.settle();
    expect(loose(bench)).toBe(0);
    expect(bench.fileSize()).toBeLessThan(before);
    expectRuns(bench, seeds.slice(3, 20));
  });

  // Runs of a few agents: what each begins with lies with its first run, and is on loan to others.
  const agentRun = (i: number) => {
    const system = JSON.stringify({ role: "system", content: words(i % 5, 400) });
    return Object.fromEntries(
      Object.entries(run(i, 20)).map(([spanId, { input, output }]) => [
        spanId,
        { input: `[${system},${input.slice(1)}`, output },
      ]),
    );
  };

  test.each([
    ["the first half", (i: number) => i < 100],
    ["the last half", (i: number) => i >= 100],
    ["every other", (i: number) => i % 2 === 0],
    ["a random half", (i: number) => Bun.hash(`${i}`) % 2n === 0n],
  ])("leaves at most 1.3 × a fresh store of the rest after deleting %s", async (_, isDoomed) => {
    const all = Array.from({ length: 200 }, (_, i) => i);
    using bench = new Workbench();
    using fresh = new Workbench();
    for (const i of all) bench.store(`run ${i}`, agentRun(i));
    await bench.settle();
    expect(bench.count("blocks")).toBeGreaterThan(3);
    for (const i of all.filter(isDoomed)) bench.delete(`run ${i}`);
    await bench.settle();
    const rest = all.filter((i) => !isDoomed(i));
    for (const i of rest) fresh.store(`run ${i}`, agentRun(i));
    await fresh.settle();
    expect(bench.fileSize()).toBeLessThan(1.3 * fresh.fileSize());
    for (const i of rest) expect(bench.read(`run ${i}`)).toEqual(agentRun(i));
    expect(problemsOf(bench.db, true)).toEqual([]);
  });
});
