/** LiveKit Agents. */
import type { SpanType } from "../kind.ts";
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isPresent, isTrue, tableOf } from "../values.ts";

const types = tableOf<SpanType>({
  agent_session: "agent",
  agent_turn: "agent",
  start_agent_activity: "agent",
  llm_request: "llm",
  function_tool: "tool",
});

export const liveKit: Sender = {
  signs: { scopes: ["livekit"], attributes: ["lk."] },
  spanType: ({ name, attributes }) =>
    isPresent(attributes["lk.function_tool.name"]) ? "tool" : types.get(name),
  status: ({ attributes }) => (isTrue(attributes["lk.interrupted"]) ? "aborted" : undefined),
  keys: {
    toolName: ["lk.function_tool.name"],
    agentName: ["lk.agent_name", "lk.agent_label"],
    ttftSeconds: ["lk.response.ttft"],
  },
  input: { rest: [attribute("lk.pii.user_input", "lk.user_input")] },
  toolCatalog: [attribute("lk.function_tools")],
};
