/** What statistics cost is bounded. What they say is held in test/backend/contract. */
import { expect, test } from "bun:test";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { stats as limits } from "../../../src/limits.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { createStatsReads } from "../../../src/sqlite/stats/reads.ts";
import { muchLater, Workbench } from "../workbench.ts";

const dayMs = 86_400_000;

test("of more groups than can be ranked the newest are, and the answer says so", () => {
  using bench = new Workbench();
  const times = { startTime: 2 * dayMs, endTime: 2 * dayMs };
  const span = { spanId: "1", spanType: "llm", name: "", ...times } as const;
  const spans = [{ span, header: { sessionId: "s" } }];
  bench.transact(() =>
    bench.spans.apply({
      ...{ projectId: 1, receivedAt: 1, source: "foglamp" },
      traces: [{ traceId: "a", spans }],
    }),
  );
  while (bench.spans.settling.hasWork(muchLater))
    bench.transact(() => bench.spans.settling.step(muchLater));
  const { stats } = createStatsReads({
    db: drizzle(bench.db),
    sqlite: bench.db,
    names: createNameLookup(bench.db),
    payloads: createPayloadReader(bench.db),
  });
  const query = { filter: null, since: dayMs, by: "session", sort: "requests", limit: 5 } as const;
  expect(stats(query, 3 * dayMs)).toMatchObject({ groupCount: 1, partial: false });
  const copy = bench.db.query(
    `INSERT INTO rollups SELECT level, field, bucket - 1, ?, projectId, cell FROM rollups
     WHERE level = 2 AND field = 4 AND bucket = 2`,
  );
  const name = bench.db.query("INSERT INTO names (id, text) VALUES (?, ?)");
  bench.transact(() => {
    for (let i = 0; i < limits.rankedCells; i++) {
      name.run(1_000_000 + i, `session ${i}`);
      copy.run(1_000_000 + i);
    }
  });
  const most = { groupCount: limits.rankedCells, partial: true };
  expect(stats(query, 3 * dayMs)).toMatchObject(most);
});
