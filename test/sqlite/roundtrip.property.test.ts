/** What was answered with 202 comes back as it was sent, through every route that shows whole spans. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import type { TracePage, TraceView } from "../../src/backend/views.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  maxCount,
  spansOf,
  storedOf,
  wirePayload,
  type Stored,
  type StoredSpans,
  type WirePayload,
} from "../payload.arbitrary.ts";

test("arbitrary valid payloads come back field by field", async () => {
  await using server = await startServer();
  await fc.assert(
    fc.asyncProperty(wirePayload(), async (payload) => {
      await deleteAll(server);
      const response = await server.ingest(payload);
      expect([response.status, await response.text()]).toEqual([
        202,
        JSON.stringify({ accepted: payload.traces.flatMap(({ spans }) => spans).length }),
      ]);
      const expected = storedOf(payload);
      expect(await readExports(server, "json")).toEqual(expected);
      expect(await readExports(server, "jsonl")).toEqual(expected);
      await expectSpansOneByOne(server, expected);
    }),
    { numRuns: 50 },
  );
  expect(server.bugs).toEqual([]);
});

test("each large text is kept at its full length of a million characters", async () => {
  await using server = await startServer();
  const texts = {
    input: "\0".repeat(1_000_000),
    output: "中".repeat(1_000_000),
    toolCatalog: "😀".repeat(500_000),
    // A pair cut in two at the end: not well-formed, and 2,000,000 bytes as UTF-16.
    sources: `${"a".repeat(999_999)}\ud83d`,
    systemPrompt: "é".repeat(1_000_000),
  };
  for (const [field, text] of Object.entries(texts)) {
    const payload = payloadOf({ [field]: text });
    expect((await server.ingest(payload)).status).toBe(202);
    const got = (await readExports(server, "json")).values().next().value as Stored;
    // Not toEqual: a difference of a million characters helps nobody.
    expect(got.span[field] === text).toBe(true);
    await deleteAll(server);
  }
});

test("numbers come back as the same numbers, however they were written", async () => {
  await using server = await startServer();
  const text = JSON.stringify(payloadOf({ ttftMs: 0, usage: {} }))
    .replace('"startTime":1', '"startTime":1.0e0')
    .replace('"endTime":2', `"endTime":${maxCount}.0`)
    .replace('"ttftMs":0', '"ttftMs":1e-400')
    .replace(
      '"usage":{}',
      '"usage":{"inputTokens":-0,"outputTokens":1e3,"totalTokens":9007199254740991}',
    );
  expect((await server.ingest(text)).status).toBe(202);
  const [stored] = (await readExports(server, "json")).values();
  expect(stored!.span).toEqual({
    ...payloadOf({}).traces[0]!.spans[0]!,
    startTime: 1,
    endTime: maxCount,
    ttftMs: 0,
    usage: { inputTokens: 0, outputTokens: 1000, totalTokens: maxCount },
  });
});

test("what was sent survives a restart", async () => {
  const first = await startServer();
  const payloads = fc.sample(wirePayload(), { numRuns: 30, seed: 7 });
  const expected: StoredSpans = new Map();
  for (const [i, payload] of payloads.entries()) {
    // Apart, so that no payload's versions meet another's.
    for (const trace of payload.traces) trace.traceId = `${i} ${trace.traceId}`.slice(0, 128);
    expect((await first.ingest(payload)).status).toBe(202);
    for (const [key, stored] of storedOf(payload)) expected.set(key, stored);
  }
  await first.stop();
  await using second = await startServer({ dataDir: first.dataDir });
  expect(sorted(await readExports(second, "json"))).toEqual(sorted(expected));
});

/** In one order: two maps in different orders are compared each with each. */
function sorted(spans: StoredSpans) {
  return [...spans].sort(([a], [b]) => (a < b ? -1 : 1));
}

async function traceKeys(server: TestServer): Promise<number[]> {
  const page = (await (await server.api("/api/traces?limit=500")).json()) as TracePage;
  expect(page.nextCursor).toBeNull();
  return page.traces.map(({ key }) => key);
}

async function readExports(server: TestServer, format: "json" | "jsonl"): Promise<StoredSpans> {
  const spans: StoredSpans = new Map();
  for (const key of await traceKeys(server)) {
    const response = await server.api(`/api/traces/~${key}/export?format=${format}`);
    expect(response.status).toBe(200);
    const text = await response.text();
    const documents = format === "json" ? [text] : text.trimEnd().split("\n");
    for (const document of documents) spansOf(JSON.parse(document) as WirePayload, spans);
  }
  return spans;
}

/** Reads every span by its key and compares it with what was sent, the trace's metadata laid under. */
async function expectSpansOneByOne(server: TestServer, expected: StoredSpans): Promise<void> {
  let count = 0;
  for (const key of await traceKeys(server)) {
    const view = (await (await server.api(`/api/traces/~${key}`)).json()) as TraceView;
    for (const skeleton of view.spans) {
      const response = await server.api(`/api/traces/~${key}/spans/~${skeleton.key}`);
      const { header, span } = expected.get(JSON.stringify([view.trace.traceId, skeleton.spanId]))!;
      const metadata = Object.fromEntries([
        ...Object.entries(header.metadata ?? {}),
        ...Object.entries(span.metadata ?? {}),
      ]);
      // Which of several reports of one call counts is told elsewhere, as is which texts look cut.
      const { repeats, cut, ...shown } = (await response.json()) as Record<string, unknown>;
      expect(shown).toEqual({
        status: "ok",
        ...span,
        ...(Object.keys(metadata).length > 0 && { metadata }),
        key: skeleton.key,
        traceKey: key,
        traceId: view.trace.traceId,
        project: "default",
        source: "foglamp",
        receivedAt: expect.any(Number),
        startNanos: null,
        endNanos: null,
        attributes: null,
        costUsd: null,
        receipt: null,
      });
      count++;
    }
  }
  expect(count).toBe(expected.size);
}

async function deleteAll(server: TestServer): Promise<void> {
  for (const key of await traceKeys(server)) {
    expect((await server.api(`/api/traces/~${key}`, { method: "DELETE" })).status).toBe(200);
  }
  expect(await traceKeys(server)).toEqual([]);
}

function payloadOf(span: Record<string, unknown>): WirePayload {
  const whole = { spanId: "s", spanType: "llm", name: "n", startTime: 1, endTime: 2, ...span };
  return { version: "v1", traces: [{ traceId: "t", traceName: "n", spans: [whole] }] };
}
