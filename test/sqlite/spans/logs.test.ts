/** Log records with their spans, and those that wait for one. */
import { heapStats } from "bun:jsc";
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { SpanView } from "../../../src/backend/views.ts";
import { logsPerSpan, waitingLogs as limits } from "../../../src/limits.ts";
import { readLogs } from "../../../src/otlp/logs.ts";
import {
  createWaitingLogs,
  expireLogs,
  hasExpiredLogs,
  logsIn,
  withLogs,
} from "../../../src/sqlite/spans/logs.ts";
import {
  borrowServer,
  endIdleServers,
  makePayload,
  sendUntilTaken,
  startServer,
  type TestServer,
} from "../../helpers.ts";
import type { Message } from "../../otlp/second.ts";
import {
  attributes,
  countsOf,
  idOf,
  logsRequest,
  nanos,
  otlpLog,
  otlpSpan,
  send,
  traceId,
  tracesRequest,
} from "../../otlp/sender.ts";
import { Workbench } from "../workbench.ts";

afterAll(endIdleServers);

/** Some other trace of the same length. */
const otherTrace = "11".repeat(16);

const userLog = (content: string, fields: Message = {}) =>
  otlpLog({
    eventName: "gen_ai.user.message",
    attributes: attributes({ content }),
    ...fields,
  });

async function sendLogs(server: TestServer, ...logs: Message[]): Promise<void> {
  const sent = () => send(server, "logs", logsRequest(logs));
  expect((await sendUntilTaken(sent)).status).toBe(200);
}

async function sendSpans(server: TestServer, ...spans: Message[]): Promise<void> {
  expect((await send(server, "traces", tracesRequest(spans))).status).toBe(200);
}

async function spanOf(server: TestServer, trace = traceId, span = idOf(1)): Promise<SpanView> {
  const response = await server.api(`/api/traces/${trace}/spans/${span}`);
  expect(response.status).toBe(200);
  return (await response.json()) as SpanView;
}

const textsOf = ({ events }: SpanView): string[] =>
  events === undefined
    ? []
    : JSON.parse(events).flatMap((entry: Message) => entry.attributes?.content ?? []);

