/** How much of its model's context a call took, where the price that it was reckoned by knows the limit. */
import { Type, type Static } from "@sinclair/typebox";
import type { SpanRecord } from "../backend/spans.ts";
import type { Price } from "../pricing/rates.ts";

export const ContextUse = Type.Object({
  key: Type.Integer({ description: "The call's" }),
  spanId: Type.String(),
  tokens: Type.Integer({
    description: "Input, with what came from a cache or went into one, and output",
  }),
  contextWindow: Type.Integer({ description: "What the model takes at most, in tokens" }),
});

export type ContextUse = Static<typeof ContextUse>;

/** Of the model of a call; absent where no list price was found for it, or the list does not know it. */
export function contextWindowOf({
  price,
}: Pick<SpanRecord, "price">): Pick<Price, "contextWindow"> {
  if (price === null) return {};
  const { contextWindow } = JSON.parse(price) as Price;
  return contextWindow === undefined ? {} : { contextWindow };
}

type Call = Pick<
  SpanRecord,
  "key" | "price" | "inputTokens" | "outputTokens" | "cachedInputTokens" | "cacheWriteInputTokens"
>;

/** Finds the call that took the largest share of its model's context; null where none is known. */
export function createContextUse() {
  /** Many calls have one price. */
  const windows = new Map<string, number | undefined>();
  let fullest: Omit<ContextUse, "spanId"> | null = null;
  return {
    get fullest() {
      return fullest;
    },
    add(call: Call): void {
      const { key, price, inputTokens, outputTokens } = call;
      if (price === null || inputTokens === null) return;
      const contextWindow = windows.getOrInsertComputed(
        price,
        () => contextWindowOf({ price }).contextWindow,
      );
      if (contextWindow === undefined) return;
      // Parts beyond the whole: see receipt.ts.
      const cached = (call.cachedInputTokens ?? 0) + (call.cacheWriteInputTokens ?? 0);
      const tokens = Math.max(inputTokens, cached) + (outputTokens ?? 0);
      if (fullest && tokens / contextWindow <= fullest.tokens / fullest.contextWindow) return;
      fullest = { key, tokens, contextWindow };
    },
  };
}
