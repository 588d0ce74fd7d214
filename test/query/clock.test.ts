/** Pages of a list while somebody sets the clock back. */
import { expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { readPage } from "../../src/query/lists.ts";
import { createNameLookup } from "../../src/sqlite/db/names.ts";
import { createListReads } from "../../src/sqlite/list/reads.ts";
import { createPayloadReader } from "../../src/sqlite/payload/payloads.ts";
import { Workbench } from "../sqlite/workbench.ts";

test("a trace that changes and settles between two pages is on the second, although the clock was set back", () => {
  using bench = new Workbench();
  const { db } = bench;
  const reader = createListReads({
    db: drizzle(db),
    sqlite: db,
    names: createNameLookup(db),
    payloads: createPayloadReader(db),
  });
  const firstMs = Date.now();
  const settle = (atMs: number) => {
    while (bench.spans.settling.hasWork(atMs)) {
      bench.transact(() => bench.spans.settling.step(atMs));
    }
  };
  for (const id of ["a", "b", "c"]) bench.store(id, { s: { input: id } });
  settle(firstMs);
  const query = { limit: 1, filter: "", sort: "duration" } as const;
  const first = readPage(reader, query, firstMs);
  const [shown] = first.traces.map(({ traceId }) => traceId);
  // It moves to where the list has been already.
  const moved = ["a", "b", "c"].find((id) => id !== shown)!;
  bench.store(moved, { s: { input: "more", endTime: 1_000_000 } });
  const earlierMs = firstMs - 5 * 3_600_000;
  settle(earlierMs);
  const rest: string[] = [];
  for (let cursor = first.nextCursor; cursor !== null;) {
    const page = readPage(reader, { ...query, cursor }, earlierMs);
    rest.push(...page.traces.map(({ traceId }) => traceId));
    cursor = page.nextCursor;
  }
  expect([shown, ...rest].sort()).toEqual(["a", "b", "c"]);
});