describe("log records that wait for their span", () => {
  test("survive a restart, and are the span's when it comes", async () => {
    const before = await startServer();
    await sendLogs(before, userLog("hello"), userLog("never", { spanId: idOf(2) }));
    await before.stop();
    const between = await startServer({ dataDir: before.dataDir });
    await sendLogs(between, userLog("again", { timeUnixNano: nanos(1600) }));
    await between.stop();
    await using after = await startServer({ dataDir: before.dataDir });
    await sendSpans(after, otlpSpan());
    const span = await spanOf(after);
    expect(textsOf(span)).toEqual(["hello", "again"]);
    expect(JSON.parse(span.input!)).toEqual([
      { role: "user", content: "hello" },
      { role: "user", content: "again" },
    ]);
    expect(after.bugs).toEqual([]);
  });

  test("are no trace of their own", async () => {
    await using server = await borrowServer();
    await sendLogs(server, userLog("hello"));
    expect(await (await server.api("/api/traces")).json()).toMatchObject({ traces: [] });
    expect((await server.api(`/api/traces/${traceId}`)).status).toBe(404);
  });

  test("go with their trace when it is deleted, and those of others stay", async () => {
    await using server = await borrowServer();
    await sendSpans(
      server,
      otlpSpan({ spanId: idOf(9) }),
      otlpSpan({ traceId: otherTrace, spanId: idOf(9) }),
    );
    await sendLogs(server, userLog("gone"), userLog("stays", { traceId: otherTrace }));
    await server.api(`/api/traces/${traceId}`, { method: "DELETE" });
    await sendSpans(server, otlpSpan(), otlpSpan({ traceId: otherTrace }));
    expect(textsOf(await spanOf(server))).toEqual([]);
    expect(textsOf(await spanOf(server, otherTrace))).toEqual(["stays"]);
    await sendLogs(server, userLog("new"));
    expect(textsOf(await spanOf(server))).toEqual(["new"]);
  });

  test("are of the sender's project alone", async () => {
    await using server = await borrowServer();
    const admin = (path: string, body: object) =>
      server.api(path, { method: "POST", body: JSON.stringify(body) });
    await admin("/api/projects", { name: "other" });
    const created = await admin("/api/keys", { name: "k", project: "other" });
    const { key } = (await created.json()) as { key: { secret: string } };
    const withKey = { "x-api-key": key.secret };
    await send(server, "logs", logsRequest([userLog("of the other")]), "json", withKey);
    await sendSpans(server, otlpSpan());
    expect(textsOf(await spanOf(server))).toEqual([]);
    await send(server, "traces", tracesRequest([otlpSpan()]), "json", withKey);
    const path = `/api/traces/${traceId}/spans/${idOf(1)}?project=other`;
    expect(textsOf((await (await server.api(path)).json()) as SpanView)).toEqual(["of the other"]);
  });

  test("are given up after a day, and counted", async () => {
    const before = await startServer();
    await sendLogs(before, userLog("old"), userLog("old, too", { spanId: idOf(2) }));
    await before.stop();
    const db = new Database(join(before.dataDir, "tealight.db"));
    db.run("UPDATE waitingLogs SET receivedAt = receivedAt - ?", [limits.maxAgeMs + 1000]);
    db.close();
    await using after = await startServer({ dataDir: before.dataDir });
    await sendLogs(after, userLog("new", { spanId: idOf(3) }));
    while (!(await countsOf(after)).log_without_span) await Bun.sleep(20);
    expect(await countsOf(after)).toEqual({ log_without_span: 2 });
    await sendSpans(after, ...[1, 2, 3].map((id) => otlpSpan({ spanId: idOf(id) })));
    expect(textsOf(await spanOf(after))).toEqual([]);
    expect(textsOf(await spanOf(after, traceId, idOf(3)))).toEqual(["new"]);
  });

  test("are given up step by step, the oldest first, where there are too many", () => {
    using bench = new Workbench();
    const count = 1200;
    const now = Date.now();
    const { db } = bench;
    db.run(
      `INSERT INTO waitingLogs (projectId, traceId, spanId, receivedAt, json)
       WITH RECURSIVE n(i) AS (VALUES (1) UNION ALL SELECT i + 1 FROM n WHERE i < ?)
       SELECT 1, 't', i, ?, '{}' FROM n`,
      [limits.maxCount + count, now],
    );
    let steps = 0;
    for (; hasExpiredLogs(db, now); steps++) {
      const before = bench.count("waitingLogs");
      bench.transact(() => expireLogs(db, now));
      expect(before - bench.count("waitingLogs")).toBeWithin(1, limits.expirePerStep + 2);
    }
    expect(steps).toBe(3);
    expect(bench.count("waitingLogs")).toBe(limits.maxCount);
    expect(bench.count("waitingLogs WHERE CAST(spanId AS INTEGER) <= 1200")).toBe(0);
    expect(bench.count("rejectCounts WHERE code = 'log_without_span' AND count = 1200")).toBe(1);
    expect(bench.count("rejects")).toBe(0);
  });

  test("are read only so far as their span can keep them, and none stays", () => {
    using bench = new Workbench();
    const logs = createWaitingLogs(bench.db);
    const put = (count: number, toText: (i: number) => string) =>
      bench.transact(() => {
        for (let i = 0; i < count; i++) logs.put(1, "t", [{ spanId: "s", json: toText(i) }], 0);
        logs.put(1, "t", [{ spanId: "other", json: "{}" }], 0);
      });
    const take = () => {
      const taken = bench.transact(() => logs.take(1, "t", "s"));
      expect(bench.count("waitingLogs WHERE spanId = 's'")).toBe(0);
      return taken;
    };
    put(5000, (i) => `${i}`);
    expect(take()).toHaveLength(logsPerSpan.count + 1);
    put(5000, () => "again");
    expect(take()).toEqual(["again"]);
    put(40, (i) => `${i} ${"x".repeat(1e6)}`);
    const length = take().reduce((sum, text) => sum + text.length, 0);
    expect(length).toBeWithin(logsPerSpan.length, logsPerSpan.length + 2e6);
    expect(take()).toEqual([]);
    expect(logs.take(1, "t", "other")).toHaveLength(1);
  });

  test("are remembered by trace no longer than they wait", () => {
    using bench = new Workbench();
    const logs = createWaitingLogs(bench.db);
    Bun.gc(true);
    const before = heapStats().objectTypeCounts.string!;
    bench.transact(() => {
      for (let i = 0; i < 3 * limits.maxCount; i++) {
        logs.put(1, `t${i}`, [{ spanId: "s", json: "{}" }], 0);
        logs.take(1, `t${i}`, "s");
      }
      logs.put(1, "last", [{ spanId: "s", json: "{}" }], 0);
    });
    Bun.gc(true);
    const strings = heapStats().objectTypeCounts.string! - before;
    expect(strings).toBeLessThan(1.5 * limits.maxCount);
    expect(logs.take(1, "last", "s")).toHaveLength(1);
  });
});

