/** How much of its model's context a call took, over HTTP. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { Value } from "@sinclair/typebox/value";
import type { SpanView } from "../../src/backend/views.ts";
import { Breakdown } from "../../src/query/breakdown.ts";
import type { TranscriptPage } from "../../src/query/transcript.ts";
import { makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function read<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function send(traceId: string, ...spans: Record<string, unknown>[]) {
  const sent = spans.map((span, i) => makeSpan({ spanId: `s${i}`, ...span }));
  const traces = [{ traceId, traceName: "t", spans: sent }];
  expect((await server.ingest({ version: "v1", traces })).status).toBe(202);
  const breakdown = await read<Breakdown>(`/api/traces/${traceId}/breakdown`);
  expect(Value.Errors(Breakdown, breakdown).First()).toBeUndefined();
  const { entries } = await read<TranscriptPage>(`/api/traces/${traceId}/transcript`);
  return { breakdown, entries };
}

const sonnet = { provider: "anthropic", modelId: "claude-sonnet-4-5" };
const gpt = { provider: "openai", modelId: "gpt-4o" };
const windowOf = async (traceId: string, spanId: string) =>
  (await read<SpanView>(`/api/traces/${traceId}/spans/${spanId}`)).receipt?.contextWindow;

test("the limit stands in the receipt and the transcript, and the fullest call in the breakdown", async () => {
  const { breakdown, entries } = await send(
    "full",
    { ...sonnet, usage: { inputTokens: 1_000, outputTokens: 10 } },
    { ...gpt, usage: { inputTokens: 100_000, cachedInputTokens: 90_000, outputTokens: 2_000 } },
    { ...sonnet, usage: { inputTokens: 110_000, outputTokens: 500 } },
  );
  const limit = await windowOf("full", "s1");
  expect(limit).toBe(128_000);
  expect(entries.map(({ contextWindow }) => contextWindow)).toEqual([
    await windowOf("full", "s0"),
    limit,
    await windowOf("full", "s2"),
  ] as number[]);
  // The cache is part of the input, and a smaller window is sooner full.
  expect(breakdown.context).toMatchObject({
    spanId: "s1",
    tokens: 102_000,
    contextWindow: 128_000,
  });
});

test("where parts of an input are more than the whole, they are believed", async () => {
  const usage = { inputTokens: 10, cachedInputTokens: 50_000, cacheWriteInputTokens: 1_000 };
  const { breakdown } = await send("parts", { ...gpt, usage });
  expect(breakdown.context!.tokens).toBe(51_000);
});

test("what is not known is absent", async () => {
  const { breakdown, entries } = await send(
    "unknown",
    { ...gpt, usage: { outputTokens: 5 } },
    { provider: "house", modelId: "own", usage: { inputTokens: 5, outputTokens: 5 } },
  );
  expect(breakdown.context).toBeNull();
  expect(entries[1]).not.toHaveProperty("contextWindow");
});
