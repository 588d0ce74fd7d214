/** OpenAI's Codex: its runtime's own spans, of which few are about the agent. */
import type { Sender } from "../sender.ts";
import { isTrue } from "../values.ts";

export const codex: Sender = {
  signs: { scopes: ["codex"], services: ["codex"] },
  spanType({ name, attributes }, { hasTokens }) {
    // The turn repeats what its responses used, and responses name no model.
    if (name === "session_task.turn") return "agent";
    if (name === "handle_responses") return hasTokens ? "llm" : "other";
    // Others name a tool, too, while they wait for it or write down its result.
    return attributes["codex.tool.phase"] === "dispatch" ? "tool" : "other";
  },
  status: ({ attributes }) => (isTrue(attributes.aborted) ? "aborted" : undefined),
  provider: () => "openai",
  keys: {
    input: ["gen_ai.usage.input_tokens", "codex.turn.token_usage.input_tokens"],
    output: ["gen_ai.usage.output_tokens", "codex.turn.token_usage.output_tokens"],
    // Its tokens of tools are the total.
    total: ["codex.usage.total_tokens", "codex.turn.token_usage.total_tokens", "tool_token_count"],
    cacheRead: ["codex.turn.token_usage.cached_input_tokens"],
    cacheWrite: ["codex.turn.token_usage.cache_write_input_tokens"],
    reasoning: [
      "codex.usage.reasoning_output_tokens",
      "codex.turn.token_usage.reasoning_output_tokens",
    ],
    // Its `thread.id` is the number of an operating system's thread.
    sessionId: ["conversation.id"],
  },
};
