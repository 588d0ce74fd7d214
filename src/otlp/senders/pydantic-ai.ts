/** pydantic-ai. https://ai.pydantic.dev/logfire/ */
import { conventions } from "../conventions.ts";
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { countNames } from "../usage.ts";
import { countOf, presentOrNone } from "../values.ts";

/** Agents have the sums of their runs under names of their own. */
const sumKeys = countNames.map((name) => {
  const keys = conventions.keys![name]!;
  return [
    name,
    keys.map((key) => key.replace("gen_ai.usage.", "gen_ai.aggregated_usage.")),
  ] as const;
});

export const pydanticAi: Sender = {
  signs: { scopes: ["pydantic-ai"], attributes: ["pydantic_ai."] },
  spanType: ({ name }) => (name === "agent run" ? "agent" : undefined),
  counts({ attributes }) {
    if (!("gen_ai.aggregated_usage.input_tokens" in attributes)) return undefined;
    return presentOrNone(
      Object.fromEntries(sumKeys.map(([name, keys]) => [name, countOf(attributes, keys)])),
    );
  },
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  input: { rest: [attribute("pydantic_ai.all_messages", "all_messages_events")] },
};
