/** MLflow's own spans: every attribute is a JSON text. */
import type { Fixture } from "./fixture.ts";

export const mlflow: Fixture[] = [
  {
    title: "MLflow: an agent, a call, a tool and an embedding, all values as JSON",
    resource: { "service.name": "notebook" },
    scope: { name: "mlflow.tracing.provider" },
    spans: [
      {
        id: 1,
        name: "predict",
        at: [0, 3000],
        attributes: {
          "mlflow.spanType": '"AGENT"',
          "mlflow.spanInputs": '{"q":"How deep is the fjord?"}',
          "mlflow.spanOutputs": '"1,308 m"',
        },
        becomes: { spanType: "agent", input: { q: "How deep is the fjord?" }, output: "1,308 m" },
      },
      {
        id: 2,
        parent: 1,
        name: "Completions",
        at: [10, 1000],
        attributes: {
          "mlflow.spanType": '"CHAT_MODEL"',
          "mlflow.message.format": '"openai"',
          "mlflow.llm.model": '"gpt-4o-mini-2024-07-18"',
          model: '"gpt-4o-mini"',
          "mlflow.spanInputs":
            '{"model":"gpt-4o-mini","messages":[{"role":"user","content":"Depth?"}]}',
          "mlflow.spanOutputs":
            '{"choices":[{"message":{"role":"assistant","content":"1,308 m"}}],"usage":{"prompt_tokens":1200,"completion_tokens":80,"completion_tokens_details":{"reasoning_tokens":32}}}',
          "mlflow.chat.tokenUsage":
            '{"input_tokens":1200,"output_tokens":80,"total_tokens":1280,"cache_read_input_tokens":1024}',
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-4o-mini-2024-07-18",
          input: { model: "gpt-4o-mini", messages: [{ role: "user", content: "Depth?" }] },
          output: {
            choices: [{ message: { role: "assistant", content: "1,308 m" } }],
            usage: {
              prompt_tokens: 1200,
              completion_tokens: 80,
              completion_tokens_details: { reasoning_tokens: 32 },
            },
          },
          usage: {
            inputTokens: 1200,
            outputTokens: 80,
            totalTokens: 1280,
            cachedInputTokens: 1024,
            reasoningTokens: 32,
          },
        },
      },
      {
        id: 3,
        parent: 1,
        name: "Messages.create",
        at: [1100, 1900],
        attributes: {
          "mlflow.spanType": '"CHAT_MODEL"',
          "mlflow.message.format": '"anthropic"',
          "mlflow.llm.model": '"claude-sonnet-4-5"',
          "mlflow.chat.tokenUsage":
            '{"input_tokens":120,"output_tokens":60,"total_tokens":180,"cache_read_input_tokens":2000}',
        },
        becomes: {
          spanType: "llm",
          provider: "anthropic",
          modelId: "claude-sonnet-4-5",
          usage: {
            inputTokens: 2120,
            outputTokens: 60,
            totalTokens: 2180,
            cachedInputTokens: 2000,
          },
        },
      },
      {
        id: 4,
        parent: 1,
        name: "depth",
        at: [2000, 2010],
        attributes: {
          "mlflow.spanType": '"TOOL"',
          "mlflow.spanInputs": '{"fjord":"Sogne"}',
          "mlflow.spanOutputs": '"1,308 m"',
        },
        becomes: { spanType: "tool", input: { fjord: "Sogne" }, output: "1,308 m" },
      },
      {
        id: 5,
        parent: 1,
        name: "Embeddings",
        at: [2020, 2030],
        attributes: {
          "mlflow.spanType": '"EMBEDDING"',
          "mlflow.llm.model": '"text-embedding-3-small"',
          "mlflow.spanOutputs": '{"usage":{"prompt_tokens":18,"total_tokens":18}}',
        },
        becomes: {
          spanType: "embedding",
          modelId: "text-embedding-3-small",
          output: { usage: { prompt_tokens: 18, total_tokens: 18 } },
          usage: { inputTokens: 18, totalTokens: 18 },
        },
      },
    ],
    trace: {
      traceName: "predict",
      agentName: "predict",
      spanCount: 5,
      llmCount: 2,
      toolCount: 1,
      models: ["claude-sonnet-4-5", "gpt-4o-mini-2024-07-18", "text-embedding-3-small"],
      inputTokens: 3338,
      outputTokens: 140,
      totalTokens: 3478,
      cachedInputTokens: 3024,
      reasoningTokens: 32,
    },
  },
];
