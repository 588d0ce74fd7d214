/** What a model charges for, as people write it and as receipts reckon with it. */
import { rateOf, type Rate } from "./money.ts";

/** What a receipt has lines for. Each token is of exactly one kind. */
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

/** These are priced each, all others by the token. */
export const pieces: ReadonlySet<Dimension> = new Set(["image", "search", "fileSearch", "request"]);

/** USD in decimals: per million tokens, and for each image, search and request. */
export type PriceTable = { [D in Dimension]?: string };

/** The table, and those that hold in its place for calls with more input than `above`. */
export interface Prices extends PriceTable {
  tiers?: ({ above: number } & PriceTable)[];
}

/** Requests cost nothing unless a price says so. */
export const freePrices: Prices = {
  input: "0",
  output: "0",
  citation: "0",
  image: "0",
  search: "0",
  fileSearch: "0",
};

export type RateTable = { [D in Dimension]?: Rate };

/** From the highest tier down; the last is above -1 and holds for all. */
export type Rates = readonly { above: number; table: RateTable }[];

/** A price that was found for a call, and where it comes from: what a receipt is written by. */
export interface Price {
  provider: string;
  model: string;
  prices: Prices;
  rates: Rates;
  source: string;
  /** The day of the source, as 2026-09-23. */
  sourceDate: string;
  /** Only where the model that was asked for has the price and the one that answered has none. */
  foundBy?: "requestModelId";
  /** What the model takes at most, in tokens, where the list knows it. */
  contextWindow?: number;
}

export function ratesOf({ tiers = [], ...base }: Prices): Rates {
  return [{ above: -1, ...base }, ...tiers]
    .sort((a, b) => b.above - a.above)
    .map(({ above, ...table }) => ({ above, table: rateTableOf(table) }));
}

/**
 * A kind of token without a price of its own costs what it is a part of: cache reads and writes are
 * input, reasoning is output. So bill providers that give no discount; for others it is never too low.
 * The other parts (audio, images, video, writes for an hour) have no rate then, and receipts count
 * them with their whole.
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
  // Without a discount of its own, what was cached costs what it did when it was new.
  if (audioInput) table.audioCacheRead ??= audioInput;
  if (imageInput) table.imageCacheRead ??= imageInput;
  // One object, so that a receipt sees that there is nothing to tell apart.
  if (output && (!reasoning || reasoning.unitPrice === output.unitPrice)) table.reasoning = output;
  return table;
}
