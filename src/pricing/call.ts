/** The cost of a call at a given price, and whether that matches the bill. */
import type { ImportedSpan, SpanExtension } from "../contract/v1.ts";
import type { Price } from "./rates.ts";
import { price, type Receipt } from "./receipt.ts";
import { isOwnPrice } from "./rules.ts";

/** The fields of a span that a receipt needs. */
export interface Call extends Pick<ImportedSpan, "spanType" | "usage"> {
  x?: Pick<SpanExtension, "usageDetails" | "serviceTier"> | undefined;
}

export interface CallReceipt extends Receipt {
  /** The call's service tier, if the price does not cover it. */
  unpricedTier: string | null;
  /** False if the price covers all usage. */
  isEstimated: boolean;
}

/** @returns null if the call reports no billable usage. */
export function receiptFor({ spanType, usage, x }: Call, found: Price): CallReceipt | null {
  if (!usage) return null;
  // An embedding uses only input, and some senders report only the total.
  const input = usage.inputTokens ?? (spanType === "embedding" ? usage.totalTokens : undefined);
  const whole = input === undefined ? usage : { ...usage, inputTokens: input };
  const receipt = price(whole, found.rates, x?.usageDetails);
  if (!receipt) return null;
  const unpricedTier = unpricedTierOf(x?.serviceTier, found);
  // A cost of zero is zero in any tier.
  const isOffTier = unpricedTier !== null && receipt.total > 0n;
  return { ...receipt, unpricedTier, isEstimated: isOffTier || receipt.missing.length > 0 };
}

/** What providers call the tier of list prices, including Anthropic's speed. */
const listedTiers = new Set([
  ...["", "auto", "default", "normal", "standard", "standard_only", "unspecified"],
  ...["on_demand", "on-demand", "traffic_type_unspecified", "service_tier_unspecified"],
]);

/**
 * Lists have one price per model, but flex and batch cost less, priority and fast more. A user's rule
 * covers all tiers.
 */
function unpricedTierOf(tier: string | undefined, found: Price): string | null {
  const word = tier?.trim().toLowerCase() ?? "";
  if (listedTiers.has(word) || isOwnPrice(found)) return null;
  // OpenRouter lists some tiers as models.
  return found.model.endsWith(`:${word}`) ? null : tier!.trim();
}
