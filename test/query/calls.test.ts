/** A call that two instrumentations report, as the API shows it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Stats } from "../../src/backend/figures.ts";
import type { SpanView, TraceView } from "../../src/backend/views.ts";
import type { Breakdown } from "../../src/query/breakdown.ts";
import type { TraceColumns } from "../../src/query/columns.ts";
import type { SpanMessages } from "../../src/query/news.ts";
import type { TraceNews } from "../../src/query/tracenews.ts";
import type { TranscriptPage } from "../../src/query/transcript.ts";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => void (server = await startServer()));
afterAll(() => server[Symbol.asyncDispose]());

interface Sent {
  id: number;
  parent?: number;
  scope: string;
  from: number;
  to: number;
  isFailed?: boolean;
  attributes: Record<string, string | number>;
}

const base = 1_750_000_000_000;
const hex = (id: number, length: number) => id.toString(16).padStart(length, "0");
const nanos = (ms: number) => String(BigInt(base + ms) * 1_000_000n);

async function send(trace: number, spans: Sent[]): Promise<string> {
  const traceId = hex(trace, 32);
  const scopeSpans = spans.map(({ id, parent, scope, from, to, isFailed, attributes }) => ({
    scope: { name: scope },
    spans: [
      {
        traceId,
        spanId: hex(id, 16),
        ...(parent !== undefined && { parentSpanId: hex(parent, 16) }),
        name: `span ${id}`,
        startTimeUnixNano: nanos(from),
        endTimeUnixNano: nanos(to),
        status: isFailed ? { code: 2, message: "overloaded" } : {},
        attributes: Object.entries(attributes).map(([key, value]) => ({
          key,
          value: typeof value === "number" ? { intValue: value } : { stringValue: value },
        })),
      },
    ],
  }));
  const response = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans }] }),
  });
  expect(response.status).toBe(200);
  return traceId;
}

const get = async <T>(path: string) => (await (await server.api(`/api${path}`)).json()) as T;

const agent = { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "weather" };
const chat = (input: number, output: number, more: Record<string, string | number> = {}) => ({
  "gen_ai.operation.name": "chat",
  "gen_ai.provider.name": "openai",
  "gen_ai.request.model": "gpt-4o",
  "gen_ai.usage.input_tokens": input,
  "gen_ai.usage.output_tokens": output,
  ...more,
});
const says = (role: string, content: string) =>
  JSON.stringify([{ role, parts: [{ type: "text", content }] }]);
const messages = (question: string, answer: string) => ({
  "gen_ai.input.messages": says("user", question),
  "gen_ai.output.messages": says("assistant", answer),
});

describe("two spans of one call, one within the other", () => {
  let traceId: string;
  beforeAll(async () => {
    traceId = await send(1, [
      { id: 1, scope: "app", from: 0, to: 100, attributes: agent },
      {
        id: 2,
        parent: 1,
        scope: "framework",
        from: 10,
        to: 50,
        attributes: chat(1000, 100, messages("What is the weather?", "Sunny.")),
      },
      {
        id: 3,
        parent: 2,
        scope: "client",
        from: 12,
        to: 48,
        attributes: chat(1000, 100, { "gen_ai.response.id": "chatcmpl-0123456789ab" }),
      },
    ]);
  });

  test("are both in the tree, and one of them says which one counts", async () => {
    const { trace, spans } = await get<TraceView>(`/traces/${traceId}`);
    expect(trace).toMatchObject({
      llmCount: 1,
      spanCount: 3,
      inputTokens: 1000,
      costUsd: "0.0035",
    });
    expect(spans.map(({ spanId, repeats }) => [spanId, repeats])).toEqual([
      [hex(1, 16), undefined],
      [hex(2, 16), hex(3, 16)],
      [hex(3, 16), undefined],
    ]);
    const { repeats } = await get<TraceColumns>(`/traces/${traceId}?format=columns`);
    expect(repeats).toEqual([[1, 2]]);
    const { spans: whole } = {
      spans: await get<SpanView>(`/traces/${traceId}/spans/${hex(2, 16)}`),
    };
    expect(whole.repeats).toBe(hex(3, 16));
  });

  test("are one entry of the transcript, with the messages of the one that has them", async () => {
    const { entries } = await get<TranscriptPage>(`/traces/${traceId}/transcript`);
    const steps = entries.filter(({ spanType }) => spanType === "llm");
    expect(steps).toHaveLength(1);
    expect(steps[0]).toMatchObject({
      spanId: hex(2, 16),
      repeats: hex(3, 16),
      input: [{ role: "user", parts: [{ text: "What is the weather?" }] }],
      output: [{ role: "assistant", parts: [{ text: "Sunny." }] }],
    });
    const own = await get<SpanMessages>(`/traces/${traceId}/spans/${hex(3, 16)}/messages`);
    expect(own.output).toMatchObject([{ parts: [{ text: "Sunny." }] }]);
    const { calls } = await get<TraceNews>(`/traces/${traceId}/news`);
    expect(calls.map(({ spanId }) => spanId)).toEqual([hex(2, 16)]);
  });

  test("are one call of the breakdown and of the statistics", async () => {
    const { models, modelMs } = await get<Breakdown>(`/traces/${traceId}/breakdown`);
    expect(models).toMatchObject([{ count: 1, totalMs: 36 }]);
    expect(modelMs).toBe(36);
    const { totals } = await get<Stats>(`/stats?since=${base}&until=${base + 60_000}`);
    expect(totals).toMatchObject({ requests: 1, inputTokens: 1000, errors: 0 });
  });

  test("begin the transcript at the call, from whichever is asked", async () => {
    const page = (from: number) =>
      get<TranscriptPage>(`/traces/${traceId}/transcript?from=${hex(from, 16)}`);
    expect((await page(3)).entries[0]).toMatchObject({ spanId: hex(2, 16) });
    expect((await page(2)).entries[0]).toMatchObject({ spanId: hex(2, 16) });
  });
});

test("a failed call is one error, beside the one that its agent failed with", async () => {
  const attributes = chat(0, 0);
  const traceId = await send(2, [
    { id: 1, scope: "app", from: 0, to: 90, isFailed: true, attributes: agent },
    { id: 2, parent: 1, scope: "framework", from: 10, to: 50, isFailed: true, attributes },
    { id: 3, parent: 1, scope: "client", from: 11, to: 49, isFailed: true, attributes },
  ]);
  const { trace } = await get<TraceView>(`/traces/${traceId}`);
  expect(trace).toMatchObject({ llmCount: 1, errorCount: 2, status: "error" });
});

test("of two traces that report one answer at once each names the other's span", async () => {
  const attributes = chat(7, 3, { "gen_ai.response.id": "msg_0123456789abcdef" });
  const first = await send(3, [{ id: 31, scope: "framework", from: 0, to: 90, attributes }]);
  const second = await send(4, [{ id: 41, scope: "client", from: 5, to: 80, attributes }]);
  await send(5, [{ id: 51, scope: "client", from: 500, to: 580, attributes }]);
  await send(6, [{ id: 61, scope: "framework", from: 5, to: 80, attributes }]);
  const spanOf = (traceId: string, id: number) =>
    get<SpanView>(`/traces/${traceId}/spans/${hex(id, 16)}`);
  expect((await spanOf(first, 31)).alsoIn).toMatchObject([
    { traceId: second, spanId: hex(41, 16) },
  ]);
  expect((await spanOf(second, 41)).alsoIn).toMatchObject([
    { traceId: first, spanId: hex(31, 16) },
    { traceId: hex(6, 32), spanId: hex(61, 16) },
  ]);
  expect((await spanOf(hex(5, 32), 51)).alsoIn).toBeUndefined();
});
