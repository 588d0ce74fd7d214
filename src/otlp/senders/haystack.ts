/** Haystack's components and agents. https://docs.haystack.deepset.ai/docs/tracing */
import type { SpanType } from "../kind.ts";
import { attribute, type Place } from "../places.ts";
import type { Attributes, Value } from "../records.ts";
import { countsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { isMap, isPresent, isTrue, mapOf, textOf, toText } from "../values.ts";

const inputKeys = [
  "haystack.component.input",
  "haystack.agent.step.llm.input",
  "haystack.agent.step.tool.input",
  "haystack.agent.input",
  "haystack.pipeline.input_data",
];
const outputKeys = [
  "haystack.component.output",
  "haystack.agent.step.llm.output",
  "haystack.agent.step.tool.output",
  "haystack.agent.output",
  "haystack.pipeline.output_data",
];
const input = [attribute(...inputKeys)];
const output = [attribute(...outputKeys)];

const names: Record<string, SpanType> = {
  "haystack.agent.run": "agent",
  "haystack.agent.step.llm": "llm",
  "haystack.agent.step.tool": "tool",
};

function firstMap(attributes: Attributes, keys: readonly string[]): Attributes {
  const key = keys.find((key) => isPresent(attributes[key]));
  return key === undefined ? {} : mapOf(attributes[key]);
}

/** What the model said of its answer: of a chat's reply, or of a text's. */
function metaOf(attributes: Attributes): Attributes {
  const { replies, meta } = firstMap(attributes, outputKeys);
  const reply = firstOf(replies);
  return isMap(reply) ? mapOf(reply.meta ?? reply._meta) : mapOf(firstOf(meta) ?? meta);
}

function firstOf(list: Value | undefined): Value | undefined {
  return Array.isArray(list) ? list[0] : undefined;
}

/** Texts alone do not say that they are an answer. */
const textReplies: Place = ({ attributes }) => {
  const { replies } = firstMap(attributes, outputKeys);
  return typeof firstOf(replies) === "string" ? { text: toText(replies!), keys: [] } : null;
};

const tools: Place = ({ attributes }) => {
  const sent = firstMap(attributes, inputKeys).tools;
  if (!Array.isArray(sent) || sent.length === 0) return null;
  return { text: toText(sent.map(declarationOf)), keys: [] };
};

/** A tool is written down with its class. */
function declarationOf(tool: Value): Value {
  return isMap(tool) && isMap(tool.data) ? tool.data : tool;
}

export const haystack: Sender = {
  signs: { scopes: ["haystack"], attributes: ["haystack."] },
  spanType({ name, attributes, parentSpanId }): SpanType | undefined {
    if (Object.hasOwn(names, name)) return names[name];
    const component = textOf(attributes, ["haystack.component.type"]) ?? "";
    if (/Generator$/.test(component)) return "llm";
    if (/Embedder$/.test(component)) return "embedding";
    if (component === "Agent") return "agent";
    if (name === "haystack.pipeline.run" && parentSpanId === "") return "agent";
    return component ? "other" : undefined;
  },
  // The agent goes on, and the span ends well.
  status: ({ attributes }) => (isTrue(attributes["haystack.tool.error"]) ? "error" : undefined),
  model: ({ attributes }) => textOf(metaOf(attributes), ["model"]),
  counts: ({ attributes }) => countsIn(metaOf(attributes).usage),
  keys: { toolName: ["haystack.tool.name"] },
  input: { call: input, tool: input, rest: input },
  output: { call: [textReplies, ...output], tool: output, rest: output },
  toolCatalog: [tools, attribute("haystack.agent.tools")],
};
