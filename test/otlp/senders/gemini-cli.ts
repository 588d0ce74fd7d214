/** Gemini CLI's own spans. */
import type { Fixture } from "./fixture.ts";

const contents = '[{"role":"user","parts":[{"text":"List the files."}]}]';

export const geminiCli: Fixture[] = [
  {
    title: "Gemini CLI: operations for names, raw contents, tool arguments among the messages",
    resource: { "service.name": "gemini-cli", "session.id": "session-1" },
    scope: { name: "gemini-cli", version: "v1" },
    spans: [
      {
        id: 1,
        name: "user_prompt",
        at: [0, 5000],
        attributes: {
          "gen_ai.operation.name": "user_prompt",
          "gen_ai.agent.name": "gemini-cli",
          "gen_ai.input.messages": "List the files.",
          "installation.id": "install-1",
        },
        becomes: { spanType: "agent", input: "List the files." },
      },
      {
        id: 2,
        parent: 1,
        name: "llm_call",
        at: [10, 900],
        attributes: {
          "gen_ai.operation.name": "llm_call",
          "gen_ai.agent.name": "gemini-cli",
          "gen_ai.conversation.id": "session-1",
          "gen_ai.request.model": "gemini-2.5-pro",
          "gen_ai.usage.input_tokens": 1000,
          "gen_ai.usage.output_tokens": 20,
          "gen_ai.system_instructions": "Be brief.",
          "gen_ai.input.messages": contents,
          "gen_ai.output.messages": '[{"text":"I wi"},{"text":"ll list them."}',
        },
        becomes: {
          spanType: "llm",
          provider: "gcp.gemini",
          modelId: "gemini-2.5-pro",
          usage: { inputTokens: 1000, outputTokens: 20, totalTokens: 1020 },
          input:
            '[{"role":"system","parts":[{"type":"text","content":"Be brief."}]},{"role":"user","parts":[{"text":"List the files."}]}]',
          output: '[{"text":"I wi"},{"text":"ll list them."}',
        },
      },
      {
        id: 3,
        parent: 1,
        name: "schedule_tool_calls",
        at: [910, 2000],
        attributes: { "gen_ai.operation.name": "schedule_tool_calls" },
        becomes: { spanType: "other" },
      },
      {
        id: 4,
        parent: 3,
        name: "tool_call",
        at: [920, 1900],
        attributes: {
          "gen_ai.operation.name": "tool_call",
          "gen_ai.tool.name": "run_shell_command",
          "gen_ai.tool.call_id": "call-1",
          "gen_ai.input.messages": '{"command":"ls"}',
          "gen_ai.output.messages": '{"output":"README.md"}',
        },
        becomes: {
          spanType: "tool",
          name: "run_shell_command",
          input: '{"command":"ls"}',
          output: '{"output":"README.md"}',
        },
      },
      {
        id: 5,
        parent: 1,
        name: "agent_call",
        at: [2010, 2100],
        attributes: {
          "gen_ai.operation.name": "agent_call",
          "gen_ai.agent.name": "codebase_investigator",
        },
        becomes: { spanType: "agent" },
      },
      {
        id: 6,
        parent: 1,
        name: "system_prompt",
        at: [2110, 2120],
        attributes: { "gen_ai.operation.name": "system_prompt" },
        becomes: { spanType: "other" },
      },
    ],
    trace: {
      traceName: "user_prompt",
      agentName: "gemini-cli",
      sessionId: "session-1",
      customer: { id: "install-1" },
      spanCount: 6,
      llmCount: 1,
      toolCount: 1,
      models: ["gemini-2.5-pro"],
      inputTokens: 1000,
      outputTokens: 20,
      totalTokens: 1020,
    },
  },
];
