/**
 * The contract of a backend: what any engine must do behind the interfaces of src/backend, by examples and
 * against the naive model (model.ts).
 */
import { afterAll, describe } from "bun:test";
import { rmSync } from "node:fs";
import { makeTempDir } from "../helpers.ts";
import { describeAccounts } from "./contract/accounts.ts";
import { Bench, type Engine } from "./contract/bench.ts";
import { describeFilters } from "./contract/filters.ts";
import { describeLists } from "./contract/lists.ts";
import { describeProperties } from "./contract/properties.ts";
import { describeSearch } from "./contract/search.ts";
import { describeSpans } from "./contract/spans.ts";
import { describeStats } from "./contract/stats.ts";
import { describeTexts } from "./contract/texts.ts";
import { describeWrites } from "./contract/writes.ts";

export function describeBackend(name: string, engine: Engine): void {
  describe(name, () => {
    const benches: Bench[] = [];
    const dirs: string[] = [];
    /** A store without traces: to open one takes longer than to empty it. */
    let shared: Bench | null = null;
    const open = (): Bench => {
      const dir = makeTempDir();
      dirs.push(dir);
      const bench = new Bench(engine, dir);
      benches.push(bench);
      return bench;
    };
    const empty = (): Bench => {
      shared ??= open();
      shared.clear();
      return shared;
    };
    afterAll(() => {
      for (const bench of benches) bench.close();
      for (const dir of dirs) rmSync(dir, { recursive: true });
    });

    describeWrites(empty, open);
    describeSpans(empty);
    describeTexts(empty);
    describeLists(empty);
    describeFilters(empty);
    describeStats(empty);
    describeSearch(empty);
    describeAccounts(open);
    describeProperties(empty, engine);
  });
}
