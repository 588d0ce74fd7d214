/** Goose: spans of its runtime, some of which are the agent's. */
import type { SpanType } from "../kind.ts";
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { tableOf } from "../values.ts";

const types = tableOf<SpanType>({
  reply: "agent",
  stream_response_from_provider: "llm",
  complete: "llm",
  dispatch_tool_call: "tool",
});

export const goose: Sender = {
  signs: { scopes: ["goose"], services: ["goose"] },
  spanType: ({ name }) => types.get(name),
  input: { rest: [attribute("user_message", "trace_input")] },
};
