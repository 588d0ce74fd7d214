/**
 * What a call cost, line by line.
 *
 * Every token is billed once: input includes what was read from and written to the cache, output
 * includes reasoning. Where counts contradict that, the parts are billed as reported and nothing is
 * left of the whole: no reported token goes unbilled, none is billed twice.
 */
import type { Usage } from "../contract/v1.ts";
import { amountOf } from "./money.ts";
import type { Dimension, Rates } from "./rates.ts";

export interface Line {
  dimension: Dimension;
  quantity: number;
  /** USD for one, a decimal. */
  unitPrice: string;
  /** Pico-dollars. */
  amount: bigint;
}

export interface Receipt {
  /** In the order of `dimensions`. What there was none of has no line. */
  lines: Line[];
  /** The sum of the lines in pico-dollars. Partial where something is missing. */
  total: bigint;
  /** What was used, or may have been, and could not be priced: no count or no rate is known. */
  missing: Dimension[];
}

/** @returns null where the call reports nothing that has a price: its cost is unknown, not zero. */
export function price(usage: Usage, rates: Rates): Receipt | null {
  const { inputTokens, outputTokens, reasoningTokens, requestCount } = usage;
  const cacheRead = usage.cachedInputTokens;
  const cacheWrite = usage.cacheWriteInputTokens;
  // Exact or of the right sign, as sums near 2^53 would not be.
  const uncached = (inputTokens ?? 0) - (cacheRead ?? 0) - (cacheWrite ?? 0);
  const wholeInput = (inputTokens ?? 0) - Math.min(0, uncached);
  const { table } = rates.find(({ above }) => wholeInput > above)!;

  const lines: Line[] = [];
  const missing: Dimension[] = [];
  let total = 0n;
  let isKnown = false;

  function bill(dimension: Dimension, quantity: number | undefined): void {
    if (quantity === undefined) return;
    const rate = table[dimension];
    if (!rate) {
      if (quantity > 0) missing.push(dimension);
      return;
    }
    isKnown = true;
    if (quantity === 0) return;
    const amount = amountOf(quantity, rate);
    lines.push({ dimension, quantity, unitPrice: rate.unitPrice, amount });
    total += amount;
  }

  /** Every call has some of it, unless the model has no price for it: embeddings have no output. */
  function billExpected(dimension: Dimension, quantity: number | undefined): void {
    if (quantity === undefined && (table[dimension]?.pico ?? 0n) > 0n) missing.push(dimension);
    bill(dimension, quantity);
  }

  billExpected("input", inputTokens && Math.max(0, uncached));
  bill("cacheRead", cacheRead);
  bill("cacheWrite", cacheWrite);
  if (table.reasoning === table.output && outputTokens !== undefined) {
    bill("output", Math.max(outputTokens, reasoningTokens ?? 0));
  } else {
    billExpected("output", outputTokens && Math.max(0, outputTokens - (reasoningTokens ?? 0)));
    bill("reasoning", reasoningTokens);
  }
  // Who counts images and searches at all reports them: an absent count is none.
  bill("image", usage.imageCount);
  bill("search", usage.webSearchCount);
  // Few providers charge for the request itself. A span is one, unless it says otherwise.
  if (table.request && (isKnown || requestCount !== undefined)) bill("request", requestCount ?? 1);
  return isKnown ? { lines, total, missing } : null;
}
