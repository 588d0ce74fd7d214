/** OpenInference and OpenLLMetry send to a real server: what they say of scripted models is shown. */
import { expect, test } from "bun:test";
import { answer, arrange, ofUser, pick, question, run, weatherCall } from "./emitters/stored.ts";

const system = "You are a weather assistant.";
const toolCall = {
  id: "call-1",
  type: "function",
  function: { name: "weather", arguments: '{"city":"Oslo"}' },
};

test("OpenInference shows an agent with its model calls and its tool", async () => {
  const traces = await run("openinference.ts", "emitOpenInference");
  const [agent, streamed, failing, embedded] = arrange(
    traces,
    "name",
    "weather-agent",
    "OpenAI Chat Completions",
    "failing-agent",
    "OpenAI Embeddings",
  );

  expect(agent.tree).toEqual([
    "agent weather-agent",
    "  llm OpenAI Chat Completions",
    "  tool weather",
    "  llm OpenAI Chat Completions",
  ]);
  expect(agent.trace).toMatchObject({
    ...ofUser,
    name: "weather-agent",
    status: "ok",
    spanCount: 4,
    llmCount: 2,
    toolCount: 1,
    models: ["gpt-4.1-2025-04-14"],
    inputTokens: 250,
    cachedInputTokens: 150,
    outputTokens: 50,
    reasoningTokens: 10,
    totalTokens: 300,
  });
  const [root, first, weather, second] = agent.spans;
  expect(root).toMatchObject({ input: question, output: answer });
  expect(first).toMatchObject({
    provider: "openai",
    modelId: "gpt-4.1-2025-04-14",
    usage: {
      inputTokens: 100,
      cachedInputTokens: 60,
      outputTokens: 20,
      reasoningTokens: 8,
      totalTokens: 120,
    },
    metadata: { tier: "gold" },
  });
  expect(JSON.parse(first!.input!)).toEqual([
    { role: "system", content: system },
    { role: "user", content: question },
  ]);
  expect(JSON.parse(first!.output!)).toEqual([{ role: "assistant", tool_calls: [toolCall] }]);
  expect(JSON.parse(first!.toolCatalog!)).toMatchObject([{ function: { name: "weather" } }]);
  expect(weather).toMatchObject({ ...weatherCall, input: "Oslo" });
  expect(JSON.parse(second!.input!).slice(2)).toEqual([
    { role: "assistant", tool_calls: [toolCall] },
    { role: "tool", content: weatherCall.output, tool_call_id: "call-1" },
  ]);
  expect(JSON.parse(second!.output!)).toEqual([{ role: "assistant", content: answer }]);

  expect(streamed.trace).toMatchObject({ llmCount: 1, inputTokens: null, status: "ok" });
  const [stream] = pick(streamed, "llm", 1);
  expect(JSON.parse(stream!.input!)).toEqual([{ role: "user", content: "Summarize the day." }]);
  expect(JSON.parse(stream!.output!)).toEqual([{ role: "assistant", content: "Sun all day." }]);

  expect(failing.trace).toMatchObject({ name: "failing-agent", status: "error" });
  expect(failing.spans).toMatchObject([
    { spanType: "agent", errorMessage: "500 The model is overloaded" },
  ]);

  const [embedding] = pick(embedded, "embedding", 1);
  expect(embedding).toMatchObject({ provider: "openai", modelId: "text-embedding-3-small" });
  expect(JSON.parse(embedding!.input!)).toEqual(["a sunny day"]);
});

/** Messages as OpenLLMetry has them, by the conventions. */
const userMessage = { role: "user", parts: [{ type: "text", content: question }] };
const summaryMessage = { role: "user", parts: [{ type: "text", content: "Summarize the day." }] };
const answerMessage = {
  role: "assistant",
  finish_reason: "stop",
  parts: [{ type: "text", content: answer }],
};
const toolCallMessage = {
  role: "assistant",
  finish_reason: "tool_call",
  parts: [{ type: "tool_call", id: "call-1", name: "weather", arguments: { city: "Oslo" } }],
};
const workflow = {
  ...ofUser,
  name: "weather-workflow.workflow",
  workflowName: "weather-workflow",
  status: "ok",
  toolCount: 1,
};
const tool = { ...weatherCall, input: '{"args":[{"city":"Oslo"}],"kwargs":{}}' };

