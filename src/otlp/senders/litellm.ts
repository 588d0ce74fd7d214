/** LiteLLM, as a library and as a proxy. https://docs.litellm.ai/docs/observability/opentelemetry_integration */
import type { SpanType } from "../kind.ts";
import { toMessage } from "../indexed.ts";
import { attribute, indexed, type Place } from "../places.ts";
import { rawCountsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { isPresent, pythonOf, textOf } from "../values.ts";

/** The answer without its tool calls is here, and with them in the flat keys. */
const answer: Place = (call) => {
  const { attributes } = call;
  const sent = attributes["gen_ai.output.messages"];
  if (!isPresent(sent) || !isPresent(attributes["gen_ai.completion.0.function_call.name"]))
    return null;
  return indexed("gen_ai.completion", toMessage)(call);
};

export const liteLlm: Sender = {
  signs: { scopes: ["litellm"], services: ["litellm"], attributes: ["litellm.", "gen_ai.cost."] },
  spanType({ name, attributes }, { hasModel }): SpanType | undefined {
    // The request as the provider got it repeats the span around it.
    if (name === "raw_gen_ai_request") return "other";
    if (name !== "litellm_request" || !hasModel) return undefined;
    const call = textOf(attributes, ["gen_ai.operation.name", "llm.request.type"]) ?? "";
    if (/embed/i.test(call)) return "embedding";
    return /rerank|moderation|file|batch|list/i.test(call) ? "other" : "llm";
  },
  repeatsUsage: ({ name }) => name === "raw_gen_ai_request",
  counts: ({ attributes }) => rawCountsIn(pythonOf(attributes["metadata.usage_object"])),
  // Its usage is OpenAI's, whoever answered.
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  keys: {
    costUsd: ["gen_ai.cost.total_cost", "llm.cost.total_cost"],
    customerId: ["llm.user", "metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id"],
  },
  output: { call: [answer, attribute("gen_ai.output.messages")] },
};
