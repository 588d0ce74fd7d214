/** Strands Agents, from AWS. */
import type { Sender } from "../sender.ts";
import { isPresent, numberOf } from "../values.ts";

export const strands: Sender = {
  signs: { scopes: ["strands"] },
  // Versions with dotted keys include the cache; those before passed on what the provider counts.
  inputHasCache: ({ attributes }) =>
    ["cache_read", "cache_write", "cache_creation"].some((kind) =>
      isPresent(attributes[`gen_ai.usage.${kind}.input_tokens`]),
    ) || undefined,
  // In ms here, in seconds everywhere else.
  ttftMs: ({ attributes }) => numberOf(attributes, ["gen_ai.server.time_to_first_token"]),
};
