/** Gemini CLI: spans named by operation. */
import type { SpanType } from "../kind.ts";
import type { Sender } from "../sender.ts";
import { tableOf, textOf } from "../values.ts";

const operations = tableOf<SpanType>({
  llm_call: "llm",
  tool_call: "tool",
  agent_call: "agent",
  user_prompt: "agent",
  system_prompt: "other",
  schedule_tool_calls: "other",
});

export const geminiCli: Sender = {
  signs: { scopes: ["gemini-cli"], services: ["gemini-cli"] },
  spanType: ({ attributes }) => operations.get(textOf(attributes, ["gen_ai.operation.name"]) ?? ""),
  status: ({ name, attributes }) =>
    name === "tool_call" && attributes.decision === "reject" ? "aborted" : undefined,
  // Its spans have the candidates' count, and thoughts beside it.
  outputHasReasoning: () => false,
  provider: () => "gcp.gemini",
};
