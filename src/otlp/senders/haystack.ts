/** Haystack's components. https://docs.haystack.deepset.ai/docs/tracing */
import type { SpanType } from "../kind.ts";
import { attribute } from "../places.ts";
import { countsIn } from "../reported.ts";
import type { Attributes, Value } from "../records.ts";
import type { Sender } from "../sender.ts";
import { isMap, mapOf, textOf } from "../values.ts";

const input = [attribute("haystack.component.input", "haystack.pipeline.input_data")];
const output = [attribute("haystack.component.output", "haystack.pipeline.output_data")];

function componentOf(attributes: Attributes): string {
  return textOf(attributes, ["haystack.component.type"]) ?? "";
}

/** What the model said of its answer: of a chat's reply, or of a text's. */
function metaOf(attributes: Attributes): Attributes {
  const sent = mapOf(attributes["haystack.component.output"]);
  const reply = firstOf(sent.replies);
  const meta = isMap(reply) ? (reply.meta ?? reply._meta) : firstOf(sent.meta);
  return mapOf(meta ?? sent.meta);
}

function firstOf(list: Value | undefined): Value | undefined {
  return Array.isArray(list) ? list[0] : undefined;
}

export const haystack: Sender = {
  signs: { scopes: ["haystack"], attributes: ["haystack."] },
  spanType({ name, attributes, parentSpanId }): SpanType | undefined {
    const component = componentOf(attributes);
    if (/Generator$/.test(component)) return "llm";
    if (/Embedder$/.test(component)) return "embedding";
    if (/^Agent$/.test(component)) return "agent";
    if (name === "haystack.pipeline.run" && parentSpanId === "") return "agent";
    return component ? "other" : undefined;
  },
  model: ({ attributes }) => textOf(metaOf(attributes), ["model"]),
  counts: ({ attributes }) => countsIn(metaOf(attributes).usage),
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
};
