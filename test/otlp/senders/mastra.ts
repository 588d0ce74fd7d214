/** Mastra, whose kinds stand beside operations. */
import type { Fixture } from "./fixture.ts";

const resource = { "service.name": "weather-service" };
const question = "What is the weather in Oslo?";
const answer = "It is 21 degrees in Oslo.";
const inputMessages = JSON.stringify([
  { role: "user", parts: [{ type: "text", content: question }] },
]);
const outputMessages = JSON.stringify([
  { role: "assistant", parts: [{ type: "text", content: answer }], finish_reason: "stop" },
]);

export const mastra: Fixture[] = [
  {
    title: "Mastra: an agent in a workflow, one of generation, step and inference has the usage",
    resource,
    scope: { name: "@mastra/otel-exporter", version: "1.4.0" },
    spans: [
      {
        id: 1,
        name: "invoke_workflow forecast",
        at: [0, 3000],
        attributes: {
          "mastra.span.type": "workflow_run",
          "gen_ai.operation.name": "invoke_workflow",
          "mastra.workflow_run.input": '{"city":"Oslo"}',
          "mastra.workflow_run.output": '{"celsius":21}',
          "mastra.metadata.sessionId": "session-1",
          "mastra.metadata.tier": "gold",
        },
        becomes: {
          spanType: "agent",
          metadata: { sessionId: "session-1", tier: "gold" },
          input: '{"city":"Oslo"}',
          output: '{"celsius":21}',
        },
      },
      {
        id: 2,
        parent: 1,
        name: "invoke_agent weather-agent",
        at: [10, 2900],
        attributes: {
          "mastra.span.type": "agent_run",
          "gen_ai.operation.name": "invoke_agent",
          "gen_ai.agent.name": "weather-agent",
          "gen_ai.input.messages": inputMessages,
          "gen_ai.output.messages": outputMessages,
        },
        becomes: { spanType: "agent", input: inputMessages, output: outputMessages },
      },
      {
        id: 3,
        parent: 2,
        name: "chat gpt-5.2",
        kind: 3,
        at: [20, 2000],
        attributes: {
          "mastra.span.type": "model_generation",
          "gen_ai.operation.name": "chat",
          "gen_ai.provider.name": "openai",
          "gen_ai.request.model": "gpt-5.2",
          "gen_ai.response.finish_reasons": '["stop"]',
          "gen_ai.input.messages": inputMessages,
          "gen_ai.output.messages": outputMessages,
          // 250 ms after the start, whose fraction of a millisecond it leaves out.
          "mastra.completion_start_time": "2026-09-21T14:13:20.270Z",
          "gen_ai.usage.input_tokens": 1000,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.usage.cache_creation.input_tokens": 300,
          "gen_ai.usage.cache_creation.5m_input_tokens": 200,
          "gen_ai.usage.cache_creation.1h_input_tokens": 100,
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-5.2",
          ttftMs: 250,
          usage: {
            inputTokens: 1000,
            outputTokens: 20,
            totalTokens: 1020,
            cacheWriteInputTokens: 300,
          },
          input: inputMessages,
          output: outputMessages,
        },
      },
      {
        id: 4,
        parent: 3,
        name: "step: 0",
        at: [20, 2000],
        attributes: {
          "mastra.span.type": "model_step",
          "gen_ai.operation.name": "agent_step",
          "mastra.model_step.output": '{"text":"…"}',
        },
        becomes: { spanType: "other", output: '{"text":"…"}' },
      },
      {
        id: 5,
        parent: 4,
        name: "chunk: text",
        at: [30, 40],
        attributes: { "mastra.span.type": "model_chunk", "mastra.model_chunk.output": "It is" },
        becomes: { spanType: "other", output: "It is" },
      },
      {
        id: 6,
        parent: 2,
        name: "execute_tool weather",
        at: [2010, 2100],
        attributes: {
          "mastra.span.type": "mcp_tool_call",
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "weather",
          "gen_ai.tool.call.arguments": '{"city":"Oslo"}',
          "gen_ai.tool.call.result": '{"celsius":21}',
        },
        becomes: {
          spanType: "tool",
          name: "weather",
          input: '{"city":"Oslo"}',
          output: '{"celsius":21}',
        },
      },
      {
        id: 7,
        parent: 2,
        name: "embed",
        at: [2110, 2200],
        attributes: {
          "mastra.span.type": "rag_embedding",
          "mastra.rag_embedding.input": "Oslo",
          "gen_ai.request.model": "text-embedding-3-small",
          "gen_ai.provider.name": "openai",
          "gen_ai.usage.input_tokens": 5,
        },
        becomes: {
          spanType: "embedding",
          provider: "openai",
          modelId: "text-embedding-3-small",
          usage: { inputTokens: 5 },
          input: "Oslo",
        },
      },
    ],
    trace: {
      traceName: "invoke_workflow forecast",
      agentName: "weather-agent",
      sessionId: "session-1",
      spanCount: 7,
      llmCount: 1,
      toolCount: 1,
      models: ["gpt-5.2", "text-embedding-3-small"],
      inputTokens: 1005,
      outputTokens: 20,
      totalTokens: 1020,
      cacheWriteInputTokens: 300,
    },
  },
];