test("OpenLLMetry shows a workflow with its calls of OpenAI", async () => {
  const traces = await run("openllmetry.ts", "emitOpenLlmetryOpenAi");
  const [stored, streamed] = arrange(traces, "name", "weather-workflow.workflow", "chat gpt-4.1");
  expect(stored.tree).toEqual([
    "agent weather-workflow.workflow",
    "  llm chat gpt-4.1",
    "  tool weather.tool",
    "  llm chat gpt-4.1",
  ]);
  expect(stored.trace).toMatchObject({
    ...workflow,
    models: ["gpt-4.1-2025-04-14"],
    llmCount: 2,
    inputTokens: 250,
    outputTokens: 50,
    totalTokens: 300,
  });
  const [root, first, weather, second] = stored.spans;
  expect(JSON.parse(root!.input!)).toEqual({ args: [question], kwargs: {} });
  expect(root!.output).toBe(answer);
  expect(first).toMatchObject({
    provider: "openai",
    modelId: "gpt-4.1-2025-04-14",
    usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120 },
  });
  expect(JSON.parse(first!.input!)).toEqual([
    { role: "system", parts: [{ type: "text", content: system }] },
    userMessage,
  ]);
  expect(JSON.parse(first!.output!)).toEqual([toolCallMessage]);
  expect(weather).toMatchObject({ ...tool, name: "weather.tool" });
  expect(JSON.parse(second!.output!)).toEqual([answerMessage]);
  const [stream] = pick(streamed, "llm", 1);
  expect(JSON.parse(stream!.input!)).toEqual([summaryMessage]);
  expect(JSON.parse(stream!.output!)).toMatchObject([
    { parts: [{ type: "text", content: "Sun all day." }] },
  ]);
});

test("a call of Anthropic counts once, though OpenLLMetry and the client each have a span of it", async () => {
  const traces = await run("openllmetry.ts", "emitOpenLlmetryAnthropic");
  const [stored, streamed, failing] = arrange(
    traces,
    "name",
    "weather-workflow.workflow",
    "chat claude-opus-4-7",
    "chat overloaded",
  );
  expect(stored.tree).toEqual([
    "agent weather-workflow.workflow",
    "  llm chat claude-opus-4-7",
    "    llm anthropic.messages.create",
    "  tool weather.tool",
    "  llm chat claude-opus-4-7",
    "    llm anthropic.messages.create",
  ]);
  // The instrumentation leaves the cache's 600 + 900 and 300 tokens out of its input.
  expect(stored.trace).toMatchObject({
    ...workflow,
    models: ["claude-opus-4-7"],
    inputTokens: 1950,
    cachedInputTokens: 1500,
    cacheWriteInputTokens: 300,
    outputTokens: 50,
    totalTokens: 2000,
  });
  const [first, , second] = pick(stored, "llm", 4);
  expect(first).toMatchObject({
    provider: "anthropic",
    modelId: "claude-opus-4-7",
    usage: {
      inputTokens: 1000,
      cachedInputTokens: 600,
      cacheWriteInputTokens: 300,
      outputTokens: 20,
      totalTokens: 1020,
    },
  });
  expect(JSON.parse(first!.input!)).toEqual([
    { role: "system", parts: [{ type: "text", content: system }] },
    userMessage,
  ]);
  expect(JSON.parse(first!.output!)).toEqual([toolCallMessage]);
  expect(pick(stored, "tool", 1)[0]).toMatchObject({ ...tool, name: "weather.tool" });
  expect(JSON.parse(second!.output!)).toEqual([answerMessage]);

  expect(streamed.trace).toMatchObject({
    inputTokens: 250,
    cachedInputTokens: 200,
    cacheWriteInputTokens: 10,
    outputTokens: 12,
    totalTokens: 262,
  });
  expect(failing.trace).toMatchObject({ status: "error", inputTokens: null });
  expect(failing.spans[0]).toMatchObject({
    spanType: "llm",
    modelId: "overloaded",
    errorMessage: expect.stringContaining("The model is overloaded"),
  });
});
