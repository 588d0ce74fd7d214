/** Stored spans of OTLP mapped anew: an upgrade heals old traces and takes nothing away. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { connect } from "node:net";
import type { RereadStatus } from "../../src/ingest/reread.ts";
import { startServer, type TestServer } from "../helpers.ts";
import { toLogs, toTraces } from "../otlp/senders/fixture.ts";
import { fixtures } from "../otlp/senders/list.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** Begins, and waits for the end. */
async function reread(body: object = {}): Promise<RereadStatus> {
  const begun = await server.api("/api/reread", { method: "POST", body: JSON.stringify(body) });
  expect(begun.status).toBe(202);
  while (true) {
    const status = (await (await server.api("/api/reread")).json()) as RereadStatus;
    if (status.finishedAt !== null) return status;
    await Bun.sleep(5);
  }
}

async function read(path: string): Promise<any> {
  return (await server.api(path)).json();
}

const traceId = "5".repeat(32);

/** A span as a version that knew nothing of its sender has stored it. */
async function importOld(spanId: string, span: object, x: object): Promise<void> {
  const base = { spanId, spanType: "other", name: "call", startTime: 1000, endTime: 2000 };
  const payload = {
    version: "v1",
    traces: [
      {
        traceId,
        traceName: "old",
        spans: [{ ...base, status: "ok", ...span, x: { source: "otlp", ...x } }],
      },
    ],
  };
  const answer = await server.api("/api/import", { method: "POST", body: JSON.stringify(payload) });
  expect(answer.status).toBe(202);
}

test("before the first run there is no status", async () => {
  expect(await read("/api/reread")).toBeNull();
});

test("a request without a body is told that it lacks one", async () => {
  const { hostname, port, host } = new URL(server.url);
  const answer = await new Promise<string>((resolve, reject) => {
    let text = "";
    // As curl -X POST sends it: without a length.
    const socket = connect(Number(port), hostname, () =>
      socket.write(
        `POST /api/reread HTTP/1.1\r\nhost: ${host}\r\nauthorization: Bearer ${server.token}\r\n` +
          "connection: close\r\n\r\n",
      ),
    );
    socket.on("data", (data) => (text += data));
    socket.on("close", () => resolve(text));
    socket.on("error", reject);
  });
  expect(answer).toStartWith("HTTP/1.1 400");
  expect(answer).toContain("the body is missing");
});

test("an attribute that this version understands becomes type, model, tokens, cost and messages", async () => {
  await importOld(
    "a".repeat(16),
    {},
    {
      attributes: JSON.stringify({
        "langfuse.observation.type": "generation",
        "langfuse.observation.model.name": "gpt-4o-mini",
        "langfuse.observation.input": '[{"role":"user","content":"When is high tide?"}]',
        "langfuse.observation.usage_details": '{"input":1000,"output":100}',
        "user.id": "user-1",
      }),
      resource: JSON.stringify({ scope: { name: "langfuse-sdk" } }),
    },
  );
  expect(await reread()).toMatchObject({ spanCount: 1, changedSpanCount: 1 });
  const { trace, spans } = await read(`/api/traces/${traceId}`);
  expect(trace).toMatchObject({
    llmCount: 1,
    models: ["gpt-4o-mini"],
    inputTokens: 1000,
    costUsd: "0.00021",
    customer: { id: "user-1" },
  });
  expect(spans[0]).toMatchObject({ spanType: "llm", modelId: "gpt-4o-mini" });
  const messages = await read(`/api/traces/${traceId}/spans/${"a".repeat(16)}/messages`);
  expect(messages.input[0].parts[0].text).toBe("When is high tide?");
});

test("a text that another takes the place of stays readable, and what a user set stays", async () => {
  const spanId = "b".repeat(16);
  await importOld(
    spanId,
    { spanType: "tool", name: "table", input: '{"type":"object"}' },
    {
      attributes: JSON.stringify({ "span.type": "tool", input: '{"port":"Husum"}' }),
      resource: JSON.stringify({ scope: { name: "@voltagent/core" } }),
    },
  );
  await server.api(`/api/traces/${traceId}/pin`, { method: "POST" });
  await reread();
  const span = await read(`/api/traces/${traceId}/spans/${spanId}`);
  expect(span.input).toBe('{"port":"Husum"}');
  expect(JSON.parse(span.attributes)).toEqual({
    "span.type": "tool",
    "displaced.input": '{"type":"object"}',
  });
  expect((await read(`/api/traces/${traceId}`)).trace.pinned).toBe(true);
  expect(await reread()).toMatchObject({ changedSpanCount: 0 });
});

test("what this version has mapped it maps the same again, for every sender", async () => {
  for (const fixture of fixtures) {
    for (const [signal, body] of [
      ["traces", toTraces(fixture)],
      ["logs", toLogs(fixture)],
    ] as const) {
      if (!body) continue;
      const answer = await fetch(`${server.url}/v1/${signal}`, {
        method: "POST",
        headers: { "content-type": "application/json" },
        body: JSON.stringify(body),
      });
      expect(answer.status).toBe(200);
    }
  }
  const { spanCount, changedSpanCount } = await reread();
  expect(spanCount).toBeGreaterThan(fixtures.length);
  expect(changedSpanCount).toBe(0);
});

test("a second run has to wait for the first, and a window is read like a list's", async () => {
  const start = (body: object) =>
    server.api("/api/reread", { method: "POST", body: JSON.stringify(body) });
  const [first, second] = await Promise.all([start({}), start({})]);
  expect([first!.status, second!.status].sort()).toEqual([202, 409]);
  while ((await read("/api/reread")).finishedAt === null) await Bun.sleep(5);
  expect((await start({ since: "yesterday-ish" })).status).toBe(400);
  expect((await start({ project: "nobody" })).status).toBe(404);
  expect(await reread({ until: 1 })).toMatchObject({ traceCount: 0, spanCount: 0 });
});
