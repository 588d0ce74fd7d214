/** Genkit. https://genkit.dev/docs/observability/ */
import { attribute, memberOf } from "../places.ts";
import type { Attributes, SpanRecord } from "../records.ts";
import { countsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { mapOf, textOf } from "../values.ts";

const input = [attribute("genkit:input")];
const output = [attribute("genkit:output")];

function isModel({ attributes }: SpanRecord): boolean {
  return textOf(attributes, ["genkit:metadata:subtype"]) === "model";
}

/** `provider/model`. */
function nameParts(attributes: Attributes): [provider: string, model: string] | null {
  const [, provider, model] =
    /^([^/]+)\/(.+)$/.exec(textOf(attributes, ["genkit:name"]) ?? "") ?? [];
  return provider && model ? [provider, model] : null;
}

export const genkit: Sender = {
  signs: { scopes: ["genkit"], attributes: ["genkit:"] },
  spanType({ attributes }) {
    switch (textOf(attributes, ["genkit:metadata:subtype"])) {
      case "model":
        return "llm";
      case "embedder":
        return "embedding";
      case "tool":
        return "tool";
      case "flow":
      case "agent":
        return "agent";
      default:
        return textOf(attributes, ["genkit:type"]) === undefined ? undefined : "other";
    }
  },
  model: (span) => (isModel(span) ? nameParts(span.attributes)?.[1] : undefined),
  provider: ({ attributes }) => nameParts(attributes)?.[0],
  counts(span) {
    // Utilities around a model's span repeat its usage.
    if (!isModel(span)) return undefined;
    const answer = mapOf(span.attributes["genkit:output"]);
    const raw = countsIn(mapOf(answer.raw).usage);
    return { ...countsIn(answer.usage), ...raw };
  },
  inputHasCache: (span) => (isModel(span) ? true : undefined),
  outputHasReasoning: (span) => (isModel(span) ? true : undefined),
  keys: { sessionId: ["genkit:sessionId"] },
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
  toolCatalog: [memberOf("genkit:input", "tools")],
};
