/** Gemini CLI: spans named by operation. */
import type { SpanType } from "../kind.ts";
import { memberOf, type Place } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isMap, mapOf, tableOf, textOf, toText } from "../values.ts";

const operations = tableOf<SpanType>({
  llm_call: "llm",
  tool_call: "tool",
  agent_call: "agent",
  user_prompt: "agent",
  system_prompt: "other",
  schedule_tool_calls: "other",
});

/** The response to a tool's call, out of the account of the whole call. */
const toolResponse: Place = ({ attributes }) => {
  const { response } = mapOf(attributes["gen_ai.output.messages"]);
  if (!isMap(response)) return null;
  const { responseParts, resultDisplay, error } = response;
  const [part] = Array.isArray(responseParts) ? responseParts : [];
  const answered = isMap(part) ? mapOf(mapOf(part.functionResponse).response) : {};
  const value = answered.output ?? answered.error ?? resultDisplay ?? error;
  return value === undefined ? null : { text: toText(value), keys: [] };
};

export const geminiCli: Sender = {
  signs: { scopes: ["gemini-cli"], services: ["gemini-cli"] },
  spanType: ({ attributes }) => operations.get(textOf(attributes, ["gen_ai.operation.name"]) ?? ""),
  status({ name, attributes }) {
    if (name !== "tool_call") return undefined;
    const { status } = mapOf(attributes["gen_ai.output.messages"]);
    if (attributes.decision === "reject" || status === "cancelled") return "aborted";
    return status === "error" ? "error" : undefined;
  },
  // Its spans have the candidates' count, and thoughts beside it.
  outputHasReasoning: () => false,
  provider: () => "gcp.gemini",
  input: { tool: [memberOf("gen_ai.input.messages", "args")] },
  output: { tool: [toolResponse] },
};
