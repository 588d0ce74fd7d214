/** The spans that Anthropic's own SDKs emit. */
import type { Sender } from "../sender.ts";

export const anthropicSdk: Sender = {
  signs: { scopes: ["com.anthropic.sdk"] },
  inputHasCache: () => true,
  provider: () => "anthropic",
};
