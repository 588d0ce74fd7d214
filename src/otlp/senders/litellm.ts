/**
 * LiteLLM, as a library and as a proxy.
 *
 * https://docs.litellm.ai/docs/observability/opentelemetry_integration
 */
import { fromPython } from "../../python.ts";
import { toMessage } from "../indexed.ts";
import type { SpanType } from "../kind.ts";
import { attribute, indexed, type Place } from "../places.ts";
import type { Attributes, Value } from "../records.ts";
import { rawCountsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { isMap, isPresent, parseJson, textOf, toStructure } from "../values.ts";

/** The answer's text is in its messages, and the calls of tools in flat keys beside them. */
const answer: Place = (call) => {
  const { attributes } = call;
  const messages = toStructure(attributes["gen_ai.output.messages"] ?? null);
  const [message] = Array.isArray(messages) ? messages : [];
  const flat = indexed("gen_ai.completion", toMessage)(call);
  const called = flat && parseJson(flat.text);
  if (!isMap(message) || !Array.isArray(message.parts) || !Array.isArray(called)) return null;
  const calls = called.filter(isMap).flatMap(toolCallOf);
  if (
    calls.length === 0 ||
    message.parts.some((part) => isMap(part) && part.type === "tool_call")
  ) {
    return null;
  }
  const whole = { ...message, parts: [...message.parts, ...calls] };
  return { text: JSON.stringify([whole]), keys: ["gen_ai.output.messages"] };
};

function toolCallOf({
  function_call: sent,
  "function_call.name": name,
  ...rest
}: Attributes): Value[] {
  const call = isMap(sent) ? sent : { name, arguments: rest["function_call.arguments"] };
  if (!isPresent(call.name)) return [];
  return [{ type: "tool_call", name: call.name, arguments: toStructure(call.arguments ?? null) }];
}

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
  repeatsUsage: ({ name }) => name === "raw_gen_ai_request" || undefined,
  counts({ attributes }) {
    const usage = attributes["metadata.usage_object"];
    return typeof usage === "string" ? rawCountsIn(fromPython(usage)) : undefined;
  },
  // Its usage is OpenAI's, whoever answered.
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  keys: {
    costUsd: ["gen_ai.cost.total_cost", "llm.cost.total_cost"],
    customerId: ["llm.user", "metadata.user_api_key_end_user_id", "metadata.user_api_key_user_id"],
  },
  output: { call: [answer, attribute("gen_ai.output.messages")] },
};
