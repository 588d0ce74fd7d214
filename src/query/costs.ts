/** What calls cost, in words: a span keeps the price that it was reckoned by, and its total. */
import type { Usage } from "../contract/v1.ts";
import { toUsd } from "../pricing/money.ts";
import { ratesOf, type Price } from "../pricing/rates.ts";
import { price } from "../pricing/receipt.ts";
import type { Figure } from "../store/codec.ts";
import type { ReceiptView } from "./views.ts";

/** @param cost in pico-dollars. */
export function usdOf(cost: Figure | null): string | null {
  return cost === null ? null : toUsd(BigInt(cost));
}

/** The receipt follows from the price and the usage, so only these are stored. */
export function receiptOf(usage: Usage | undefined, priceText: string): ReceiptView | null {
  const { provider, model, prices, source, sourceDate } = JSON.parse(priceText) as Price;
  const receipt = usage && price(usage, ratesOf(prices));
  if (!receipt) return null;
  const lines = receipt.lines.map(({ amount, ...line }) => ({ ...line, amountUsd: toUsd(amount) }));
  return { provider, model, source, sourceDate, lines, missing: receipt.missing };
}
