/** The model of calls that name none themselves. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import type { TraceState } from "../../src/sqlite/spans/traces.ts";
import { createInheritance } from "../../src/tally/inherit.ts";
import { factsOf } from "../../src/tally/spanfacts.ts";
import { Tally } from "../../src/tally/tally.ts";
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

test("a commit looks at the calls that it brings, not again at all that name no model", () => {
  let looks = 0;
  class Counted extends Tally {
    override get(spanId: string) {
      looks++;
      return super.get(spanId);
    }
  }
  const tally = new Counted();
  const state = { tally } as unknown as TraceState;
  const rewritten: string[] = [];
  const inheritance = createInheritance((_, spanId) => rewritten.push(spanId));
  const header = {};
  let key = 0;
  const come = (span: Partial<ImportedSpan> & { spanId: string }) => {
    const whole = { spanType: "llm", name: "call", startTime: 1, endTime: 2, ...span } as const;
    const texts = { input: undefined, output: undefined };
    const facts = factsOf(whole, { key: key++, header, texts, cost: null });
    tally.put(facts);
    inheritance.note(state, facts, undefined);
  };
  const commit = (spans: number, from: number) => {
    for (let i = from; i < from + spans; i++) {
      come({
        spanId: `call-${i}`,
        parentSpanId: "turn",
        usage: { inputTokens: 1 },
        x: { instrumentation: "codex" },
      });
    }
    inheritance.flush();
  };
  commit(4000, 0);
  looks = 0;
  commit(10, 4000);
  expect(looks).toBeLessThan(100);
  // All wait for the turn, and each has its model.
  come({ spanId: "turn", spanType: "agent", modelId: "gpt-4o" });
  inheritance.flush();
  expect(new Set(rewritten).size).toBe(4010);
});
