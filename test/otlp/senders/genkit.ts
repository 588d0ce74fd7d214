/** Genkit: what a span is stands in its metadata, provider and model in its name. */
import type { Fixture } from "./fixture.ts";

const usage = { inputTokens: 1200, outputTokens: 80, totalTokens: 1280 };
const answer = JSON.stringify({
  message: { role: "model", content: [{ text: "Four." }] },
  usage,
  raw: {
    usage: {
      prompt_tokens: 1200,
      completion_tokens: 80,
      prompt_tokens_details: { cached_tokens: 1024 },
      completion_tokens_details: { reasoning_tokens: 32 },
    },
  },
});

export const genkit: Fixture[] = [
  {
    title: "Genkit: a flow, a utility that repeats the usage of its call, a tool",
    resource: { "service.name": "flows" },
    scope: { name: "genkit-tracer", version: "v1" },
    spans: [
      {
        id: 1,
        name: "sumFlow",
        at: [0, 3000],
        attributes: {
          "genkit:type": "action",
          "genkit:metadata:subtype": "flow",
          "genkit:name": "sumFlow",
          "genkit:input": '"What is 2 + 2?"',
          "genkit:output": '"Four."',
        },
        becomes: { spanType: "agent", input: "What is 2 + 2?", output: "Four." },
      },
      {
        id: 2,
        parent: 1,
        name: "generate",
        at: [10, 2000],
        attributes: {
          "genkit:type": "util",
          "genkit:name": "generate",
          "genkit:output": JSON.stringify({ usage }),
        },
        becomes: { spanType: "other", output: { usage } },
      },
      {
        id: 3,
        parent: 2,
        name: "openai/gpt-4o",
        at: [20, 1000],
        attributes: {
          "genkit:type": "action",
          "genkit:metadata:subtype": "model",
          "genkit:name": "openai/gpt-4o",
          "genkit:input": '{"messages":[{"role":"user","content":[{"text":"What is 2 + 2?"}]}]}',
          "genkit:output": answer,
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-4o",
          input: { messages: [{ role: "user", content: [{ text: "What is 2 + 2?" }] }] },
          output: JSON.parse(answer),
          usage: { ...usage, cachedInputTokens: 1024, reasoningTokens: 32 },
        },
      },
      {
        id: 4,
        parent: 2,
        name: "add",
        at: [1010, 1020],
        attributes: {
          "genkit:type": "action",
          "genkit:metadata:subtype": "tool",
          "genkit:name": "add",
          "genkit:input": '{"a":2,"b":2}',
          "genkit:output": '"4"',
        },
        becomes: { spanType: "tool", input: { a: 2, b: 2 }, output: "4" },
      },
    ],
    trace: {
      traceName: "sumFlow",
      agentName: "flows",
      spanCount: 4,
      llmCount: 1,
      toolCount: 1,
      models: ["gpt-4o"],
      inputTokens: 1200,
      outputTokens: 80,
      totalTokens: 1280,
      cachedInputTokens: 1024,
      reasoningTokens: 32,
    },
  },
];
