/** LiveKit, whose agents are interrupted. */
import type { Fixture } from "./fixture.ts";

const resource = { "service.name": "weather-service" };
const question = "What is the weather in Oslo?";

export const liveKit: Fixture[] = [
  {
    title: "LiveKit: a session, its turns, an interrupted answer",
    resource,
    scope: { name: "livekit-agents" },
    spans: [
      {
        id: 1,
        name: "agent_session",
        at: [0, 3000],
        attributes: { "lk.agent_name": "weather-agent" },
        becomes: { spanType: "agent" },
      },
      {
        id: 2,
        parent: 1,
        name: "agent_turn",
        at: [10, 900],
        attributes: {
          "lk.pii.user_input": question,
          "lk.interrupted": true,
          "lk.function_tools": ["weather"],
        },
        becomes: {
          spanType: "agent",
          status: "aborted",
          input: question,
          toolCatalog: ["weather"],
        },
      },
      {
        id: 3,
        parent: 2,
        name: "llm_node",
        at: [20, 800],
        attributes: { "gen_ai.request.model": "gpt-4o", "lk.response.ttft": 0.125 },
        becomes: { spanType: "other", modelId: "gpt-4o", ttftMs: 125 },
      },
      {
        id: 4,
        parent: 3,
        name: "llm_request",
        at: [30, 700],
        attributes: {
          "gen_ai.request.model": "gpt-4o",
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.input_cached_tokens": 60,
          "gen_ai.usage.output_tokens": 20,
        },
        becomes: {
          spanType: "llm",
          modelId: "gpt-4o",
          usage: { inputTokens: 100, outputTokens: 20, totalTokens: 120, cachedInputTokens: 60 },
        },
      },
      {
        id: 5,
        parent: 2,
        name: "function_tool",
        at: [710, 750],
        attributes: { "lk.function_tool.name": "weather" },
        becomes: { spanType: "tool", name: "weather" },
      },
    ],
    trace: {
      traceName: "agent_session",
      agentName: "weather-agent",
      spanCount: 5,
      llmCount: 1,
      toolCount: 1,
      models: ["gpt-4o"],
      inputTokens: 100,
      outputTokens: 20,
      totalTokens: 120,
      cachedInputTokens: 60,
    },
  },
];
