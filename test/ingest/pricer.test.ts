import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    priceRules: [
      {
        id: "config:1",
        provider: "house",
        model: "*",
        prices: { input: "2", output: "4" },
        createdAt: 1,
      },
    ],
  });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

let traces = 0;

interface Priced {
  trace: { costUsd: string | null; pricedSpanCount: number; priceableSpanCount: number };
  spans: { spanId: string; costUsd: string | null }[];
}

async function post(traceId: string, spans: Record<string, unknown>[]): Promise<void> {
  const times = { name: "call", startTime: 1_760_000_000_000, endTime: 1_760_000_001_000 };
  const sent = spans.map((span, n) => ({ spanId: `s${n}`, spanType: "llm", ...times, ...span }));
  const payload = { version: "v1", traces: [{ traceId, traceName: "n", spans: sent }] };
  expect((await server.ingest(payload)).status).toBe(202);
}

async function read(traceId: string): Promise<Priced> {
  return (await (await server.api(`/api/traces/${traceId}`)).json()) as Priced;
}

async function priced(...spans: Record<string, unknown>[]): Promise<Priced & { traceId: string }> {
  const traceId = `trace-${++traces}`;
  await post(traceId, spans);
  return { traceId, ...(await read(traceId)) };
}

const gpt = (usage: object, more = {}) => ({
  provider: "openai.responses",
  modelId: "gpt-4o-2024-08-06",
  usage,
  ...more,
});

describe("a model call", () => {
  test("has a receipt, in which each token is billed once", async () => {
    const { traceId, trace } = await priced({
      provider: "anthropic.messages",
      modelId: "claude-opus-4-7",
      usage: {
        inputTokens: 10_000,
        cachedInputTokens: 4000,
        cacheWriteInputTokens: 1000,
        outputTokens: 100,
      },
    });
    // 5,000 × $5 + 4,000 × $0.50 + 1,000 × $6.25 + 100 × $25, per million.
    expect(trace).toMatchObject({ costUsd: "0.03575", pricedSpanCount: 1, priceableSpanCount: 1 });
    const span = (await (await server.api(`/api/traces/${traceId}/spans/s0`)).json()) as any;
    expect(span.costUsd).toBe("0.03575");
    expect(span.receipt).toEqual({
      provider: "anthropic",
      model: "claude-opus-4-7",
      foundBy: "modelId",
      source: expect.stringMatching(/^genai-prices \d+\.\d+\.\d+$/),
      sourceDate: expect.stringMatching(/^\d{4}-\d\d-\d\d$/),
      lines: [
        { dimension: "input", quantity: 5000, unitPrice: "0.000005", amountUsd: "0.025" },
        { dimension: "cacheRead", quantity: 4000, unitPrice: "0.0000005", amountUsd: "0.002" },
        { dimension: "cacheWrite", quantity: 1000, unitPrice: "0.00000625", amountUsd: "0.00625" },
        { dimension: "output", quantity: 100, unitPrice: "0.000025", amountUsd: "0.0025" },
      ],
      missing: [],
      unpricedTier: null,
      isEstimated: false,
    });
  });

  test.each([
    [
      "of an unknown model",
      { provider: "nobody", modelId: "unheard-of", usage: { inputTokens: 5 } },
    ],
    ["without a model", { provider: "openai", usage: { inputTokens: 5 } }],
    ["without usage", { provider: "openai", modelId: "gpt-4o" }],
  ])("%s has no price, which is not $0", async (_, span) => {
    const { traceId, trace, spans } = await priced(span);
    expect(trace).toMatchObject({ costUsd: null, pricedSpanCount: 0, priceableSpanCount: 1 });
    expect(spans[0]!.costUsd).toBeNull();
    const whole = (await (await server.api(`/api/traces/${traceId}/spans/s0`)).json()) as any;
    expect(whole.receipt).toBeNull();
  });

  test("says what of it is missing from its price", async () => {
    const { traceId, trace } = await priced(gpt({ outputTokens: 100 }));
    expect(trace.costUsd).toBe("0.001");
    const { receipt } = (await (await server.api(`/api/traces/${traceId}/spans/s0`)).json()) as any;
    expect(receipt.missing).toEqual(["input"]);
  });

  test("is priced by a rule of the configuration", async () => {
    const usage = { inputTokens: 500_000, outputTokens: 250_000 };
    const { trace } = await priced({ provider: "house", modelId: "gpt-4o", usage });
    expect(trace.costUsd).toBe("2");
  });
});

