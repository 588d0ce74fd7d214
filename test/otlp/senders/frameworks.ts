/** Haystack, LangWatch, Braintrust, Laminar, OpenLIT, AG2 and Anthropic's SDK: a call of each. */
import type { Fixture, SentSpan } from "./fixture.ts";

const usage = { inputTokens: 12, outputTokens: 2, totalTokens: 14 };
const root: SentSpan = { id: 1, name: "run", at: [0, 3000], becomes: { spanType: "other" } };

/** A trace of one call beneath a root that says nothing. */
function callOf(
  title: string,
  scope: string,
  attributes: NonNullable<SentSpan["attributes"]>,
  becomes: Exclude<SentSpan["becomes"], "dropped">,
  name = "call",
): Fixture {
  const { usage } = becomes;
  return {
    title,
    resource: { "service.name": "app" },
    scope: { name: scope },
    spans: [root, { id: 2, parent: 1, name, at: [10, 1000], attributes, becomes }],
    trace: {
      traceName: "run",
      agentName: "app",
      spanCount: 2,
      llmCount: becomes.spanType === "llm" ? 1 : 0,
      toolCount: becomes.spanType === "tool" ? 1 : 0,
      ...(becomes.status === "error" && { errorCount: 1 }),
      models: becomes.modelId && becomes.spanType === "llm" ? [becomes.modelId] : [],
      ...usage,
    },
  };
}

export const frameworks: Fixture[] = [
  callOf(
    "Haystack: a generator, whose reply has model and usage in its meta",
    "haystack",
    {
      "haystack.component.type": "OpenAIChatGenerator",
      "haystack.component.input": '{"messages":[{"role":"user","content":[{"text":"Hello?"}]}]}',
      "haystack.component.output":
        '{"replies":[{"role":"assistant","content":[{"text":"Hi."}],"meta":{"model":"gpt-4o-mini","usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}}}]}',
    },
    {
      spanType: "llm",
      modelId: "gpt-4o-mini",
      usage,
      input: { messages: [{ role: "user", content: [{ text: "Hello?" }] }] },
      output: {
        replies: [
          {
            role: "assistant",
            content: [{ text: "Hi." }],
            meta: {
              model: "gpt-4o-mini",
              usage: { prompt_tokens: 12, completion_tokens: 2, total_tokens: 14 },
            },
          },
        ],
      },
    },
  ),
  callOf(
    "Haystack: a generator of texts",
    "haystack",
    {
      "haystack.component.type": "OpenAIGenerator",
      "haystack.component.input": '{"prompt":"Hello?"}',
      "haystack.component.output":
        '{"replies":["Hi."],"meta":[{"model":"gpt-4o-mini","usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}}]}',
    },
    {
      spanType: "llm",
      modelId: "gpt-4o-mini",
      usage,
      input: { prompt: "Hello?" },
      output: ["Hi."],
    },
  ),
  callOf(
    "Haystack: a tool that failed is caught before its span ends",
    "haystack",
    {
      "haystack.tool.name": "get_weather",
      "haystack.tool.error": true,
      "haystack.agent.step.tool.input": '{"city":"Oslo"}',
      "haystack.agent.step.tool.output": '{"error":"No such city"}',
    },
    {
      spanType: "tool",
      name: "get_weather",
      status: "error",
      input: { city: "Oslo" },
      output: { error: "No such city" },
    },
    "haystack.agent.step.tool",
  ),
  callOf(
    "LangWatch: values beside their types",
    "langwatch",
    {
      "langwatch.span.type": "llm",
      "gen_ai.request.model": "gpt-4o-mini",
      "langwatch.input": '{"type":"chat_messages","value":[{"role":"user","content":"Hello?"}]}',
      "langwatch.output": '{"type":"text","value":"Hi."}',
      "langwatch.metrics": '{"type":"json","value":{"promptTokens":12,"completionTokens":2}}',
    },
    {
      spanType: "llm",
      modelId: "gpt-4o-mini",
      usage,
      input: [{ role: "user", content: "Hello?" }],
      output: "Hi.",
    },
  ),
  callOf(
    "Braintrust: metrics and metadata as JSON",
    "braintrust",
    {
      "braintrust.span_attributes": '{"type":"llm"}',
      "braintrust.metadata": '{"model":"gpt-4o-mini"}',
      "braintrust.metrics": '{"prompt_tokens":12,"completion_tokens":2,"tokens":14}',
      "braintrust.input_json": '[{"role":"user","content":"Hello?"}]',
      "braintrust.output_json": '"Hi."',
    },
    {
      spanType: "llm",
      modelId: "gpt-4o-mini",
      usage,
      input: [{ role: "user", content: "Hello?" }],
      output: "Hi.",
    },
  ),
  callOf(
    "Laminar: a type, an input and an output of its own",
    "lmnr",
    {
      "lmnr.span.type": "LLM",
      "lmnr.span.input": '[{"role":"user","content":"Hello?"}]',
      "lmnr.span.output": '"Hi."',
      "gen_ai.request.model": "gpt-4o-mini",
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 2,
    },
    {
      spanType: "llm",
      modelId: "gpt-4o-mini",
      usage,
      input: [{ role: "user", content: "Hello?" }],
      output: "Hi.",
    },
  ),
  callOf(
    "OpenLIT: a call that failed early has nothing but its name",
    "openlit.instrumentation.anthropic",
    { "server.address": "localhost" },
    { spanType: "llm" },
    "chat claude-sonnet-4-5",
  ),
  callOf(
    "AG2: a span of usage repeats the counts of the call beside it",
    "opentelemetry.instrumentation.ag2",
    {
      "ag2.span.type": "usage",
      "gen_ai.response.model": "gpt-4o",
      "gen_ai.usage.input_tokens": 12,
      "gen_ai.usage.output_tokens": 2,
    },
    { spanType: "other", modelId: "gpt-4o" },
    "record_usage model_call",
  ),
  callOf(
    "Anthropic's SDK: counts that include the cache",
    "com.anthropic.sdk.python",
    {
      "gen_ai.operation.name": "chat",
      "gen_ai.provider.name": "anthropic",
      "gen_ai.request.model": "claude-sonnet-4-5",
      "gen_ai.usage.input_tokens": 2420,
      "gen_ai.usage.cache_read.input_tokens": 2000,
      "gen_ai.usage.cache_write.input_tokens": 300,
      "gen_ai.usage.output_tokens": 60,
    },
    {
      spanType: "llm",
      provider: "anthropic",
      modelId: "claude-sonnet-4-5",
      usage: {
        inputTokens: 2420,
        outputTokens: 60,
        totalTokens: 2480,
        cachedInputTokens: 2000,
        cacheWriteInputTokens: 300,
      },
    },
  ),
];
