import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { SpanView, TraceView } from "../../src/backend/views.ts";
import type { TraceColumns } from "../../src/query/columns.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
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

type Priced = Pick<TraceView, "trace" | "spans">;

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
      contextWindow: expect.any(Number),
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
  const { intake } = server.engine;
  const { traceId } = await priced({
    provider: "ollama",
    modelId: "phi4",
    usage: { inputTokens: 1_000_000 },
  });
  await intake.writer.call("setPrice", ["ollama", "phi*", { input: "1" }]);
  const other = new Database(storeFiles(server.dataDir).storePath);
  other.run("BEGIN IMMEDIATE");
  await intake.writer.call("startReprice", [{ model: "phi*" }, false]);
  // Longer than the writer waits for a lock.
  await Bun.sleep(5500);
  other.run("ROLLBACK");
  other.close();
  while ((await intake.writer.call("repriceStatus", []))!.finishedAt === null) await Bun.sleep(20);
  expect((await read(traceId)).trace.costUsd).toBe("1");
});

/** Spans with what only an import brings, in a trace of their own. */
async function imported(
  ...spans: Record<string, unknown>[]
): Promise<Priced & { traceId: string }> {
  const traceId = `trace-${++traces}`;
  const times = { name: "call", startTime: 1_760_000_000_000, endTime: 1_760_000_001_000 };
  const sent = spans.map((span, n) => ({ spanId: `s${n}`, spanType: "llm", ...times, ...span }));
  const payload = { version: "v1", traces: [{ traceId, traceName: "n", spans: sent }] };
  const response = await server.api("/api/import", {
    method: "POST",
    body: JSON.stringify(payload),
    headers: { "content-type": "application/json" },
  });
  expect(response.status).toBeLessThan(300);
  return { traceId, ...(await read(traceId)) };
}

const spanAt = async (traceId: string, spanId: string) =>
  (await (await server.api(`/api/traces/${traceId}/spans/${spanId}`)).json()) as SpanView;

async function reprice(filter: object = {}) {
  const { writer } = server.engine.intake;
  await writer.call("startReprice", [filter, false]);
  for (;;) {
    const status = (await writer.call("repriceStatus", []))!;
    if (status.finishedAt !== null) return status;
    await Bun.sleep(5);
  }
}

describe("usage on an agent alone", () => {
  const claude = {
    provider: "anthropic",
    modelId: "claude-sonnet-4-5-20250929",
    usage: {
      inputTokens: 5000,
      cachedInputTokens: 4000,
      cacheWriteInputTokens: 500,
      outputTokens: 900,
    },
  };

  test("costs what its model does, wherever the agent stands", async () => {
    const tool = { spanType: "tool", parentSpanId: "s0" };
    const { traceId, trace, spans } = await priced({ spanType: "agent", ...claude }, tool);
    // 500 × $3 + 4,000 × $0.30 + 500 × $3.75 + 900 × $15, per million.
    expect(trace).toMatchObject({
      costUsd: "0.018075",
      pricedSpanCount: 1,
      priceableSpanCount: 1,
      isCostEstimated: false,
    });
    expect(spans.map(({ costUsd }) => costUsd)).toEqual(["0.018075", null]);
    expect((await spanAt(traceId, "s0")).receipt?.lines).toHaveLength(4);
  });

  test("counts no more once a call below reports its own, whichever came first", async () => {
    const call = gpt({ inputTokens: 1000, outputTokens: 0 }, { parentSpanId: "s1" });
    const { traceId } = await priced({ spanType: "agent", ...claude });
    await post(traceId, [
      { spanType: "agent", ...claude },
      { spanType: "tool", parentSpanId: "s0" },
      call,
    ]);
    const { trace, spans } = await read(traceId);
    expect(trace).toMatchObject({ costUsd: "0.0025", pricedSpanCount: 1, priceableSpanCount: 1 });
    expect(spans.map(({ costUsd }) => costUsd)).toEqual([null, null, "0.0025"]);
    expect(await spanAt(traceId, "s0")).toMatchObject({ costUsd: null, receipt: null });
  });

  test("is repriced, and what agents repeat is counted nowhere", async () => {
    const { writer } = server.engine.intake;
    const own = { provider: "agents-inc", modelId: "runner", usage: { inputTokens: 1_000_000 } };
    const alone = await priced({ spanType: "agent", ...own });
    const around = await priced(
      { spanType: "agent", ...own },
      { ...own, usage: { inputTokens: 1_000_000, outputTokens: 0 }, parentSpanId: "s0" },
    );
    expect(alone.trace).toMatchObject({ costUsd: null, priceableSpanCount: 1 });
    await writer.call("setPrice", ["agents-inc", "runner", { input: "3" }]);
    expect(await reprice({ provider: "agents-inc" })).toMatchObject({
      spanCount: 2,
      changedSpanCount: 2,
      afterUsd: "6",
    });
    expect((await read(alone.traceId)).trace.costUsd).toBe("3");
    expect((await read(around.traceId)).trace.costUsd).toBe("3");
  });
});

