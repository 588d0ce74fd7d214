/** Strands, whose content stands in events. */
import type { Fixture } from "./fixture.ts";

const resource = { "service.name": "weather-service" };
const question = "What is the weather in Oslo?";

const ofStrands = (operation: string, model: string) => ({
  "gen_ai.operation.name": operation,
  "gen_ai.system": "strands-agents",
  "gen_ai.request.model": model,
  "gen_ai.event.start_time": "2026-09-21T14:13:20+00:00",
});
const bedrockModel = "us.anthropic.claude-sonnet-4-5-20250929-v1:0";
const strandsCounts = {
  "gen_ai.usage.prompt_tokens": 100,
  "gen_ai.usage.input_tokens": 100,
  "gen_ai.usage.completion_tokens": 20,
  "gen_ai.usage.output_tokens": 20,
  "gen_ai.usage.total_tokens": 120,
  "gen_ai.usage.cache_read_input_tokens": 60,
  "gen_ai.usage.cache_write_input_tokens": 30,
};
const strandsUsage = {
  inputTokens: 190,
  outputTokens: 20,
  totalTokens: 210,
  cachedInputTokens: 60,
  cacheWriteInputTokens: 30,
};

export const strands: Fixture[] = [
  {
    title: "Strands on Bedrock: content in events, a framework for a provider, exclusive counts",
    resource,
    scope: { name: "strands.telemetry.tracer" },
    spans: [
      {
        id: 1,
        name: "invoke_agent weather-agent",
        at: [0, 3000],
        attributes: {
          ...ofStrands("invoke_agent", bedrockModel),
          ...strandsCounts,
          "gen_ai.agent.name": "weather-agent",
          "gen_ai.agent.tools": '["weather"]',
          "session.id": "session-1",
        },
        events: [
          {
            name: "gen_ai.user.message",
            at: 1,
            attributes: { content: '[{"text": "What is the weather in Oslo?"}]' },
          },
          {
            name: "gen_ai.choice",
            at: 2999,
            attributes: { message: "It is 21 degrees in Oslo.\n", finish_reason: "end_turn" },
          },
        ],
        becomes: {
          spanType: "agent",
          provider: "aws.bedrock",
          modelId: bedrockModel,
          usage: strandsUsage,
          input: [{ role: "user", content: [{ text: question }] }],
          output: [
            {
              role: "assistant",
              finish_reason: "end_turn",
              content: "It is 21 degrees in Oslo.\n",
            },
          ],
          toolCatalog: '["weather"]',
        },
      },
      {
        id: 2,
        parent: 1,
        name: "execute_event_loop_cycle",
        at: [10, 2900],
        attributes: {
          "gen_ai.operation.name": "execute_event_loop_cycle",
          "gen_ai.system": "strands-agents",
          "event_loop.cycle_id": "cycle-1",
        },
        becomes: { spanType: "other", provider: "strands-agents" },
      },
      {
        id: 3,
        parent: 2,
        name: "chat",
        at: [20, 900],
        attributes: {
          ...ofStrands("chat", bedrockModel),
          ...strandsCounts,
          "gen_ai.server.time_to_first_token": 412,
        },
        events: [
          {
            name: "gen_ai.user.message",
            at: 21,
            attributes: { content: '[{"text": "What is the weather in Oslo?"}]' },
          },
          {
            name: "gen_ai.choice",
            at: 899,
            attributes: {
              finish_reason: "tool_use",
              message:
                '[{"toolUse": {"toolUseId": "call-1", "name": "weather", "input": {"city": "Oslo"}}}]',
            },
          },
        ],
        becomes: {
          spanType: "llm",
          provider: "aws.bedrock",
          modelId: bedrockModel,
          ttftMs: 412,
          usage: strandsUsage,
          input: [{ role: "user", content: [{ text: question }] }],
          output: [
            {
              role: "assistant",
              finish_reason: "tool_use",
              content: [
                { toolUse: { toolUseId: "call-1", name: "weather", input: { city: "Oslo" } } },
              ],
            },
          ],
        },
      },
      {
        id: 4,
        parent: 2,
        name: "execute_tool weather",
        at: [910, 950],
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.system": "strands-agents",
          "gen_ai.tool.name": "weather",
          "gen_ai.tool.call.id": "call-1",
          "tool.status": "success",
        },
        events: [
          {
            name: "gen_ai.tool.message",
            at: 911,
            attributes: { role: "tool", content: '{"city": "Oslo"}', id: "call-1" },
          },
          {
            name: "gen_ai.choice",
            at: 949,
            attributes: { message: '[{"text": "21"}]', id: "call-1" },
          },
        ],
        becomes: {
          spanType: "tool",
          name: "weather",
          provider: "strands-agents",
          input: '{"city": "Oslo"}',
          output: '[{"text": "21"}]',
        },
      },
      {
        // OpenAI counts what was cached among its input.
        id: 5,
        parent: 2,
        name: "chat",
        at: [960, 1000],
        attributes: {
          ...ofStrands("chat", "gpt-4.1"),
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.usage.total_tokens": 120,
          "gen_ai.usage.cache_read_input_tokens": 60,
        },
        becomes: {
          spanType: "llm",
          provider: "openai",
          modelId: "gpt-4.1",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120, cachedInputTokens: 60 },
        },
      },
    ],
    trace: {
      traceName: "invoke_agent weather-agent",
      agentName: "weather-agent",
      sessionId: "session-1",
      spanCount: 5,
      llmCount: 2,
      toolCount: 1,
      models: ["gpt-4.1", bedrockModel],
      inputTokens: 290,
      outputTokens: 40,
      totalTokens: 330,
      cachedInputTokens: 120,
      cacheWriteInputTokens: 30,
    },
  },
];
