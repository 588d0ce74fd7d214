/** What a call costs by a price that was found for it, and whether that is what it will be billed. */
import type { ImportedSpan, SpanExtension } from "../contract/v1.ts";
import type { Price } from "./rates.ts";
import { price, type Receipt } from "./receipt.ts";
import { isOwnPrice } from "./rules.ts";

/** What a receipt is written from, as a span has it. */
export interface Call extends Pick<ImportedSpan, "spanType" | "usage"> {
  x?: Pick<SpanExtension, "usageDetails" | "serviceTier"> | undefined;
}

export interface CallReceipt extends Receipt {
  /** The tier that the call was served in, where the price does not know it. */
  unpricedTier: string | null;
  /** False where the total is what the price says of all that was used. */
  isEstimated: boolean;
}

/** @returns null where the call reports nothing that has a price. */
export function receiptFor({ spanType, usage, x }: Call, found: Price): CallReceipt | null {
  if (!usage) return null;
  // All that an embedding reads is its input, and some report nothing but the total.
  const input = usage.inputTokens ?? (spanType === "embedding" ? usage.totalTokens : undefined);
  const whole = input === undefined ? usage : { ...usage, inputTokens: input };
  const receipt = price(whole, found.rates, x?.usageDetails);
  if (!receipt) return null;
  const unpricedTier = unpricedTierOf(x?.serviceTier, found);
  // Half of nothing is nothing.
  const isOffTier = unpricedTier !== null && receipt.total > 0n;
  return { ...receipt, unpricedTier, isEstimated: isOffTier || receipt.missing.length > 0 };
}

/** What providers call the tier that list prices are for; Anthropic's speed is one of them, too. */
const listedTiers = new Set([
  ...["", "auto", "default", "normal", "standard", "standard_only", "unspecified"],
  ...["on_demand", "on-demand", "traffic_type_unspecified", "service_tier_unspecified"],
]);

/**
 * Lists have one price for a model: flex and batch cost less, priority and fast more. A rule of the
 * user's is the whole price of the calls that it matches.
 */
function unpricedTierOf(tier: string | undefined, found: Price): string | null {
  const word = tier?.trim().toLowerCase() ?? "";
  if (listedTiers.has(word) || isOwnPrice(found)) return null;
  // OpenRouter lists some tiers as models.
  return found.model.endsWith(`:${word}`) ? null : tier!.trim();
}
