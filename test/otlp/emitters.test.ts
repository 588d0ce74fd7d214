/** The OpenTelemetry SDK and the AI SDK send to a real server: what they say of scripted models is shown. */
import { describe, expect, test } from "bun:test";
import {
  answer,
  arrange,
  ofUser,
  pick,
  question,
  run,
  runOverGrpc,
  weatherCall,
  type Stored,
} from "./emitters/stored.ts";

describe("the OpenTelemetry SDK", () => {
  test.each([
    { protocol: "http/json", gzip: false },
    { protocol: "http/json", gzip: true },
    { protocol: "http/protobuf", gzip: false },
    { protocol: "http/protobuf", gzip: true },
  ])("sends an agent's run by the conventions: %o", async (target) => {
    const traces = await run("opentelemetry.ts", "emitOpenTelemetry", target);
    const [stored] = arrange(traces, "agentName", "weather-agent");
    expectWeatherService(stored);
    const [, second] = pick(stored, "llm", 2);
    expect(JSON.parse(second!.input!)).toEqual([{ role: "user", content: "And now?" }]);
    expect(JSON.parse(second!.output!)).toEqual([
      { role: "assistant", content: answer, finish_reason: "stop" },
    ]);
  });

  test.each([
    { protocol: "grpc", gzip: false },
    { protocol: "grpc", gzip: true },
  ])("sends the same over gRPC: %o", async (target) => {
    const traces = await runOverGrpc("opentelemetry.ts", "emitOpenTelemetry", target);
    const [stored] = arrange(traces, "agentName", "weather-agent");
    expectWeatherService(stored);
  });
});

function expectWeatherService(stored: Stored): void {
  expect(stored.trace).toMatchObject({
    ...ofUser,
    name: "invoke_agent weather-agent",
    agentName: "weather-agent",
    status: "ok",
    spanCount: 5,
    llmCount: 2,
    toolCount: 2,
    errorCount: 1,
    models: ["gpt-4.1-2025-04-14"],
    inputTokens: 250,
    cachedInputTokens: 150,
    cacheWriteInputTokens: 10,
    outputTokens: 50,
    reasoningTokens: 8,
    totalTokens: 300,
  });
  expect(stored.tree).toEqual([
    "agent invoke_agent weather-agent",
    "  llm chat gpt-4.1",
    "  tool weather",
    "  tool forecast",
    "  llm chat gpt-4.1",
  ]);
  const [agent, first, weather, forecast, second] = stored.spans;
  expect(agent).toMatchObject({ kind: "internal", source: "otlp" });
  expect(JSON.parse(agent!.attributes!)).toMatchObject({
    "app.attempt": 2,
    "app.ratio": 0.25,
    "app.is_beta": true,
    "app.tags": ["weather", "test"],
    "app.scores": [1, 2, 3],
  });
  expect(JSON.parse(agent!.resource!)).toMatchObject({
    attributes: { "service.name": "weather-service", "service.version": "1.2.3" },
  });
  expect(JSON.parse(agent!.events!)).toMatchObject([
    {
      type: "link",
      traceId: "0af7651916cd43dd8448eb211c80319c",
      spanId: "b7ad6b7169203331",
      attributes: { "link.reason": "follows" },
    },
  ]);
  expect(first).toMatchObject({
    kind: "client",
    provider: "openai",
    modelId: "gpt-4.1-2025-04-14",
    ttftMs: 250,
    usage: {
      inputTokens: 100,
      cachedInputTokens: 60,
      cacheWriteInputTokens: 10,
      outputTokens: 20,
      reasoningTokens: 8,
      totalTokens: 120,
    },
  });
  expect(JSON.parse(first!.input!)).toEqual([
    { role: "system", parts: [{ type: "text", content: "You are a weather assistant." }] },
    { role: "user", parts: [{ type: "text", content: question }] },
  ]);
  expect(JSON.parse(first!.output!)).toEqual([
    {
      role: "assistant",
      parts: [{ type: "tool_call", id: "call-1", name: "weather", arguments: { city: "Oslo" } }],
      finish_reason: "tool_calls",
    },
  ]);
  expect(JSON.parse(first!.toolCatalog!)).toMatchObject([{ name: "weather" }]);
  expect(weather).toMatchObject(weatherCall);
  expect(forecast).toMatchObject({ status: "error", errorMessage: "No such city" });
  expect(JSON.parse(forecast!.events!)).toMatchObject([
    {
      type: "event",
      name: "exception",
      attributes: { "exception.type": "TypeError", "exception.message": "No such city" },
    },
  ]);
  expect(second!.usage).toEqual({
    inputTokens: 150,
    cachedInputTokens: 90,
    outputTokens: 30,
    totalTokens: 180,
  });
}