describe("log records of one span", () => {
  const logs = (from: number, to: number) =>
    Array.from({ length: to - from }, (_, i) =>
      userLog(`${from + i}`, { timeUnixNano: String(10 ** 9 + from + i) }),
    );

  test("are bounded: the earliest stay, and the rest are counted", async () => {
    await using server = await borrowServer();
    await sendLogs(server, ...logs(100, logsPerSpan.count + 100));
    await sendSpans(server, otlpSpan());
    expect(await spanOf(server)).not.toHaveProperty("droppedLogsCount");
    await sendLogs(server, ...logs(0, 100));
    const span = await spanOf(server);
    expect(span).toMatchObject({ droppedLogsCount: 100 });
    expect(textsOf(span)).toEqual(logs(0, logsPerSpan.count).map((_, i) => `${i}`));
    // Whatever comes again changes nothing.
    await sendLogs(server, ...logs(0, logsPerSpan.count + 100));
    expect(await spanOf(server)).toEqual(span);
    await sendSpans(server, otlpSpan());
    expect(await spanOf(server)).toEqual(span);
  });

  test("are bounded in size, too", async () => {
    await using server = await borrowServer();
    await sendSpans(server, otlpSpan());
    const large = "x".repeat(950_000);
    for (let from = 0; from < 60; from += 20) {
      await sendLogs(
        server,
        ...Array.from({ length: 20 }, (_, i) =>
          otlpLog({
            timeUnixNano: String(10 ** 9 + from + i),
            body: { stringValue: `${from + i} ${large}` },
          }),
        ),
      );
    }
    const { events, droppedLogsCount } = await spanOf(server);
    const kept = JSON.parse(events!) as { body: string }[];
    expect(events!.length).toBeLessThan(logsPerSpan.length + 1000);
    expect(kept.map(({ body }) => Number.parseInt(body))).toEqual(kept.map((_, i) => i));
    expect(kept.length).toBeGreaterThan(1);
    expect(droppedLogsCount).toBeWithin(1, 60);
  });

  test("are counted where they are too many to wait for it, or to join it", async () => {
    await using server = await borrowServer();
    const large = "x".repeat(950_000);
    for (const [i, waits] of [true, false].entries()) {
      const spanId = idOf(i + 1);
      const logs = Array.from({ length: 9 }, (_, n) =>
        otlpLog({ spanId, body: { stringValue: `${n} ${large}` } }),
      );
      if (!waits) await sendSpans(server, otlpSpan({ spanId }));
      await sendLogs(server, ...logs);
      if (waits) await sendSpans(server, otlpSpan({ spanId }));
      const span = await spanOf(server, traceId, spanId);
      expect(span).toMatchObject({ droppedLogsCount: 1 });
      expect(JSON.parse(span.events!)).toHaveLength(8);
    }
  });

  test("stay with it when a later version of it comes", async () => {
    await using server = await borrowServer();
    await sendSpans(server, otlpSpan());
    await sendLogs(server, userLog("hello"));
    const inputs = attributes({ "gen_ai.operation.name": "chat", "gen_ai.input.messages": "[1]" });
    await sendSpans(server, otlpSpan({ endTimeUnixNano: nanos(3000), attributes: inputs }));
    const span = await spanOf(server);
    expect(textsOf(span)).toEqual(["hello"]);
    expect(span).toMatchObject({ endTime: 3000, input: "[1]" });
    expect(span).not.toHaveProperty("fromLogs");
  });

  test("do not disturb a native span that is sent again", async () => {
    await using server = await startServer();
    const native = makePayload({ traceId }, { spanId: idOf(1), output: "its own" });
    expect((await server.ingest(native)).status).toBe(202);
    const plain = await spanOf(server);
    await sendLogs(server, userLog("hello"), otlpLog({ eventName: "gen_ai.choice" }));
    const joined = await spanOf(server);
    expect(joined).toMatchObject({ source: "foglamp", output: "its own", fromLogs: ["input"] });
    expect(JSON.parse(joined.input!)).toEqual([{ role: "user", content: "hello" }]);
    expect((await server.ingest(native)).status).toBe(202);
    expect(await spanOf(server)).toEqual(joined);

    // What leaves as ingest v1 says what the logs said, and a full export says where it is from.
    const full = await server.api(`/api/traces/${traceId}/export?full=1`);
    await using other = await startServer();
    const imported = await other.api("/api/import", { method: "POST", body: await full.text() });
    expect(imported.status).toBe(202);
    const { receivedAt: _, ...there } = await spanOf(other);
    const { receivedAt: __, ...here } = joined;
    expect(there).toEqual(here);
    // A later version with an input of its own does without theirs.
    const later = makePayload({ traceId }, { spanId: idOf(1), endTime: 3000, input: "own" });
    expect((await server.ingest(later)).status).toBe(202);
    const { input, output, fromLogs } = await spanOf(server);
    expect({ input, output, fromLogs }).toEqual({
      input: "own",
      output: expect.stringContaining("assistant"),
      fromLogs: ["output"],
    });
    expect(plain).not.toHaveProperty("events");
  });

  test("are added also where the span's own events are no list", () => {
    const span = { spanId: "s", spanType: "llm", name: "", startTime: 0, endTime: 0 } as const;
    const json = JSON.stringify({ type: "log", name: "n", timeUnixNano: "1" });
    for (const events of ['"type":"log"', "{}", "null", "[null]", '["x"]', "[", ""]) {
      expect(logsIn(events)).toEqual([]);
      const { x } = withLogs({ ...span, x: { events } }, [json], readLogs);
      expect(logsIn(x!.events)).toEqual([json]);
    }
  });
});

test("log records among imported events are found however their JSON is spaced", () => {
  expect(logsIn('[{"type": "log", "name": "a"}, {"type": "event"}]')).toEqual([
    '{"type":"log","name":"a"}',
  ]);
});

test("imported log records that are none say nothing, and do no harm", () => {
  const entries = [null, 1, "a", {}].map((odd) => ({ name: "gen_ai.choice", attributes: odd }));
  expect(readLogs([...entries, { name: 5 }, {}], "llm")).toMatchObject({
    output: expect.any(String),
  });
});
