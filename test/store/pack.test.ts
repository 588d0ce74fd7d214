import { describe, expect, test } from "bun:test";
import { openReader } from "../../src/store/open.ts";
import { applyPacking, compressPacking, planPacking } from "../../src/store/pack.ts";
import { createPayloadReader } from "../../src/store/payloads.ts";
import { payload as limits } from "../../src/limits.ts";
import { problemsOf } from "./invariants.ts";
import { muchLater, Workbench } from "./workbench.ts";

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
    expect(planPacking(bench.db, bench.payloads, Date.now())).toBeNull();
    expect(planPacking(bench.db, bench.payloads, Date.now() + limits.quietMs + 1)).not.toBeNull();
  });

  test("takes what an earlier start left at once", async () => {
    using bench = new Workbench();
    storeRuns(bench, seeds);
    bench.reopen();
    expect(planPacking(bench.db, bench.payloads, Date.now())).not.toBeNull();
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

  test("writes nothing where a block changed while it was compressed", async () => {
    using bench = new Workbench();
    storeRuns(bench, [1, 2]);
    const packing = planPacking(bench.db, bench.payloads, muchLater)!;
    const data = await compressPacking(packing);
    bench.store("run 1", { more: { input: words(7, 50) } });
    bench.transact(() => applyPacking(bench.db, bench.payloads, packing, data));
    expect(loose(bench)).toBe(2);
    expect(bench.read("run 1")).toEqual({ ...run(1), more: { input: words(7, 50) } });
    expectRuns(bench, [2]);
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

  test.each([
    ["the first half", (i: number) => i < 60],
    ["the last half", (i: number) => i >= 60],
    ["every other", (i: number) => i % 2 === 0],
    ["a random half", (i: number) => Bun.hash(`${i}`) % 2n === 0n],
  ])("leaves at most 1.3 × a fresh store of the rest after deleting %s", async (_, isDoomed) => {
    const all = Array.from({ length: 120 }, (_, i) => i);
    using bench = new Workbench();
    using fresh = new Workbench();
    storeRuns(bench, all);
    await bench.settle();
    for (const i of all.filter(isDoomed)) bench.delete(`run ${i}`);
    await bench.settle();
    const rest = all.filter((i) => !isDoomed(i));
    storeRuns(fresh, rest);
    await fresh.settle();
    expect(bench.fileSize()).toBeLessThan(1.3 * fresh.fileSize());
    expectRuns(bench, rest);
    expect(problemsOf(bench.db, true)).toEqual([]);
  });
});
