/** Strands Agents, from AWS. */
import { hasDottedCache } from "../conventions.ts";
import type { Sender } from "../sender.ts";
import { numberOf } from "../values.ts";

export const strands: Sender = {
  signs: { scopes: ["strands"] },
  // Versions with dotted keys include the cache; those before passed on what the provider counts.
  inputHasCache: ({ attributes }) => hasDottedCache(attributes) || undefined,
  // In ms here, in seconds everywhere else.
  ttftMs: ({ attributes }) => numberOf(attributes, ["gen_ai.server.time_to_first_token"]),
};
