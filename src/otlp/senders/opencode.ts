/** opencode: spans of the AI SDK among those of its runtime. */
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { isPresent } from "../values.ts";

export const openCode: Sender = {
  signs: { scopes: ["opencode"], services: ["opencode"] },
  // Only what the AI SDK says is about the agent, and the tools, which run without it, too.
  spanType({ name, attributes }) {
    if (Object.keys(attributes).some((key) => key.startsWith("ai."))) return undefined;
    if (name === "Tool.execute" && isPresent(attributes["tool.name"])) return "tool";
    return isPresent(attributes["gen_ai.operation.name"]) ? undefined : "other";
  },
  keys: { sessionId: ["session.id", "ai.telemetry.metadata.sessionId"] },
  input: { tool: [attribute("tool.input")] },
  output: { tool: [attribute("tool.output")] },
};
