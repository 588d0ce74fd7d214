/**
 * A program that changes a store without end, to be killed: `bun upkeep.process.ts <dir> <round>`. It
 * writes to `<dir>/ledger` what it is about to do, and when it is committed.
 */
import { openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Payloads } from "../../src/contract/fields.ts";
import { checkpoint } from "../../src/sqlite/db/open.ts";
import { createCollector, shrinkStep } from "../../src/sqlite/payload/collect.ts";
import { applyPacking, compressPacking, planPacking } from "../../src/sqlite/payload/pack.ts";
import { muchLater, Workbench, type Texts } from "./workbench.ts";

/** What a line of the ledger says; `done` that what the line before announced is committed. */
export type Entry =
  | { does: "put" | "undo"; traceId: string; versions: Record<string, number> }
  | { does: "delete"; traceId: string }
  | { does: "collect" | "compress" | "pack" | "shrink" | "checkpoint" | "done" };

const words = (seed: string, count: number) =>
  Array.from({ length: count }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");

const said = (seed: string, count: number) =>
  JSON.stringify({ role: "user", content: words(seed, count) });

/** Tools that many traces have in common, and so borrow from each other. */
const catalogs = Array.from(
  { length: 4 },
  (_, i) => `[${said(`tool ${i}`, 80)},${said("all", 90)}]`,
);

/** The texts of a span, each time the same. A trace's spans each hold the history so far. */
export function textsOf(traceId: string, spanId: string, version: number): Payloads {
  const dice = Number(Bun.hash(`${traceId} ${spanId} ${version}`) % 1000n);
  const history = Array.from({ length: Number(spanId) + 1 }, (_, i) => said(`${traceId} ${i}`, 40));
  // A history that was edited on its way, as an agent does that summarizes.
  if (dice % 5 === 0) history[0] = said(`summary ${version}`, 30);
  return {
    input: `[${[said(`system ${dice % 3}`, 100), ...history].join(",")}]`,
    // Some are as large as a block.
    output: words(`${traceId} ${version}`, dice % 10 === 0 ? 6000 : 50),
    ...(dice % 2 === 0 && { toolCatalog: catalogs[dice % 4]! }),
    ...(dice % 3 === 0 && { systemPrompt: catalogs[dice % 4]! }),
    ...(dice % 7 === 0 && { attributes: `cut off in \ud83d ${version}`.padEnd(100, "\udc00") }),
  };
}

const pick = (below: number) => Math.floor(Math.random() * below);

async function run(dir: string, round: number): Promise<never> {
  const ledger = openSync(join(dir, "ledger"), "a");
  const bench = new Workbench(dir);
  const collector = createCollector(bench.db, bench.payloads);
  let version = round * 1_000_000;

  const note = (entry: Entry) => void writeSync(ledger, `${JSON.stringify(entry)}\n`);
  function change(entry: Entry, work: () => void): void {
    note(entry);
    work();
    note({ does: "done" });
  }

  function put(): void {
    const traceId = `trace ${pick(24)}`;
    const versions: Record<string, number> = {};
    for (let count = 1 + pick(4); count > 0; count--) versions[pick(12)] = ++version;
    const spans: Record<string, Texts> = {};
    for (const [spanId, endTime] of Object.entries(versions)) {
      spans[spanId] = { ...textsOf(traceId, spanId, endTime), endTime };
    }
    if (pick(10) > 0) {
      return change({ does: "put", traceId, versions }, () => bench.store(traceId, spans));
    }
    change({ does: "undo", traceId, versions }, () => {
      try {
        bench.transact(() => {
          bench.put(traceId, spans);
          throw undone;
        });
      } catch (cause) {
        if (cause !== undone) throw cause;
      }
    });
  }

  function remove(): void {
    const stored = bench.db.query<{ traceId: string }, []>("SELECT traceId FROM traces").all();
    const { traceId } = stored[pick(stored.length)] ?? {};
    if (traceId === undefined) return;
    change({ does: "delete", traceId }, () => bench.delete(traceId));
  }

  function collect(): void {
    for (let steps = pick(8); steps > 0 && collector.hasWork(muchLater); steps--) {
      change({ does: "collect" }, () => bench.transact(() => collector.step()));
    }
  }

  async function pack(): Promise<void> {
    const packing = planPacking(bench.db, bench.payloads, muchLater);
    if (!packing) return;
    note({ does: "compress" });
    const data = await compressPacking(packing);
    note({ does: "done" });
    // What comes meanwhile may touch what is being packed.
    if (pick(4) === 0) put();
    if (pick(4) === 0) remove();
    change({ does: "pack" }, () =>
      bench.transact(() => applyPacking(bench.db, bench.payloads, packing, data)),
    );
  }

  while (true) {
    const dice = pick(100);
    if (dice < 50) put();
    else if (dice < 60) remove();
    else if (dice < 80) collect();
    else if (dice < 92) await pack();
    else if (dice < 97) change({ does: "shrink" }, () => void shrinkStep(bench.db));
    else change({ does: "checkpoint" }, () => checkpoint(bench.db));
  }
}

const undone = new Error("undone");

if (import.meta.main) await run(process.argv[2]!, Number(process.argv[3]));
