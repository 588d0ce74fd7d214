import { afterAll } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import { budget, traces, upkeep } from "../../src/limits.ts";
import { openReadBackend } from "../../src/sqlite/reader.ts";
import { openSearch } from "../../src/sqlite/search/open.ts";
import { openStoreWriter } from "../../src/sqlite/writer.ts";
import { describeBackend } from "./contract.ts";

/** Small numbers, so that a few traces take every way that there is. */
const bounds = fc.record({
  budgetMs: fc.constantFrom(80, 80, -1),
  fewTraces: fc.constantFrom(0, 2, 5000),
  unsettledTraces: fc.constantFrom(1, 3000),
  wildcardNames: fc.constantFrom(1, 200),
  scannedNames: fc.constantFrom(1, 1000),
  scannedTraces: fc.constantFrom(1, 3, 1000),
});
const usual = { ...traces, ...budget };
const usualUpkeep = { ...upkeep };

// The work in the background does not wait, so that no test does.
Object.assign(upkeep, { busyMs: 0, underLoadMs: 0, perCommitMs: 0, idleMs: 1 });
afterAll(() => void Object.assign(upkeep, usualUpkeep));

function neverDamaged(what: string): void {
  throw new Error(`damaged: ${what}`);
}

describeBackend("SQLite", {
  open(dir, defaultKeyHash, meaning, onChange) {
    const path = join(dir, "tealight.db");
    const settings = { durability: "process", minFreeBytes: 0, defaultKeyHash } as const;
    const writer = openStoreWriter(path, settings, meaning, {
      onChange,
      onDamage: neverDamaged,
      onFreeBytes() {},
      timed: (_, work) => work(),
    });
    const reads = openReadBackend(path, neverDamaged);
    const search = openSearch(path, join(dir, "search"), neverDamaged);
    return {
      ...{ writer, reads, search },
      close() {
        search.close();
        reads.close();
        writer.close();
      },
    };
  },
  limits: {
    choose(seed) {
      Object.assign(traces, fc.sample(bounds, { seed, numRuns: 1 })[0]);
      budget.leastSteps = 0;
    },
    reset() {
      Object.assign(traces, usual);
      budget.leastSteps = usual.leastSteps;
    },
  },
});
