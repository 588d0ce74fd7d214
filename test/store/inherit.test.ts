/** The model of calls that name none themselves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

type Value = string | number;

function spanOf(
  id: number,
  parent: number | null,
  name: string,
  attributes: Record<string, Value>,
) {
  return {
    spanId: id.toString(16).padStart(16, "c"),
    ...(parent !== null && { parentSpanId: parent.toString(16).padStart(16, "c") }),
    name,
    startTimeUnixNano: `${1_790_000_000_000 + id}000000`,
    endTimeUnixNano: `${1_790_000_001_000 + id}000000`,
    attributes: Object.entries(attributes).map(([key, value]) => ({
      key,
      value: typeof value === "number" ? { intValue: String(value) } : { stringValue: value },
    })),
  };
}

const usage = { "gen_ai.usage.input_tokens": 1000, "gen_ai.usage.output_tokens": 100 };

/** A turn of Codex: its request names the model, its answer has the tokens. */
const turn = [
  spanOf(1, null, "session_task.turn", { model: "gpt-4o" }),
  spanOf(2, 1, "run_turn", {}),
  spanOf(3, 2, "try_run_sampling_request", { model: "gpt-4o-mini" }),
  spanOf(4, 3, "receiving_stream", {}),
  spanOf(5, 4, "handle_responses", usage),
  spanOf(6, 2, "handle_responses", usage),
];

async function send(traceId: string, spans: object[]): Promise<void> {
  const scopeSpans = [
    { scope: { name: "codex_exec" }, spans: spans.map((span) => ({ traceId, ...span })) },
  ];
  const answer = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ resourceSpans: [{ resource: {}, scopeSpans }] }),
  });
  expect(answer.status).toBe(200);
}

async function modelsOf(traceId: string) {
  const view = (await (await server.api(`/api/traces/${traceId}`)).json()) as any;
  const calls = view.spans.filter(({ spanType }: any) => spanType === "llm");
  return {
    models: view.trace.models,
    costUsd: view.trace.costUsd,
    calls: Object.fromEntries(calls.map(({ spanId, modelId }: any) => [spanId.slice(-1), modelId])),
  };
}

let traces = 0;
const nextTrace = () => (++traces).toString(16).padStart(32, "d");

test("a call's model is that of the nearest span above which names one, in any order and any parts", async () => {
  const requests = fc.shuffledSubarray(turn, { minLength: turn.length });
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 6 }), async (spans, size) => {
      const traceId = nextTrace();
      for (let i = 0; i < spans.length; i += size) await send(traceId, spans.slice(i, i + size));
      expect(await modelsOf(traceId)).toEqual({
        models: ["gpt-4o", "gpt-4o-mini"],
        // 1,000 in and 100 out: $0.0035 and $0.00021.
        costUsd: "0.00371",
        calls: { 5: "gpt-4o-mini", 6: "gpt-4o" },
      });
    }),
    { numRuns: 30 },
  );
});

test("a call that is sent again keeps the model, and its own wins over what is above", async () => {
  const traceId = nextTrace();
  await send(traceId, turn);
  await send(traceId, turn.slice(4));
  expect((await modelsOf(traceId)).calls).toEqual({ 5: "gpt-4o-mini", 6: "gpt-4o" });
  const named = spanOf(6, 2, "handle_responses", { ...usage, "gen_ai.response.model": "o3" });
  await send(traceId, [{ ...named, endTimeUnixNano: "1790000009000000000" }]);
  expect((await modelsOf(traceId)).calls).toEqual({ 5: "gpt-4o-mini", 6: "o3" });
});

test("a call with no model above has none", async () => {
  const traceId = nextTrace();
  await send(traceId, [spanOf(1, null, "root", {}), spanOf(2, 1, "handle_responses", usage)]);
  expect((await modelsOf(traceId)).calls).toEqual({ 2: null });
});
