/** The billable dimensions of a model: as prices that people write, and as rates that receipts use. */
import { rateOf, type Rate } from "./money.ts";

/** The lines of a receipt. Each token belongs to exactly one dimension. */
export const dimensions = [
  "input",
  "audioInput",
  "imageInput",
  "videoInput",
  "cacheRead",
  "audioCacheRead",
  "imageCacheRead",
  "cacheWrite",
  "cacheWrite1h",
  "output",
  "audioOutput",
  "imageOutput",
  "videoOutput",
  "reasoning",
  "citation",
  "image",
  "search",
  "fileSearch",
  "request",
] as const;

export type Dimension = (typeof dimensions)[number];

/** Priced per item; all others per token. */
export const pieces: ReadonlySet<Dimension> = new Set(["image", "search", "fileSearch", "request"]);

/** USD as decimals: per million tokens, and per image, search and request. */
export type PriceTable = { [D in Dimension]?: string };

/** The base table, and tables that replace it for calls with more input than `above`. */
export interface Prices extends PriceTable {
  tiers?: ({ above: number } & PriceTable)[];
}

/** Requests are free unless a price is given. */
export const freePrices: Prices = {
  input: "0",
  output: "0",
  citation: "0",
  image: "0",
  search: "0",
  fileSearch: "0",
};

export type RateTable = { [D in Dimension]?: Rate };

/** From the highest tier down; the last has `above` -1 and applies to all calls. */
export type Rates = readonly { above: number; table: RateTable }[];

/** The price of a call and its source; the basis of a receipt. */
export interface Price {
  provider: string;
  model: string;
  prices: Prices;
  rates: Rates;
  source: string;
  /** The date of the source, such as 2026-09-23. */
  sourceDate: string;
  /** Set if only the requested model has a price, not the one that answered. */
  foundBy?: "requestModelId";
  /** The model's context window in tokens, if the list has it. */
  contextWindow?: number;
}

export function ratesOf({ tiers = [], ...base }: Prices): Rates {
  return [{ above: -1, ...base }, ...tiers]
    .sort((a, b) => b.above - a.above)
    .map(({ above, ...table }) => ({ above, table: rateTableOf(table) }));
}

/**
 * A kind of token without its own price costs the same as its whole: cache reads and writes are input,
 * reasoning is output. Providers without a discount bill this way; for others the amount is never too low.
 * Other parts (audio, images, video, one-hour cache writes) have no rate then and are counted with their
 * whole.
 */
function rateTableOf(prices: PriceTable): RateTable {
  const table: RateTable = {};
  for (const dimension of dimensions) {
    const usd = prices[dimension];
    if (usd !== undefined) table[dimension] = rateOf(usd, pieces.has(dimension) ? 0 : 6);
  }
  const { input, audioInput, imageInput, output, reasoning } = table;
  if (input) {
    table.cacheRead ??= input;
    table.cacheWrite ??= input;
  }
  // Without a discount, cached tokens cost the same as new ones.
  if (audioInput) table.audioCacheRead ??= audioInput;
  if (imageInput) table.imageCacheRead ??= imageInput;
  // The same object, so that receipts do not split the line.
  if (output && (!reasoning || reasoning.unitPrice === output.unitPrice)) table.reasoning = output;
  return table;
}
