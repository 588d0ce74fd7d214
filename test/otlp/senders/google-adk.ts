/** Google's Agent Development Kit before it used the conventions' names for content. */
import type { Fixture } from "./fixture.ts";

export const googleAdk: Fixture[] = [
  {
    title: "Google ADK: a request and a response in one JSON each, thoughts beside the output",
    resource: { "service.name": "dice" },
    scope: { name: "gcp.vertex.agent", version: "1" },
    spans: [
      { id: 1, name: "invocation", at: [0, 4000], becomes: { spanType: "agent" } },
      {
        id: 2,
        parent: 1,
        name: "call_llm",
        at: [10, 1000],
        attributes: {
          "gen_ai.system": "gcp.vertex.agent",
          "gen_ai.request.model": "gemini-2.5-flash",
          "gcp.vertex.agent.invocation_id": "run-1",
          "gcp.vertex.agent.session_id": "session-1",
          "gcp.vertex.agent.llm_request":
            '{"contents":[{"role":"user","parts":[{"text":"Roll."}]}]}',
          "gcp.vertex.agent.llm_response": '{"content":{"role":"model","parts":[{"text":"Six."}]}}',
          "gen_ai.usage.input_tokens": 100,
          "gen_ai.usage.output_tokens": 10,
          "gen_ai.usage.experimental.reasoning_tokens": 5,
        },
        becomes: {
          spanType: "llm",
          provider: "gcp.gemini",
          modelId: "gemini-2.5-flash",
          input: { contents: [{ role: "user", parts: [{ text: "Roll." }] }] },
          output: { content: { role: "model", parts: [{ text: "Six." }] } },
          usage: { inputTokens: 100, outputTokens: 15, totalTokens: 115, reasoningTokens: 5 },
        },
      },
      {
        id: 3,
        parent: 2,
        name: "execute_tool roll",
        at: [1010, 1020],
        attributes: {
          "gen_ai.operation.name": "execute_tool",
          "gen_ai.tool.name": "roll",
          "gcp.vertex.agent.tool_call_args": '{"sides":6}',
          "gcp.vertex.agent.tool_response": '{"result":6}',
          "gcp.vertex.agent.llm_request": "{}",
        },
        becomes: { spanType: "tool", name: "roll", input: { sides: 6 }, output: { result: 6 } },
      },
    ],
    trace: {
      traceName: "invocation",
      agentName: "dice",
      sessionId: "session-1",
      spanCount: 3,
      llmCount: 1,
      toolCount: 1,
      models: ["gemini-2.5-flash"],
      inputTokens: 100,
      outputTokens: 15,
      totalTokens: 115,
      reasoningTokens: 5,
    },
  },
];