describe("a trace", () => {
  test("costs what its calls do, and not what its agent repeats", async () => {
    // 600 × $2.50 + 400 × $1.25 + 100 × $10, per million.
    const usage = { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 100 };
    const { trace, spans } = await priced(
      gpt({ inputTokens: 2000, outputTokens: 200 }, { spanType: "agent" }),
      gpt(usage, { parentSpanId: "s0" }),
      gpt(usage, { parentSpanId: "s0" }),
    );
    expect(trace).toMatchObject({ costUsd: "0.006", pricedSpanCount: 2, priceableSpanCount: 2 });
    expect(spans.map(({ costUsd }) => costUsd)).toEqual([null, "0.003", "0.003"]);
  });

  test("counts a call once that two libraries report, one around the other", async () => {
    const usage = { inputTokens: 1000, cachedInputTokens: 400, outputTokens: 100 };
    const { trace } = await priced(gpt(usage), gpt(usage, { parentSpanId: "s0" }));
    expect(trace).toMatchObject({ costUsd: "0.003", pricedSpanCount: 1, priceableSpanCount: 1 });
  });

  test("says that some of its calls have no price", async () => {
    const { trace } = await priced(
      gpt({ inputTokens: 1000, outputTokens: 0 }),
      gpt({ inputTokens: 1000 }, { provider: "ollama", modelId: "llama3.3" }),
    );
    expect(trace).toMatchObject({ costUsd: "0.0025", pricedSpanCount: 1, priceableSpanCount: 2 });
  });

  test("is exact where the counts are as large as they can be", async () => {
    const { trace } = await priced(gpt({ inputTokens: 0, outputTokens: Number.MAX_SAFE_INTEGER }));
    // (2^53 - 1) × $10 per million.
    expect(trace.costUsd).toBe("90071992547.40991");
  });
});

test("another price holds for what comes in from then on, and for the rest once it is repriced", async () => {
  const { writer } = server.engine.intake;
  const span = { provider: "ollama", modelId: "qwen3:8b", usage: { inputTokens: 1_000_000 } };
  const before = await priced(span);
  await writer.call("setPrice", ["ollama", "qwen*", { input: "0.5" }]);
  const after = await priced(span);
  expect([before.trace.costUsd, after.trace.costUsd]).toEqual([null, "0.5"]);
  // The same again is the same span.
  await post(before.traceId, [span]);
  expect((await read(before.traceId)).trace.costUsd).toBeNull();

  const reprice = async (isDryRun: boolean) => {
    await writer.call("startReprice", [{ provider: "ollama", model: "qwen*" }, isDryRun]);
    for (;;) {
      const status = (await writer.call("repriceStatus", []))!;
      if (status.finishedAt !== null) return status;
      await Bun.sleep(5);
    }
  };
  expect(await reprice(true)).toMatchObject({
    spanCount: 2,
    changedSpanCount: 1,
    beforeUsd: "0.5",
    afterUsd: "1",
  });
  expect((await read(before.traceId)).trace.costUsd).toBeNull();
  expect(await reprice(false)).toMatchObject({ changedSpanCount: 1, changedTraceCount: 1 });
  expect((await read(before.traceId)).trace).toMatchObject({ costUsd: "0.5", pricedSpanCount: 1 });
  expect(await reprice(false)).toMatchObject({ changedSpanCount: 0, changedTraceCount: 0 });
});

test("a reprice waits while another program holds the store", async () => {
  const { home, intake } = server.engine;
  const { traceId } = await priced({
    provider: "ollama",
    modelId: "phi4",
    usage: { inputTokens: 1_000_000 },
  });
  await intake.writer.call("setPrice", ["ollama", "phi*", { input: "1" }]);
  const other = new Database(home.storePath);
  other.run("BEGIN IMMEDIATE");
  await intake.writer.call("startReprice", [{ model: "phi*" }, false]);
  // Longer than the writer waits for a lock.
  await Bun.sleep(5500);
  other.run("ROLLBACK");
  other.close();
  const deadline = Date.now() + 10_000;
  while ((await intake.writer.call("repriceStatus", []))!.finishedAt === null) {
    expect(Date.now()).toBeLessThan(deadline);
    await Bun.sleep(20);
  }
  expect((await read(traceId)).trace.costUsd).toBe("1");
}, 30_000);

test("spans over OTLP are priced, and what their sender says stands beside it", async () => {
  const attribute = (key: string, value: object) => ({ key, value });
  const span = {
    traceId: "0af7651916cd43dd8448eb211c80319c",
    spanId: "b7ad6b7169203331",
    name: "chat gpt-4o",
    startTimeUnixNano: "1760000000000000000",
    endTimeUnixNano: "1760000001000000000",
    attributes: [
      attribute("gen_ai.operation.name", { stringValue: "chat" }),
      attribute("gen_ai.provider.name", { stringValue: "openai" }),
      attribute("gen_ai.request.model", { stringValue: "gpt-4o" }),
      attribute("gen_ai.usage.input_tokens", { intValue: 1000 }),
      attribute("gen_ai.usage.output_tokens", { intValue: 100 }),
      attribute("gen_ai.usage.cost", { doubleValue: 0.25 }),
    ],
  };
  const body = { resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] };
  const response = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  const path = `/api/traces/${span.traceId}/spans/${span.spanId}`;
  const whole = (await (await server.api(path)).json()) as any;
  expect(whole).toMatchObject({ costUsd: "0.0035", reportedCostUsd: 0.25 });
});
