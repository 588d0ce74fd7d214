/** OpenInference's instrumentations. https://github.com/Arize-ai/openinference */
import { typeOfKind } from "../kind.ts";
import type { Attributes } from "../records.ts";
import type { Sender } from "../sender.ts";
import { isMap, mapOf, textOf } from "../values.ts";

export const openInference: Sender = {
  signs: {
    scopes: ["openinference.", "@arizeai/openinference"],
    attributes: [
      "openinference.",
      "llm.token_count.",
      "llm.input_messages.",
      "llm.output_messages.",
    ],
  },
  spanType({ name, attributes, parentSpanId }) {
    const kind = textOf(attributes, ["openinference.span.kind"])?.toLowerCase();
    if (kind === undefined) return undefined;
    // LlamaIndex prepares a call in a span of its own, which is none.
    if (name.endsWith("._prepare_chat_with_tools")) return "other";
    // LangChain's agents are chains; so is whatever else a trace begins with.
    if (kind === "chain" && parentSpanId === "") return "agent";
    return typeOfKind(kind) ?? "other";
  },
  model: ({ attributes }) => textOf(mapOf(attributes["llm.invocation_parameters"]), ["model"]),
  agentName({ attributes }, type) {
    const { metadata } = attributes;
    const isNamed = typeof metadata === "string" && metadata.includes("lc_agent_name");
    const ofChain = isNamed ? textOf(mapOf(metadata), ["lc_agent_name"]) : undefined;
    const nodeKeys = ["graph.node.name", "graph.node.id"];
    return ofChain ?? (type === "agent" ? textOf(attributes, nodeKeys) : undefined);
  },
  // Its instrumentations add the cache to what Anthropic calls the input.
  inputHasCache: () => true,
  provider: ({ attributes }) => chainedProvider(attributes),
};

/** LangChain says it in its metadata alone. */
function chainedProvider({ metadata }: Attributes): string | undefined {
  const hasOne =
    isMap(metadata) || (typeof metadata === "string" && metadata.includes("ls_provider"));
  return hasOne ? textOf(mapOf(metadata), ["ls_provider"]) : undefined;
}
