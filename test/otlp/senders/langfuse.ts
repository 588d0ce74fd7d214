/** Langfuse's SDK: values are JSON texts, usage is in parts that add up or in the provider's shape. */
import type { Fixture } from "./fixture.ts";

export const langfuse: Fixture[] = [
  {
    title: "Langfuse SDK: an agent, calls with usage in two shapes, a tool, a failed step",
    resource: { "service.name": "planner" },
    scope: { name: "langfuse-sdk", version: "5.0.4" },
    spans: [
      {
        id: 1,
        name: "plan-trip",
        at: [0, 3000],
        attributes: {
          "langfuse.observation.type": "agent",
          "langfuse.observation.input": '{"q":"Which train goes to Bergen?"}',
          "langfuse.observation.output": '"The 8:25."',
          "langfuse.trace.name": "trip",
          "langfuse.trace.tags": ["rail"],
          "langfuse.trace.metadata.plan": '"pro"',
          "session.id": "session-1",
          "user.id": "user-1",
        },
        becomes: {
          spanType: "agent",
          input: { q: "Which train goes to Bergen?" },
          output: "The 8:25.",
          metadata: { plan: '"pro"', tags: '["rail"]' },
        },
      },
      {
        id: 2,
        parent: 1,
        name: "draft",
        at: [10, 1000],
        attributes: {
          "langfuse.observation.type": "generation",
          "langfuse.observation.model.name": "gpt-4o-mini",
          "langfuse.observation.input": '[{"role":"user","content":"Which train?"}]',
          "langfuse.observation.output": '{"role":"assistant","content":"The 8:25."}',
          "langfuse.observation.usage_details":
            '{"input":400,"input_cached_tokens":600,"output":50,"total":1050}',
          "langfuse.observation.cost_details": '{"input":0.0001,"output":0.00003}',
          "langfuse.observation.completion_start_time": '"2026-09-21T14:13:20.300Z"',
        },
        becomes: {
          spanType: "llm",
          modelId: "gpt-4o-mini",
          input: [{ role: "user", content: "Which train?" }],
          output: { role: "assistant", content: "The 8:25." },
          usage: {
            inputTokens: 1000,
            outputTokens: 50,
            totalTokens: 1050,
            cachedInputTokens: 600,
          },
          reportedCostUsd: 0.00013,
          ttftMs: 290,
        },
      },
      {
        id: 3,
        parent: 1,
        name: "refine",
        at: [1100, 2000],
        attributes: {
          "langfuse.observation.type": "generation",
          "langfuse.observation.model.name": "gpt-4o-mini",
          "langfuse.observation.usage_details":
            '{"prompt_tokens":700,"completion_tokens":60,"total_tokens":760,"prompt_tokens_details":{"cached_tokens":512},"completion_tokens_details":{"reasoning_tokens":20}}',
        },
        becomes: {
          spanType: "llm",
          modelId: "gpt-4o-mini",
          usage: {
            inputTokens: 700,
            outputTokens: 60,
            totalTokens: 760,
            cachedInputTokens: 512,
            reasoningTokens: 20,
          },
        },
      },
      {
        id: 4,
        parent: 1,
        name: "timetable",
        at: [2010, 2100],
        attributes: {
          "langfuse.observation.type": "tool",
          "langfuse.observation.input": '{"city":"Bergen"}',
          "langfuse.observation.output": '{"departure":"8:25"}',
        },
        becomes: { spanType: "tool", input: { city: "Bergen" }, output: { departure: "8:25" } },
      },
      {
        id: 5,
        parent: 1,
        name: "seat",
        at: [2110, 2200],
        attributes: {
          "langfuse.observation.type": "span",
          "langfuse.observation.level": "ERROR",
          "langfuse.observation.status_message": "no seat left",
        },
        becomes: { spanType: "other", status: "error", errorMessage: "no seat left" },
      },
    ],
    trace: {
      traceName: "trip",
      agentName: "plan-trip",
      sessionId: "session-1",
      customer: { id: "user-1" },
      spanCount: 5,
      llmCount: 2,
      toolCount: 1,
      errorCount: 1,
      models: ["gpt-4o-mini"],
      inputTokens: 1700,
      outputTokens: 110,
      totalTokens: 1810,
      cachedInputTokens: 1112,
      reasoningTokens: 20,
    },
  },
];
