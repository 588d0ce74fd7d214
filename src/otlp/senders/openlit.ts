/** OpenLIT's instrumentations. https://github.com/openlit/openlit */
import type { SpanType } from "../kind.ts";
import type { Sender } from "../sender.ts";
import { isPresent } from "../values.ts";

export const openLit: Sender = {
  signs: { scopes: ["openlit"] },
  spanType({ name, attributes }): SpanType | undefined {
    // A call that failed early has nothing but its name.
    if (isPresent(attributes["gen_ai.operation.name"])) return undefined;
    return /^chat \S/.test(name) ? "llm" : undefined;
  },
  inputHasCache: () => true,
};
