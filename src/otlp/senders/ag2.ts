/** AG2 (formerly AutoGen). */
import { typeOfKind } from "../kind.ts";
import type { Sender } from "../sender.ts";
import { textOf } from "../values.ts";

export const ag2: Sender = {
  signs: { scopes: ["opentelemetry.instrumentation.ag2", "ag2"], attributes: ["ag2."] },
  spanType({ attributes }) {
    const type = textOf(attributes, ["ag2.span.type"]);
    // Spans of usage repeat the counts of the call before them.
    if (type === "usage") return "other";
    return typeOfKind(type);
  },
  repeatsUsage: ({ attributes }) => textOf(attributes, ["ag2.span.type"]) === "usage" || undefined,
  inputHasCache: () => true,
  outputHasReasoning: () => true,
};