describe("a cost that may be billed otherwise", () => {
  const flex = gpt({ inputTokens: 1000, outputTokens: 0 }, { x: { serviceTier: "flex" } });

  test("is marked from the call to the trace, with its reason", async () => {
    const plain = gpt({ inputTokens: 1000, outputTokens: 0 });
    const { traceId, trace, spans } = await imported(flex, plain);
    expect(trace).toMatchObject({ costUsd: "0.005", isCostEstimated: true });
    expect(spans.map(({ isCostEstimated }) => isCostEstimated)).toEqual([true, undefined]);
    const span = await spanAt(traceId, "s0");
    expect(span).toMatchObject({ serviceTier: "flex", isCostEstimated: true });
    expect(span.receipt).toMatchObject({ unpricedTier: "flex", isEstimated: true, missing: [] });
    const path = `/api/traces/${traceId}?format=columns`;
    const { estimatedRows } = (await (await server.api(path)).json()) as TraceColumns;
    expect(estimatedRows).toEqual([0]);
    expect((await spanAt(traceId, "s1")).receipt).toMatchObject({ isEstimated: false });
  });

  test("loses the mark where a rule knows the price", async () => {
    const { writer } = server.engine.intake;
    const call = { ...flex, provider: "flexible", modelId: "gpt-4o" };
    const { traceId, trace } = await imported(call);
    expect(trace.isCostEstimated).toBe(true);
    await writer.call("setPrice", ["flexible", "gpt-4o", { input: "1", output: "1" }]);
    expect((await reprice()).changedSpanCount).toBeGreaterThan(0);
    expect((await read(traceId)).trace.isCostEstimated).toBe(false);
  });
});

test("a call is priced by the model asked for where the answer's is unknown, and says so", async () => {
  const usage = { inputTokens: 1000, outputTokens: 100 };
  const call = { provider: "openai", modelId: "team-default", usage };
  const { traceId, trace } = await imported({ ...call, x: { requestModelId: "gpt-4o-mini" } });
  // 1,000 × $0.15 + 100 × $0.60, per million.
  expect(trace.costUsd).toBe("0.00021");
  expect((await spanAt(traceId, "s0")).receipt).toMatchObject({
    model: "gpt-4o-mini",
    foundBy: "requestModelId",
  });
});

test("what senders report of calls without a price is summed apart", async () => {
  const usage = { inputTokens: 1000, outputTokens: 0 };
  const unknown = { provider: "nobody", modelId: "unheard-of", usage };
  const { traceId, trace } = await imported(
    { ...unknown, x: { reportedCostUsd: 0.1 } },
    { ...unknown, x: { reportedCostUsd: 0.2 } },
    unknown,
    gpt(usage, { x: { reportedCostUsd: 7 } }),
  );
  expect(trace).toMatchObject({
    costUsd: "0.0025",
    reportedCostUsd: "0.3",
    pricedSpanCount: 1,
    priceableSpanCount: 4,
  });
  expect(await spanAt(traceId, "s0")).toMatchObject({ costUsd: null, reportedCostUsd: 0.1 });
});

test("details and tier of a call leave with a full export and come back", async () => {
  const x = {
    usageDetails: { audioInputTokens: 900, cacheWrite1hInputTokens: 5 },
    serviceTier: "priority",
  };
  const { traceId } = await imported(gpt({ inputTokens: 1000, outputTokens: 0 }, { x }));
  expect(await spanAt(traceId, "s0")).toMatchObject(x);
  const full = await (await server.api(`/api/traces/${traceId}/export?full=1`)).json();
  expect((full as any).traces[0].spans[0].x).toMatchObject(x);
});

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
