/** Logfire's own instrumentations. */
import type { Fixture } from "./fixture.ts";

export const logfire: Fixture[] = [
  {
    title: "Logfire: request and response data, a name made from a template",
    resource: { "service.name": "shop" },
    scope: { name: "logfire.openai" },
    spans: [
      {
        id: 1,
        name: "order {number}",
        at: [0, 3000],
        attributes: { "logfire.msg": "order 17", "logfire.span_type": "span", number: 17 },
        becomes: { spanType: "other", name: "order 17" },
      },
      {
        id: 2,
        parent: 1,
        name: "Chat Completion with {request_data[model]!r}",
        at: [5, 6],
        attributes: { "logfire.span_type": "pending_span" },
        becomes: "dropped",
      },
      {
        id: 3,
        parent: 1,
        name: "Chat Completion with {request_data[model]!r}",
        at: [10, 1000],
        attributes: {
          "logfire.span_type": "span",
          "logfire.msg": "Chat Completion with 'gpt-4o-mini'",
          "gen_ai.system": "openai",
          request_data: '{"messages":[{"role":"user","content":"4 + 5?"}],"model":"gpt-4o-mini"}',
          response_data:
            '{"message":{"role":"assistant","content":"Nine."},"usage":{"prompt_tokens":12,"completion_tokens":2,"total_tokens":14}}',
        },
        becomes: {
          spanType: "llm",
          name: "Chat Completion with 'gpt-4o-mini'",
          provider: "openai",
          modelId: "gpt-4o-mini",
          input: { messages: [{ role: "user", content: "4 + 5?" }], model: "gpt-4o-mini" },
          output: { role: "assistant", content: "Nine." },
          usage: { inputTokens: 12, outputTokens: 2, totalTokens: 14 },
        },
      },
    ],
    trace: {
      traceName: "order 17",
      agentName: "shop",
      spanCount: 2,
      llmCount: 1,
      toolCount: 0,
      models: ["gpt-4o-mini"],
      inputTokens: 12,
      outputTokens: 2,
      totalTokens: 14,
    },
  },
];
