/** What calls cost, in words: a span keeps the price that it was reckoned by, and its total. */
import { receiptFor, type Call } from "../pricing/call.ts";
import { toUsd } from "../pricing/money.ts";
import { ratesOf, type Price } from "../pricing/rates.ts";
import type { Figure } from "../tally/figure.ts";
import type { ReceiptView } from "./views.ts";

/** @param cost in pico-dollars. */
export function usdOf(cost: Figure | null): string | null {
  return cost === null ? null : toUsd(BigInt(cost));
}

/** The receipt follows from the price and the usage, so only these are stored. */
export function receiptOf(call: Call, priceText: string): ReceiptView | null {
  const stored = JSON.parse(priceText) as Omit<Price, "rates">;
  const receipt = receiptFor(call, { ...stored, rates: ratesOf(stored.prices) });
  if (!receipt) return null;
  const { provider, model, source, sourceDate, foundBy = "modelId" } = stored;
  const { contextWindow = null } = stored;
  const { missing, unpricedTier, isEstimated } = receipt;
  const lines = receipt.lines.map(({ amount, ...line }) => ({ ...line, amountUsd: toUsd(amount) }));
  return {
    ...{ provider, model, foundBy, source, sourceDate },
    ...{ lines, missing, unpricedTier, isEstimated, contextWindow },
  };
}
