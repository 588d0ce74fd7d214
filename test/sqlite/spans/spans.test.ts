import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { groupByTrace } from "../../../src/ingest/batch.ts";
import { openWriter } from "../../../src/sqlite/db/open.ts";
import { createSpanWriter, type SpanWriter } from "../../../src/sqlite/spans/spans.ts";
import { makePayload, makeSpan, makeTempDir } from "../../helpers.ts";

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

/** Stores a batch of one trace, received at that time. */
function receive(receivedAt: number, ...sent: Record<string, unknown>[]): void {
  const payload = makePayload({ traceId: "t", spans: sent.map(makeSpan) });
  const traces = groupByTrace(payload as Parameters<typeof groupByTrace>[0]);
  db.run("BEGIN");
  spans.apply({ projectId: 1, receivedAt, source: "foglamp", traces });
  spans.flush();
  db.run("COMMIT");
  spans.committed();
}

const traceTimes = () =>
  db.query("SELECT receivedAt, lastReceivedAt FROM traces").values()[0] as [number, number];
const spanTimes = () =>
  Object.fromEntries(
    db.query("SELECT spanId, receivedAt FROM spans").values() as [string, number][],
  );

describe("the time of receipt", () => {
  test("of a trace is that of its first batch, the last that of its latest change", () => {
    receive(100, { spanId: "a" });
    expect(traceTimes()).toEqual([100, 100]);
    receive(200, { spanId: "b" });
    expect(traceTimes()).toEqual([100, 200]);
    expect(spanTimes()).toEqual({ a: 100, b: 200 });
  });

  test("does not move for what changes nothing", () => {
    receive(100, { spanId: "a", endTime: 2000, output: "x" });
    receive(200, { spanId: "a", endTime: 2000, output: "x" });
    receive(300, { spanId: "a", endTime: 1999, output: "older" });
    expect(traceTimes()).toEqual([100, 100]);
    expect(spanTimes()).toEqual({ a: 100 });
    receive(400, { spanId: "a", endTime: 2000, output: "y" });
    expect(traceTimes()).toEqual([100, 400]);
    expect(spanTimes()).toEqual({ a: 400 });
  });

  test("does not go back with the clock", () => {
    receive(200, { spanId: "a" });
    receive(100, { spanId: "b" });
    expect(traceTimes()[1]).toBe(200);
  });

  test("of an imported span is the one it was exported with", () => {
    receive(900, { spanId: "a", x: { receivedAt: 50 } }, { spanId: "b", x: { receivedAt: 70 } });
    expect(traceTimes()[0]).toBe(50);
    expect(spanTimes()).toEqual({ a: 50, b: 70 });
  });
});

test("a writer that rests between two commits goes on as if it had not", () => {
  receive(100, { spanId: "a", output: "x".repeat(1000) });
  spans.rest();
  receive(200, { spanId: "a", output: "x".repeat(1000) });
  expect(traceTimes()).toEqual([100, 100]);
  spans.rest();
  receive(300, { spanId: "b" }, { spanId: "a", endTime: 3000 });
  expect(db.query("SELECT spanCount, endTime FROM traces").values()).toEqual([[2, 3000]]);
});

describe("the rows of a trace", () => {
  test("lie side by side, each under its trace's key, however its batches came", () => {
    receive(1, { spanId: "a" });
    const other = makePayload({ traceId: "u" });
    db.run("BEGIN");
    spans.apply({
      projectId: 1,
      receivedAt: 1,
      source: "foglamp",
      traces: groupByTrace(other as Parameters<typeof groupByTrace>[0]),
    });
    spans.flush();
    db.run("COMMIT");
    spans.committed();
    receive(1, { spanId: "b" }, { spanId: "a", endTime: 5000 });
    const rows = db.query("SELECT key, spanId FROM spans ORDER BY key").values();
    const [{ key }] = db.query("SELECT key FROM traces WHERE traceId = 't'").all() as [
      { key: number },
    ];
    expect(rows.slice(0, 2)).toEqual([
      [key * 2 ** 24, "a"],
      [key * 2 ** 24 + 1, "b"],
    ]);
    expect(rows).toHaveLength(3);
  });
});
