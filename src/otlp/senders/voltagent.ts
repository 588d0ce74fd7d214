/** VoltAgent. https://voltagent.dev */
import type { SpanType } from "../kind.ts";
import { attribute } from "../places.ts";
import { rawCountsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { tableOf, textOf } from "../values.ts";

const types = tableOf<SpanType>({ agent: "agent", workflow: "agent", llm: "llm", tool: "tool" });

export const voltAgent: Sender = {
  signs: { scopes: ["@voltagent/", "voltagent"], attributes: ["voltagent."] },
  spanType({ attributes }) {
    const type = textOf(attributes, ["span.type"]);
    if (type !== undefined) return types.get(type) ?? "other";
    // All of an agent's spans name it as their entity; its own has no type.
    const entity = textOf(attributes, ["entity.type"]);
    return entity === undefined ? undefined : (types.get(entity) ?? "other");
  },
  counts({ attributes }) {
    const found = Object.keys(attributes).filter((key) => key.startsWith("usage."));
    const usage = Object.fromEntries(found.map((key) => [key.slice(6), attributes[key]!]));
    return rawCountsIn({ ...usage, cached_input_tokens: usage.cached_tokens ?? null });
  },
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  keys: {
    requestModel: ["llm.model", "ai.model.name"],
    agentName: ["entity.name"],
    sessionId: ["conversation.id", "voltagent.conversation_id"],
  },
  input: { call: [attribute("llm.messages")], tool: [attribute("input")] },
  output: { call: [attribute("llm.response", "output")], tool: [attribute("output")] },
};
