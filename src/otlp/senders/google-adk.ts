/** Google's Agent Development Kit. https://google.github.io/adk-docs/observability/ */
import { attribute, type Place } from "../places.ts";
import type { Attributes } from "../records.ts";
import type { Sender } from "../sender.ts";
import { isPresent, mapOf, toText } from "../values.ts";

/** What it has not recorded is an empty object. */
const recorded =
  (key: string): Place =>
  (call) =>
    isRecorded(call.attributes, key) ? attribute(key)(call) : null;

function isRecorded(attributes: Attributes, key: string): boolean {
  const value = attributes[key];
  return isPresent(value) && value !== "{}";
}

/** Among the configuration of a request. */
const requestTools: Place = ({ attributes }) => {
  const { tools } = mapOf(mapOf(attributes["gcp.vertex.agent.llm_request"]).config);
  return isPresent(tools) ? { text: toText(tools), keys: [] } : null;
};

export const googleAdk: Sender = {
  signs: { scopes: ["gcp.vertex.agent"], attributes: ["gcp.vertex.agent."] },
  spanType({ name, attributes }) {
    if (isPresent(attributes["gen_ai.operation.name"])) return undefined;
    if (isRecorded(attributes, "gcp.vertex.agent.tool_call_args")) return "tool";
    if (isRecorded(attributes, "gcp.vertex.agent.llm_request")) return "llm";
    return name === "invocation" ? "agent" : undefined;
  },
  // Counts named so are those of Gemini's API, which has thoughts beside the candidates.
  outputHasReasoning: ({ attributes }) =>
    isPresent(attributes["gen_ai.usage.experimental.reasoning_tokens"]) ? false : undefined,
  keys: {
    sessionId: ["gen_ai.conversation.id", "gcp.vertex.agent.session_id"],
    workflowRunId: ["gcp.vertex.agent.invocation_id"],
  },
  input: {
    call: [recorded("gcp.vertex.agent.llm_request")],
    tool: [recorded("gcp.vertex.agent.tool_call_args")],
    rest: [recorded("gcp.vertex.agent.data")],
  },
  output: {
    call: [recorded("gcp.vertex.agent.llm_response")],
    tool: [recorded("gcp.vertex.agent.tool_response")],
  },
  toolCatalog: [requestTools],
};