const systemMessage = { role: "system", content: "You are a weather assistant." };
const userMessage = { role: "user", content: [{ type: "text", text: question }] };
const summaryMessage = { role: "user", content: [{ type: "text", text: "Summarize the day." }] };
const vercelToolCall = {
  type: "tool-call",
  toolCallId: "call-1",
  toolName: "weather",
  input: { city: "Oslo" },
};
const failed = { status: "error", errorMessage: "The model is overloaded" };

describe("the AI SDK", () => {
  const weatherTree = [
    "agent weather-agent: ai.generateText",
    "  llm weather-agent: ai.generateText.doGenerate",
    "  tool weather",
    "  llm weather-agent: ai.generateText.doGenerate",
  ];

  test.each([
    {
      emitter: "emitAiSdk4",
      provider: "openai",
      modelId: "gpt-4.1",
      totals: { inputTokens: 250, cachedInputTokens: 150, outputTokens: 50, reasoningTokens: 10 },
      first: { inputTokens: 100, cachedInputTokens: 60, outputTokens: 20, reasoningTokens: 8 },
      streamed: { inputTokens: 40, cachedInputTokens: 16, outputTokens: 12, reasoningTokens: 4 },
    },
    {
      // Its counts leave out 600 + 900 tokens that were read from the cache and 300 that were written.
      emitter: "emitAiSdk5",
      provider: "anthropic",
      modelId: "claude-opus-4-7",
      totals: {
        inputTokens: 1950,
        cachedInputTokens: 1500,
        cacheWriteInputTokens: 300,
        outputTokens: 50,
      },
      first: {
        inputTokens: 1000,
        cachedInputTokens: 600,
        cacheWriteInputTokens: 300,
        outputTokens: 20,
      },
      streamed: {
        inputTokens: 250,
        cachedInputTokens: 200,
        cacheWriteInputTokens: 10,
        outputTokens: 12,
      },
    },
    {
      emitter: "emitAiSdk6",
      provider: "openai",
      modelId: "gpt-5.2",
      totals: {
        inputTokens: 250,
        cachedInputTokens: 150,
        cacheWriteInputTokens: 10,
        outputTokens: 50,
        reasoningTokens: 10,
      },
      first: {
        inputTokens: 100,
        cachedInputTokens: 60,
        cacheWriteInputTokens: 10,
        outputTokens: 20,
        reasoningTokens: 8,
      },
      streamed: {
        inputTokens: 40,
        cachedInputTokens: 16,
        cacheWriteInputTokens: 0,
        outputTokens: 12,
        reasoningTokens: 4,
      },
    },
  ])("says what its functions did: $emitter", async (expected) => {
    const { emitter, provider, modelId, totals, first, streamed } = expected;
    const traces = await run("aisdk.ts", emitter);
    const [agent, summary, failing, index] = arrange(
      traces,
      "agentName",
      "weather-agent",
      "summary",
      "failing",
      "index",
    );

    expect(agent.tree).toEqual(weatherTree);
    expect(agent.trace).toMatchObject({
      ...ofUser,
      ...totals,
      name: "weather-agent: ai.generateText",
      agentName: "weather-agent",
      status: "ok",
      spanCount: 4,
      llmCount: 2,
      toolCount: 1,
      models: [modelId],
      totalTokens: totals.inputTokens + totals.outputTokens,
    });
    const [call, secondCall] = pick(agent, "llm", 2);
    expect(call).toMatchObject({ provider, modelId, status: "ok", metadata: { tier: "gold" } });
    expect(call!.usage).toEqual({ ...first, totalTokens: first.inputTokens + first.outputTokens });
    expect(JSON.parse(call!.input!)).toEqual([systemMessage, userMessage]);
    expect(JSON.parse(call!.output!)).toMatchObject([vercelToolCall]);
    expect(JSON.parse(call!.toolCatalog!)).toMatchObject([{ name: "weather" }]);
    expect(secondCall!.output).toBe(answer);
    expect(pick(agent, "tool", 1)[0]).toMatchObject(weatherCall);
    const [root] = pick(agent, "agent", 1);
    expect(JSON.parse(root!.input!)).toEqual({ system: systemMessage.content, prompt: question });
    expect(root!.output).toBe(answer);

    expect(summary.tree).toEqual([
      "agent summary: ai.streamText",
      "  llm summary: ai.streamText.doStream",
    ]);
    expect(summary.trace).toMatchObject({
      ...ofUser,
      ...streamed,
      name: "summary: ai.streamText",
      llmCount: 1,
    });
    const [stream] = pick(summary, "llm", 1);
    expect(stream!.usage).toEqual({
      ...streamed,
      totalTokens: streamed.inputTokens + streamed.outputTokens,
    });
    expect(JSON.parse(stream!.input!)).toEqual([summaryMessage]);
    expect(stream!.output).toBe("Sun all day.");
    expect(stream!.ttftMs).toBeGreaterThanOrEqual(5);

    expect(failing.trace).toMatchObject({
      name: "failing: ai.generateText",
      status: "error",
      inputTokens: null,
    });
    for (const span of failing.spans) expect(span).toMatchObject(failed);

    expect(index.trace).toMatchObject({
      name: "index: ai.embed",
      inputTokens: 5,
      outputTokens: null,
    });
    expect(index.tree).toEqual(["other index: ai.embed", "  embedding index: ai.embed.doEmbed"]);
    expect(pick(index, "embedding", 1)[0]).toMatchObject({
      provider: "openai",
      modelId: "text-embedding-3-small",
      usage: { inputTokens: 5 },
    });
    expect(JSON.parse(pick(index, "embedding", 1)[0]!.input!)).toEqual(["a sunny day"]);
  });

  test("version 7 says what its agents did", async () => {
    const traces = await run("aisdk.ts", "emitAiSdk7");
    // An embedding has no agent: its service stands for it.
    const [agent, summary, failing, index] = arrange(
      traces,
      "agentName",
      "weather-agent",
      "summary",
      "failing",
      "ai-sdk-7",
    );
    const model = { provider: "anthropic", modelId: "claude-opus-4-7" };

    expect(agent.tree).toEqual([
      "agent invoke_agent claude-opus-4-7",
      "  other step 1",
      "    llm chat claude-opus-4-7",
      "    tool weather",
      "  other step 2",
      "    llm chat claude-opus-4-7",
    ]);
    expect(agent.trace).toMatchObject({
      ...ofUser,
      agentName: "weather-agent",
      status: "ok",
      llmCount: 2,
      toolCount: 1,
      models: ["claude-opus-4-7"],
      inputTokens: 250,
      cachedInputTokens: 150,
      cacheWriteInputTokens: 10,
      outputTokens: 50,
      reasoningTokens: 10,
      totalTokens: 300,
    });
    const [call, secondCall] = pick(agent, "llm", 2);
    expect(call).toMatchObject(model);
    expect(call!.usage).toEqual({
      inputTokens: 100,
      cachedInputTokens: 60,
      cacheWriteInputTokens: 10,
      outputTokens: 20,
      reasoningTokens: 8,
      totalTokens: 120,
    });
    expect(JSON.parse(call!.input!)).toEqual([
      { role: "system", parts: [{ type: "text", content: "You are a weather assistant." }] },
      { role: "user", parts: [{ type: "text", content: question }] },
    ]);
    expect(JSON.parse(secondCall!.output!)).toEqual([
      { role: "assistant", parts: [{ type: "text", content: answer }], finish_reason: "stop" },
    ]);
    expect(pick(agent, "tool", 1)[0]).toMatchObject(weatherCall);

    expect(summary.trace).toMatchObject({
      ...ofUser,
      agentName: "summary",
      inputTokens: 40,
      cachedInputTokens: 16,
      outputTokens: 12,
      reasoningTokens: 4,
    });
    expect(pick(summary, "llm", 1)[0]!.ttftMs).toBeGreaterThanOrEqual(5);

    expect(failing.trace).toMatchObject({ agentName: "failing", status: "error" });
    for (const span of failing.spans) expect(span).toMatchObject(failed);

    expect(index.trace).toMatchObject({ ...ofUser, inputTokens: 5, outputTokens: null });
    expect(index.spans.map(({ modelId }) => modelId)).toEqual(
      Array(2).fill("text-embedding-3-small"),
    );
  });
});
