/** The queue before a real store, with a span writer that can be told to fail. */
import { Database } from "bun:sqlite";
import { afterEach, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { type Batch } from "../../src/backend/batch.ts";
import { AppError } from "../../src/errors.ts";
import { groupByTrace } from "../../src/ingest/batch.ts";
import { createQueue, type Queue } from "../../src/ingest/queue.ts";
import { drainAtRows, ring } from "../../src/limits.ts";
import { ensureDefaults } from "../../src/sqlite/accounts/accounts.ts";
import { openWriter } from "../../src/sqlite/db/open.ts";
import { createSpanWriter, type SpanWriter } from "../../src/sqlite/spans/spans.ts";
import { createTransactions, type Transactions } from "../../src/sqlite/transactions.ts";
import { makeSpan, makeTempDir } from "../helpers.ts";

interface Bench {
  db: Database;
  spans: SpanWriter;
  queue: Queue;
  transactions: Transactions;
  /** Another connection, which sees what is committed and nothing else. */
  reader: Database;
  buffered: number[];
}

const opened: { dir: string; databases: Database[] }[] = [];

afterEach(() => {
  for (const { dir, databases } of opened.splice(0)) {
    for (const database of databases) database.close();
    rmSync(dir, { recursive: true });
  }
});

/** @param wrap may make a span writer that fails where a test wants it to. */
function openBench(wrap: (spans: SpanWriter) => SpanWriter = (spans) => spans): Bench {
  const dir = makeTempDir();
  const path = join(dir, "tealight.db");
  const db = openWriter(path, "process");
  ensureDefaults(db, new Uint8Array(32), 0);
  const spans = wrap(createSpanWriter(db));
  const reader = new Database(path, { readonly: true });
  opened.push({ dir, databases: [reader, db] });
  const buffered: number[] = [];
  const transactions = createTransactions(db, spans, {
    onChange: () => {},
    timed: (_, work) => work(),
  });
  const apply = async (...args: Parameters<Transactions["apply"]>) => transactions.apply(...args);
  return {
    db,
    spans,
    reader,
    buffered,
    transactions,
    queue: createQueue({ apply }, (rows) => buffered.push(rows)),
  };
}

function batchOf(traceId: string, spanIds: string[], more: Record<string, unknown> = {}): Batch {
  const spans = spanIds.map((spanId) => makeSpan({ spanId, ...more }));
  const payload = { version: "v1", traces: [{ traceId, traceName: "n", spans }] };
  return {
    projectId: 1,
    receivedAt: 1,
    source: "foglamp",
    traces: groupByTrace(payload as Parameters<typeof groupByTrace>[0]),
  };
}

const one = { rows: 1, bytes: 100 };

function storedIds(reader: Database): string[] {
  return reader
    .query<{ spanId: string }, []>("SELECT spanId FROM spans ORDER BY spanId")
    .all()
    .map(({ spanId }) => spanId);
}

function spanCounts(reader: Database): Record<string, number> {
  const rows = reader
    .query<{ traceId: string; spanCount: number }, []>("SELECT traceId, spanCount FROM traces")
    .all();
  return Object.fromEntries(rows.map(({ traceId, spanCount }) => [traceId, spanCount]));
}

/** Fails on a trace of this name after its first span is written, as a bug in the middle would. */
function failOn(traceId: string) {
  return (spans: SpanWriter): SpanWriter => ({
    ...spans,
    apply(batch) {
      const fresh = spans.apply(batch);
      if (batch.traces.some((trace) => trace.traceId === traceId)) throw new Error("a bug");
      return fresh;
    },
  });
}

describe("the queue", () => {
  test("answers when the batch is committed and not before", async () => {
    const { queue, reader } = openBench();
    const seen: string[][] = [];
    const submitted = ["a", "b", "c"].map((id) =>
      queue.submit(batchOf("t", [id]), one).then(() => seen.push(storedIds(reader))),
    );
    expect(storedIds(reader)).toEqual([]);
    await Promise.all(submitted);
    for (const ids of seen) expect(ids).toEqual(["a", "b", "c"]);
    expect(spanCounts(reader)).toEqual({ t: 3 });
  });

  test("takes what waits into one commit", async () => {
    const { queue, transactions } = openBench();
    const before = transactions.commits;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => queue.submit(batchOf("t", [`${i}`]), one)),
    );
    expect(transactions.commits).toBe(before + 1);
  });

  test("commits at once when enough waits, and the rest together", async () => {
    const { queue, transactions } = openBench();
    const before = transactions.commits;
    const rest = 5;
    await Promise.all(
      Array.from({ length: drainAtRows + rest }, (_, i) =>
        queue.submit(batchOf("t", [`${i}`]), one),
      ),
    );
    expect(transactions.commits).toBe(before + 2);
  });

  test("says how many rows wait", async () => {
    const { queue, buffered } = openBench();
    await Promise.all([
      queue.submit(batchOf("t", ["a", "b"]), { rows: 2, bytes: 1 }),
      queue.submit(batchOf("t", ["c"]), one),
    ]);
    expect(buffered).toEqual([2, 3, 0]);
  });

  test("keeps the neighbours of a batch that fails, and nothing of that batch", async () => {
    const { queue, reader } = openBench(failOn("bad"));
    const results = await Promise.allSettled([
      queue.submit(batchOf("good", ["a"]), one),
      queue.submit(batchOf("bad", ["x", "y"]), { rows: 2, bytes: 1 }),
      queue.submit(batchOf("good", ["b"]), one),
      queue.submit(batchOf("other", ["c"]), one),
    ]);
    expect(results.map(({ status }) => status)).toEqual([
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
    expect(storedIds(reader)).toEqual(["a", "b", "c"]);
    expect(spanCounts(reader)).toEqual({ good: 2, other: 1 });
  });

  test("counts right after any mix of batches that fail and batches that do not", async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({
            traceId: fc.constantFrom("t", "u", "bad"),
            ids: fc.array(fc.constantFrom("a", "b", "c", "d"), { minLength: 1, maxLength: 3 }),
            endTime: fc.integer({ min: 1000, max: 1003 }),
            waits: fc.boolean(),
          }),
          { maxLength: 15 },
        ),
        async (sends) => {
          const { queue, reader } = openBench(failOn("bad"));
          const expected: Record<string, Set<string>> = {};
          const waiting: Promise<unknown>[] = [];
          for (const { traceId, ids, endTime, waits } of sends) {
            const weight = { rows: ids.length, bytes: 10 };
            const sent = queue.submit(batchOf(traceId, ids, { endTime }), weight);
            const failed = sent.then(
              () => false,
              () => true,
            );
            waiting.push(failed.then((hasFailed) => expect(hasFailed).toBe(traceId === "bad")));
            if (traceId !== "bad") {
              expected[traceId] = (expected[traceId] ?? new Set()).union(new Set(ids));
            }
            if (waits) await Promise.all(waiting.splice(0));
          }
          await Promise.all(waiting);
          const sizes = Object.entries(expected).map(([id, { size }]) => [id, size]);
          expect(spanCounts(reader)).toEqual(Object.fromEntries(sizes));
          expect(storedIds(reader)).toHaveLength(
            sizes.reduce((sum, [, size]) => sum + Number(size), 0),
          );
          const { databases, dir } = opened.pop()!;
          for (const database of databases) database.close();
          rmSync(dir, { recursive: true });
        },
      ),
      { numRuns: 40 },
    );
  });

  test("refuses at once what the ring has no room for, and takes it when there is", async () => {
    const { queue } = openBench();
    const first = queue.submit(batchOf("t", ["a"]), { rows: 1, bytes: ring.bytes });
    expect(() => queue.submit(batchOf("t", ["b"]), one)).toThrow(
      expect.objectContaining({ code: "buffer_full", status: 503, retryAfterSeconds: 1 }),
    );
    await first;
    await queue.submit(batchOf("t", ["b"]), one);
  });

  test("makes another change after what waits, and answers what waited", async () => {
    const { queue, transactions, reader, db } = openBench();
    const submitted = queue.submit(batchOf("t", ["a"]), one);
    await queue.drained();
    const counted = transactions.change(() => db.query("SELECT count(*) AS n FROM spans").get());
    expect(counted).toEqual({ n: 1 });
    expect(storedIds(reader)).toEqual(["a"]);
    await submitted;
  });

  test("undoes a change that fails, and goes on", async () => {
    const { queue, transactions, reader, db } = openBench();
    expect(() =>
      transactions.change(() => {
        db.run("INSERT INTO names (text) VALUES ('half')");
        throw new AppError("conflict", "taken");
      }),
    ).toThrow("taken");
    expect(reader.query("SELECT * FROM names").all()).toEqual([]);
    await queue.submit(batchOf("t", ["a"]), one);
    expect(storedIds(reader)).toEqual(["a"]);
  });

  test("remembers nothing of names, headers and traces that were undone", async () => {
    let failing = true;
    const { queue, reader } = openBench((spans) => ({
      ...spans,
      flush() {
        spans.flush();
        if (failing) throw new Error("a bug");
      },
    }));
    const batch = batchOf("t", ["a", "b"], { modelId: "model", provider: "p" });
    await expect(queue.submit(batch, one)).rejects.toThrow("a bug");
    failing = false;
    await queue.submit(batch, one);
    const joined = reader
      .query(
        `SELECT spanId, model.text AS model, header.json AS header FROM spans
         JOIN names AS model ON model.id = modelId JOIN headers AS header ON header.id = headerId`,
      )
      .all();
    expect(joined).toEqual(
      ["a", "b"].map((spanId) => ({ spanId, model: "model", header: '{"traceName":"n"}' })),
    );
  });

  test("says that the disk is full, loses nothing, and resumes when there is room", async () => {
    const { queue, transactions, reader, db } = openBench();
    await queue.submit(batchOf("t", ["before"]), one);
    const pages = (db.query("PRAGMA page_count").get() as { page_count: number }).page_count;
    db.run(`PRAGMA max_page_count = ${pages + 4}`);
    // Random, since the store compresses.
    const text = randomBytes(50_000).toString("hex");
    const large = batchOf("t", ["large"], { output: text });
    const results = await Promise.allSettled([
      queue.submit(large, one),
      queue.submit(batchOf("t", ["small"]), one),
    ]);
    // What has room is stored although its neighbour has none.
    expect(results.map(({ status }) => status)).toEqual(["rejected", "fulfilled"]);
    expect((results[0] as PromiseRejectedResult).reason).toMatchObject({
      code: "storage_unavailable",
      status: 503,
      message: "ingest buffer full",
      retryAfterSeconds: 10,
    });
    expect(db.inTransaction).toBe(false);
    expect(storedIds(reader)).toEqual(["before", "small"]);
    expect(() =>
      transactions.change(() =>
        db.run("INSERT INTO headers (hash, json) VALUES (x'00', ?)", [text]),
      ),
    ).toThrow(expect.objectContaining({ code: "storage_unavailable" }));

    db.run("PRAGMA max_page_count = 1000000");
    await queue.submit(large, one);
    expect(storedIds(reader)).toEqual(["before", "large", "small"]);
    expect(spanCounts(reader)).toEqual({ t: 3 });
  });

  test("says that another program holds the file, and resumes when it is free", async () => {
    const { queue, transactions, reader, db } = openBench();
    db.run("PRAGMA busy_timeout = 1");
    const other = new Database(join(opened.at(-1)!.dir, "tealight.db"));
    other.run("BEGIN IMMEDIATE");
    const busy = { code: "buffer_full", status: 503, retryAfterSeconds: 1 };
    await expect(queue.submit(batchOf("t", ["a"]), one)).rejects.toMatchObject(busy);
    expect(() => transactions.change(() => {})).toThrow(expect.objectContaining(busy));
    other.run("ROLLBACK");
    other.close();
    await queue.submit(batchOf("t", ["a"]), one);
    expect(storedIds(reader)).toEqual(["a"]);
  });
});
