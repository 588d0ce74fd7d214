/** One trace that is as large as many: what is done to it in the background, and what that takes. */
import { expect, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import { createNames } from "../../src/sqlite/db/names.ts";
import { createTallyReader } from "../../src/sqlite/spans/facts.ts";
import { makeTempDir } from "../helpers.ts";
import { fillHuge, hugeKey, openHuge, priceAndSettle, stateOf } from "./huge.store.ts";

const spans = 30_000;
const program = join(import.meta.dir, "huge.process.ts");

/** Prices and settles in a process of its own, which is killed after a while. @returns whether it was amid it. */
async function killedRun(dir: string, price: bigint, afterMs: number): Promise<boolean> {
  const child = Bun.spawn([process.execPath, program, dir, `${price}`], { stdout: "pipe" });
  let said = "";
  for await (const bytes of child.stdout) {
    said += new TextDecoder().decode(bytes);
    if (said.includes("begins")) setTimeout(() => child.kill("SIGKILL"), afterMs);
  }
  await child.exited;
  return !said.includes("done");
}

test("kill -9 while a huge trace is priced and settled loses nothing and counts nothing twice", async () => {
  const dirs = [makeTempDir(), makeTempDir()] as const;
  try {
    const bench = openHuge(dirs[0], 2n);
    fillHuge(bench, spans);
    priceAndSettle(bench);
    const before = stateOf(bench);
    bench.db.close();
    cpSync(dirs[0], dirs[1], { recursive: true });

    let killed = 0;
    for (const afterMs of [0, 200, 600, 1500]) {
      if (await killedRun(dirs[0], 3n, afterMs)) killed++;
    }
    expect(killed).toBeGreaterThan(0);
    const states = dirs.map((dir) => {
      const again = openHuge(dir, 3n);
      priceAndSettle(again);
      const state = stateOf(again);
      again.db.close();
      return state;
    });
    expect(states[0]!).toEqual(states[1]!);
    expect(states[0]!.traces).not.toEqual(before.traces);
    expect(states[0]!.rollups.length).toBe(before.rollups.length);
  } finally {
    for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
  }
}, 300_000);

test("a huge trace is tallied in a few hundred bytes a span, and as one that is small is", () => {
  using bench = openHuge(undefined, 2n);
  fillHuge(bench, spans);
  bench.spans.rest();
  const readTally = createTallyReader(bench.db, createNames(bench.db));
  const before = kept();
  const tally = readTally(hugeKey);
  expect((kept() - before) / spans).toBeLessThan(300);
  const { spanCount, llmCount, toolCount, cost } = tally.row();
  const { traces } = stateOf(bench);
  expect([[spanCount, llmCount, toolCount, cost]]).toEqual(
    traces.map((row) => [row[0], row[1], row[2], row[4]]) as (typeof cost)[][],
  );
});

/** What the engine's objects and buffers take now. */
function kept(): number {
  Bun.gc(true);
  return process.memoryUsage().heapUsed;
}
