/** pydantic-ai. https://ai.pydantic.dev/logfire/ */
import { attribute } from "../places.ts";
import { countNames } from "../usage.ts";
import { conventions } from "../conventions.ts";
import { countOf, presentOrNone } from "../values.ts";
import type { Sender } from "../sender.ts";

export const pydanticAi: Sender = {
  signs: { scopes: ["pydantic-ai"], attributes: ["pydantic_ai."] },
  spanType: ({ name }) => (name === "agent run" ? "agent" : undefined),
  counts({ attributes }) {
    // Agents have the sums of their runs under names of their own.
    if (!("gen_ai.aggregated_usage.input_tokens" in attributes)) return undefined;
    const keysOf = (name: (typeof countNames)[number]) =>
      conventions.keys![name]!.map((key) =>
        key.replace("gen_ai.usage.", "gen_ai.aggregated_usage."),
      );
    return presentOrNone(
      Object.fromEntries(countNames.map((name) => [name, countOf(attributes, keysOf(name))])),
    );
  },
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  input: { rest: [attribute("pydantic_ai.all_messages", "all_messages_events")] },
};
