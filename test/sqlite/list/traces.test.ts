/** Lists as the store has them, without HTTP around: many traces, and a clock that the test sets. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import fc from "fast-check";
import { groupByTrace } from "../../../src/ingest/batch.ts";
import { staleAfterMs } from "../../../src/limits.ts";
import { readPage, type ListQuery } from "../../../src/query/lists.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { openWriter } from "../../../src/sqlite/db/open.ts";
import { createListReads } from "../../../src/sqlite/list/reads.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import type { Source } from "../../../src/sqlite/source.ts";
import { createSpanWriter, type SpanWriter } from "../../../src/sqlite/spans/spans.ts";
import { makePayload, makeSpan, makeTempDir } from "../../helpers.ts";

let dir: string;
let database: Database;
let source: Source;
let spans: SpanWriter;

beforeEach(() => {
  dir = makeTempDir();
  database = openWriter(join(dir, "tealight.db"), "process");
  for (const id of [1, 2]) {
    database.run("INSERT INTO projects (id, name, createdAt) VALUES (?, ?, 0)", [id, `p${id}`]);
  }
  source = {
    db: drizzle(database),
    sqlite: database,
    names: createNameLookup(database),
    payloads: createPayloadReader(database),
  };
  spans = createSpanWriter(database);
});
afterEach(() => {
  database.close();
  rmSync(dir, { recursive: true });
});

const listTraces = (query: ListQuery, nowMs: number) =>
  readPage(createListReads(source), query, nowMs);

interface Sent {
  projectId: number;
  startTime: number;
}

let sentCount = 0;

function store(
  { projectId, startTime }: Sent,
  more: Record<string, unknown> = {},
  receivedAt = 1,
): string {
  const traceId = `t${sentCount++}`;
  const span = makeSpan({ startTime, endTime: startTime, ...more });
  const payload = makePayload({ traceId, spans: [span] });
  const traces = groupByTrace(payload as Parameters<typeof groupByTrace>[0]);
  database.run("BEGIN");
  spans.apply({ projectId, receivedAt, source: "foglamp", traces });
  spans.flush();
  database.run("COMMIT");
  spans.committed();
  return traceId;
}

describe("the list of traces", () => {
  const sent = (): fc.Arbitrary<Sent> =>
    fc.record({
      projectId: fc.integer({ min: 1, max: 2 }),
      startTime: fc.oneof(fc.nat(4), fc.constant(Number.MAX_SAFE_INTEGER)),
    });

  test("shows every trace on one page, newest first, whatever the pages and the filter", () => {
    fc.assert(
      fc.property(
        fc.array(sent(), { maxLength: 20 }),
        fc.integer({ min: 1, max: 7 }),
        fc.record(
          { projectId: fc.integer({ min: 1, max: 2 }), since: fc.nat(5), until: fc.nat(5) },
          { requiredKeys: [] },
        ),
        (all, limit, filter) => {
          database.run("DELETE FROM traces");
          const expected = all
            .map((trace, arrival) => ({ ...trace, arrival, traceId: store(trace) }))
            .filter(
              ({ projectId, startTime }) =>
                projectId === (filter.projectId ?? projectId) &&
                startTime >= (filter.since ?? 0) &&
                startTime < (filter.until ?? Infinity),
            )
            .sort((a, b) => b.startTime - a.startTime || b.arrival - a.arrival)
            .map(({ traceId }) => traceId);
          const pages: string[][] = [];
          let cursor: string | undefined;
          do {
            const { projectId, since, until } = filter;
            const range = { since: since?.toString(), until: until?.toString() };
            const page = listTraces({ projectId, ...range, limit, cursor }, 1);
            pages.push(page.traces.map(({ traceId }) => traceId));
            cursor = page.nextCursor ?? undefined;
          } while (cursor !== undefined);
          expect(pages.flat()).toEqual(expected);
          // No page is short but the last, and none is empty unless it is the only one.
          expect(pages.map(({ length }) => length).slice(0, -1)).toEqual(
            pages.slice(0, -1).map(() => limit),
          );
          expect(pages.length).toBe(Math.max(1, Math.ceil(expected.length / limit)));
        },
      ),
      { numRuns: 150 },
    );
  });

  test("goes on below its last row, whatever has come meanwhile", () => {
    const first = [5, 4, 3, 2].map((startTime) => store({ projectId: 1, startTime }));
    const page = listTraces({ limit: 2 }, 1);
    store({ projectId: 1, startTime: 9 });
    store({ projectId: 1, startTime: 4 });
    const next = listTraces({ limit: 9, cursor: page.nextCursor! }, 1);
    expect([...page.traces, ...next.traces].map(({ traceId }) => traceId)).toEqual(first);
  });

  test("calls a trace without a root stale once it was silent for ten minutes", () => {
    const child = { parentSpanId: "somewhere" };
    store({ projectId: 1, startTime: 2 }, child, 1000);
    store({ projectId: 1, startTime: 1 }, {}, 1000);
    const states = (now: number) => listTraces({ limit: 9 }, now).traces.map(({ state }) => state);
    expect(states(1000)).toEqual(["open", "ended"]);
    expect(states(1000 + staleAfterMs)).toEqual(["open", "ended"]);
    expect(states(1001 + staleAfterMs)).toEqual(["stale", "ended"]);
  });
});
