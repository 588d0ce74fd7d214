/** LiteLLM: OpenAI's counts for every provider, a cost of its own, the request as the provider got it. */
import type { Fixture } from "./fixture.ts";

export const liteLlm: Fixture[] = [
  {
    title: "LiteLLM: operations by the names of its functions, a tool call beside the answer",
    resource: { "service.name": "proxy" },
    scope: { name: "litellm" },
    spans: [
      {
        id: 1,
        name: "Received Proxy Server Request",
        at: [0, 3000],
        becomes: { spanType: "other" },
      },
      {
        id: 2,
        parent: 1,
        name: "litellm_request",
        at: [10, 1000],
        attributes: {
          "gen_ai.operation.name": "acompletion",
          "llm.request.type": "acompletion",
          "gen_ai.system": "anthropic",
          "gen_ai.request.model": "claude-sonnet-4-5",
          "gen_ai.response.model": "team-default",
          "gen_ai.usage.input_tokens": 2420,
          "gen_ai.usage.output_tokens": 60,
          "gen_ai.usage.total_tokens": 2480,
          "gen_ai.cost.total_cost": 0.0045,
          "llm.user": "user-1",
          "metadata.usage_object":
            "{'prompt_tokens': 2420, 'completion_tokens': 60, 'total_tokens': 2480, 'prompt_tokens_details': {'cached_tokens': 2000, 'text_tokens': None}, 'cache_creation_input_tokens': 300}",
          "gen_ai.output.messages":
            '[{"role":"assistant","parts":[{"type":"text","content":"Let me look."}]}]',
          "gen_ai.completion.0.function_call.name": "tides",
          "gen_ai.completion.0.function_call.arguments": '{"port":"Husum"}',
        },
        becomes: {
          spanType: "llm",
          provider: "anthropic",
          modelId: "team-default",
          metadata: {
            usage_object:
              "{'prompt_tokens': 2420, 'completion_tokens': 60, 'total_tokens': 2480, 'prompt_tokens_details': {'cached_tokens': 2000, 'text_tokens': None}, 'cache_creation_input_tokens': 300}",
          },
          reportedCostUsd: 0.0045,
          output: [
            {
              role: "assistant",
              parts: [
                { type: "text", content: "Let me look." },
                { type: "tool_call", name: "tides", arguments: { port: "Husum" } },
              ],
            },
          ],
          usage: {
            inputTokens: 2420,
            outputTokens: 60,
            totalTokens: 2480,
            cachedInputTokens: 2000,
            cacheWriteInputTokens: 300,
          },
        },
      },
      {
        id: 3,
        parent: 2,
        name: "raw_gen_ai_request",
        at: [20, 990],
        attributes: {
          "llm.anthropic.model": "claude-sonnet-4-5",
          "llm.anthropic.messages": "[{'role': 'user', 'content': 'When is high tide?'}]",
        },
        becomes: { spanType: "other" },
      },
      {
        id: 4,
        parent: 1,
        name: "litellm_request",
        at: [1010, 1100],
        attributes: {
          "gen_ai.operation.name": "aembedding",
          "gen_ai.system": "openai",
          "gen_ai.request.model": "text-embedding-3-small",
          "gen_ai.usage.input_tokens": 18,
        },
        becomes: {
          spanType: "embedding",
          provider: "openai",
          modelId: "text-embedding-3-small",
          usage: { inputTokens: 18 },
        },
      },
    ],
    trace: {
      traceName: "Received Proxy Server Request",
      agentName: "proxy",
      customer: { id: "user-1" },
      spanCount: 4,
      llmCount: 1,
      toolCount: 0,
      models: ["team-default", "text-embedding-3-small"],
      inputTokens: 2438,
      outputTokens: 60,
      totalTokens: 2480,
      cachedInputTokens: 2000,
      cacheWriteInputTokens: 300,
    },
  },
];
