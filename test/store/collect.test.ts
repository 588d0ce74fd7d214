import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { TraceView } from "../../src/query/views.ts";
import { groupByTrace } from "../../src/ingest/batch.ts";
import { collectRowsPerStep } from "../../src/limits.ts";
import { collectStep, shrinkStep } from "../../src/store/collect.ts";
import { checkpoint, openWriter } from "../../src/store/open.ts";
import { createSpanWriter, type SpanWriter } from "../../src/store/spans.ts";
import { makePayload, makeSpan, makeTempDir, startServer, type TestServer } from "../helpers.ts";

const text = "many words ".repeat(200);

function payloadOf(traceId: string, count: number) {
  const spans = Array.from({ length: count }, (_, i) =>
    makeSpan({ spanId: `${i}`, input: `${traceId} ${i} ${text}`, output: text }),
  );
  return makePayload({ traceId, spans });
}

describe("a deleted trace", () => {
  let dir: string;
  let db: Database;
  let spans: SpanWriter;

  beforeEach(() => {
    dir = makeTempDir();
    db = openWriter(join(dir, "tealight.db"), "process");
    db.run("INSERT INTO projects (id, name, createdAt) VALUES (1, 'p', 0)");
    spans = createSpanWriter(db);
  });
  afterEach(() => {
    db.close();
    rmSync(dir, { recursive: true });
  });

  function transact<T>(work: () => T): T {
    db.run("BEGIN");
    const result = work();
    spans.flush();
    db.run("COMMIT");
    spans.committed();
    return result;
  }

  function store(traceId: string, count: number): number {
    const traces = groupByTrace(payloadOf(traceId, count) as Parameters<typeof groupByTrace>[0]);
    transact(() => spans.apply({ projectId: 1, receivedAt: 1, source: "foglamp", traces }));
    const row = db.query("SELECT key FROM traces WHERE traceId = ?").get(traceId);
    return (row as { key: number }).key;
  }

  const count = (table: string) =>
    (db.query(`SELECT count(*) AS n FROM ${table}`).get() as { n: number }).n;
  const counts = () => ["traces", "spans", "payloads", "deletions"].map(count);

  test("is collected step by step, and nothing else is", () => {
    const rows = collectRowsPerStep * 2 + 7;
    const gone = store("gone", rows);
    store("kept", 3);
    expect(counts()).toEqual([2, rows + 3, rows + 3, 0]);
    expect(transact(() => spans.deleteTrace(gone))).toBe(true);
    expect(counts()).toEqual([1, rows + 3, rows + 3, 1]);

    const left: number[] = [];
    while (transact(() => collectStep(db))) left.push(count("spans"));
    expect(left).toEqual([3 + rows - collectRowsPerStep, 3 + 7, 3]);
    expect(counts()).toEqual([1, 3, 3, 0]);
  });

  test("gives its pages back to the file system", () => {
    const gone = store("gone", 3000);
    store("kept", 3);
    checkpoint(db);
    const { size } = statSync(join(dir, "tealight.db"));
    transact(() => spans.deleteTrace(gone));
    while (transact(() => collectStep(db)));
    while (shrinkStep(db));
    checkpoint(db);
    expect(size).toBeGreaterThan(3000 * text.length);
    expect(statSync(join(dir, "tealight.db")).size).toBeLessThan(size / 20);
    expect(db.query("PRAGMA quick_check").values()).toEqual([["ok"]]);
  });

  test("is not there to be deleted again", () => {
    const gone = store("gone", 1);
    expect(transact(() => spans.deleteTrace(gone))).toBe(true);
    expect(transact(() => spans.deleteTrace(gone))).toBe(false);
    expect(transact(() => spans.deleteTrace(12345))).toBe(false);
    expect(count("deletions")).toBe(1);
  });

  test("that is sent anew before it is collected is a trace of its own", () => {
    const gone = store("t", 5);
    transact(() => spans.deleteTrace(gone));
    const again = store("t", 2);
    expect(again).not.toBe(gone);
    expect(counts()).toEqual([1, 7, 7, 1]);
    while (transact(() => collectStep(db)));
    expect(counts()).toEqual([1, 2, 2, 0]);
    expect(db.query("SELECT spanCount FROM traces").get()).toEqual({ spanCount: 2 });
  });
});

describe("a server", () => {
  const list = async (server: TestServer) =>
    ((await (await server.api("/api/traces")).json()) as { traces: unknown[] }).traces;

  /** Waits until nothing is left of deleted traces, and no page is free. */
  async function collected(dataDir: string): Promise<void> {
    const database = new Database(join(dataDir, "tealight.db"), { readonly: true });
    const left = () => [
      database.query("SELECT count(*) FROM deletions").values()[0]![0],
      database.query("PRAGMA freelist_count").values()[0]![0],
    ];
    for (let i = 0; !Bun.deepEquals(left(), [0, 0]) && i < 500; i++) await Bun.sleep(10);
    expect(left()).toEqual([0, 0]);
    database.close();
  }

  test("collects a deleted trace in the background, and its file shrinks", async () => {
    await using server = await startServer();
    expect((await server.ingest(payloadOf("gone", 1500))).status).toBe(202);
    expect((await server.ingest(payloadOf("kept", 3))).status).toBe(202);
    const kept = await (await server.api("/api/traces/kept/export")).text();

    const deleted = await server.api("/api/traces/gone", { method: "DELETE" });
    expect([deleted.status, await deleted.json()]).toEqual([200, { deleted: 1 }]);
    // At once, long before its rows are gone.
    expect((await server.api("/api/traces/gone")).status).toBe(404);
    expect(await list(server)).toHaveLength(1);
    expect((await server.api("/api/traces/gone", { method: "DELETE" })).status).toBe(404);
    await collected(server.dataDir);
    expect(await (await server.api("/api/traces/kept/export")).text()).toBe(kept);

    await server.stop();
    expect(statSync(join(server.dataDir, "tealight.db")).size).toBeLessThan(1500 * text.length);
  });

  test("goes on with a collection that a stop or a death interrupted", async () => {
    const first = await startServer();
    await first.ingest(payloadOf("gone", 2000));
    await first.ingest(payloadOf("kept", 1));
    await first.api("/api/traces/gone", { method: "DELETE" });
    await first.stop();
    await using second = await startServer({ dataDir: first.dataDir });
    await collected(second.dataDir);
    const database = new Database(join(second.dataDir, "tealight.db"), { readonly: true });
    expect(database.query("SELECT count(*) AS n FROM spans").get()).toEqual({ n: 1 });
    database.close();
    const view = (await (await second.api("/api/traces/kept")).json()) as TraceView;
    expect(view.spans).toHaveLength(1);
  });

  test("answers others while it collects", async () => {
    await using server = await startServer();
    for (let i = 0; i < 3; i++) await server.ingest(payloadOf(`gone ${i}`, 2000));
    for (let i = 0; i < 3; i++) await server.api(`/api/traces/gone%20${i}`, { method: "DELETE" });
    let slowestMs = 0;
    const database = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
    while (database.query("SELECT 1 FROM deletions").get() !== null) {
      const start = performance.now();
      expect((await server.ingest(makePayload({ traceId: "beside" }))).status).toBe(202);
      slowestMs = Math.max(slowestMs, performance.now() - start);
    }
    database.close();
    expect(slowestMs).toBeGreaterThan(0);
    expect(slowestMs).toBeLessThan(1000);
  });
});
