import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
const minuteMs = 60_000;
const startTime = Date.UTC(2026, 5, 1, 12);

const call = (spanId: string, more: Record<string, unknown> = {}) =>
  makeSpan({
    spanId,
    startTime,
    endTime: startTime + 2000,
    modelId: "gpt-4o",
    provider: "openai",
    ttftMs: 1000,
    usage: { inputTokens: 1000, outputTokens: 100, cachedInputTokens: 250 },
    ...more,
  });

async function ingest(trace: Record<string, unknown>): Promise<void> {
  const answer = await server.ingest({ version: "v1", traces: [trace] });
  expect(answer.status).toBe(202);
}

async function get(path: string): Promise<any> {
  const answer = await server.api(path);
  const body = await answer.json();
  return { status: answer.status, ...(body as object) };
}

beforeAll(async () => {
  server = await startServer();
  await ingest({
    traceId: "one",
    agentName: "coder",
    sessionId: "s1",
    spans: [
      call("a"),
      call("b", { status: "error", errorMessage: "overloaded" }),
      makeSpan({ spanId: "c", spanType: "tool", name: "bash", startTime, endTime: startTime + 5 }),
    ],
  });
  await ingest({
    traceId: "two",
    agentName: "coder",
    sessionId: "s1",
    spans: [
      call("a", { startTime: startTime + minuteMs, endTime: startTime + minuteMs + 500 }),
      call("b", {
        status: "aborted",
        startTime: startTime - minuteMs,
        endTime: startTime,
        input: '[{"role":"user","content":"Where is the bug?"}]',
      }),
    ],
  });
  await ingest({ traceId: "three", agentName: "reviewer", spans: [call("a", { modelId: "x" })] });
});
afterAll(() => server[Symbol.asyncDispose]());

describe("GET /api/stats", () => {
  test("says what happened in all, each model call once", async () => {
    const { totals, before, partial } = await get("/api/stats");
    expect(totals).toMatchObject({
      traces: 3,
      requests: 5,
      errors: 1,
      aborted: 1,
      errorRate: 0.2,
      inputTokens: 5000,
      reasoningTokens: null,
      cacheHitShare: 0.25,
      pricedSpanCount: 4,
      priceableSpanCount: 5,
    });
    expect(Number(totals.costUsd)).toBeGreaterThan(0);
    expect(totals.latencyMs.p50).toBeWithin(1960, 2041);
    expect({ before, partial }).toEqual({ before: null, partial: false });
  });

  test("counts a span in the minute in which it started, and compares with the time before", async () => {
    const query = `since=${startTime}&until=${startTime + minuteMs}&bucketMs=${minuteMs}`;
    const { totals, before, series } = await get(`/api/stats?${query}`);
    expect(totals.requests).toBe(3);
    expect(before.requests).toBe(1);
    expect(series).toHaveLength(1);
    expect(series[0]).toMatchObject({ time: startTime, requests: 3 });
  });

  test("groups, with most first, and what has no such value under null", async () => {
    const models = await get("/api/stats?by=model");
    expect(models.groups.map((group: any) => [group.value, group.totals.requests])).toEqual([
      ["gpt-4o", 4],
      ["x", 1],
    ]);
    const sessions = await get("/api/stats?by=session&limit=1");
    expect(sessions.groupCount).toBe(2);
    expect(sessions.groups).toHaveLength(1);
    const rest = await get("/api/stats?by=session&sort=requests");
    expect(rest.groups.map((group: any) => group.value)).toEqual(["s1", null]);
  });

  test("takes no bucket or range that makes no sense", async () => {
    const status = async (query: string) => (await get(`/api/stats?${query}`)).status;
    expect(await status("bucketMs=1000")).toBe(400);
    expect(await status("by=session&bucketMs=60000")).toBe(400);
    expect(await status("since=0&bucketMs=60000")).toBe(400);
    expect(await status("since=10000000&until=5")).toBe(400);
    expect(await get("/api/stats?by=colour")).toMatchObject({
      status: 400,
      hint: expect.stringContaining("by: use one of agent, workflow, "),
    });
    expect(await status("project=none")).toBe(404);
  });
});

test("agents, models and tools are listed with what they did", async () => {
  const { groups, nextCursor } = await get("/api/agents?limit=1&sort=tokens");
  expect(groups).toHaveLength(1);
  expect(groups[0]).toMatchObject({ value: "coder", traces: 2, requests: 4 });
  const second = await get(`/api/agents?limit=1&sort=tokens&cursor=${nextCursor}`);
  expect(second.groups[0]).toMatchObject({ value: "reviewer", lastTime: startTime });
  expect(second.nextCursor).toBeNull();
  expect((await get("/api/tools")).groups[0]).toMatchObject({ value: "bash", requests: 1 });
  expect((await get("/api/providers")).groups[0]).toMatchObject({ value: "openai", requests: 5 });
  expect((await get("/api/workflows")).groups).toEqual([]);
  expect((await get("/api/agents?cursor=nonsense")).status).toBe(400);
});

test("a session shows what it was asked first, its newest trace and all that it did", async () => {
  const { groups } = await get("/api/sessions");
  expect(groups).toHaveLength(1);
  expect(groups[0]).toMatchObject({
    value: "s1",
    project: "default",
    title: "Where is the bug?",
    firstTime: startTime - minuteMs,
    lastTime: startTime,
    traces: 2,
    requests: 4,
    latest: { traceId: "one" },
  });
  expect((await get("/api/runs")).groups).toEqual([]);
  expect((await get("/api/customers")).groups).toEqual([]);
});
