/**
 * What a call cost, line by line.
 *
 * Every token is billed once: input includes what was read from and written to the cache, output
 * includes reasoning, and both include what is audio, image or video. Where counts contradict that,
 * the parts are billed as reported and nothing is left of the whole: no reported token goes unbilled,
 * none is billed twice.
 */
import type { Usage, UsageDetails } from "../contract/v1.ts";
import { amountOf } from "./money.ts";
import { dimensions, type Dimension, type Rates, type RateTable } from "./rates.ts";

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
  /** The sum of the lines in pico-dollars. Partial or too low where something is missing. */
  total: bigint;
  /**
   * What was used, or may have been, and has no count or no price of its own, in the order of
   * `dimensions`.
   */
  missing: Dimension[];
}

/** @returns null where the call reports nothing that has a price: its cost is unknown, not zero. */
export function price(usage: Usage, rates: Rates, details: UsageDetails = {}): Receipt | null {
  const { inputTokens, outputTokens, reasoningTokens, requestCount } = usage;
  const cacheRead = usage.cachedInputTokens;
  const cacheWrite = writtenOf(usage, details);
  // Exact or of the right sign, as sums near 2^53 would not be.
  const uncached = (inputTokens ?? 0) - (cacheRead ?? 0) - (cacheWrite ?? 0);
  const wholeInput = (inputTokens ?? 0) - Math.min(0, uncached);
  const { table } = rates.find(({ above }) => wholeInput > above)!;

  const lines: Line[] = [];
  const missing = new Set<Dimension>();
  let total = 0n;
  let isKnown = false;

  function bill(dimension: Dimension, quantity: number | undefined): void {
    if (quantity === undefined) return;
    const rate = table[dimension];
    if (!rate) {
      if (quantity > 0) missing.add(dimension);
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
    if (quantity === undefined && (table[dimension]?.pico ?? 0n) > 0n) missing.add(dimension);
    bill(dimension, quantity);
  }

  const input = splitInput(usage, details, table);
  billExpected("input", input.plain);
  for (const [dimension, quantity] of input.fresh) bill(dimension, quantity);
  bill("cacheRead", input.cacheRead);
  for (const [dimension, quantity] of input.cached) bill(dimension, quantity);
  bill("cacheWrite", input.cacheWrite);
  bill("cacheWrite1h", input.cacheWrite1h);
  for (const dimension of input.uncertain) missing.add(dimension);

  const output = splitOutput(usage, details, table);
  const isReasoningApart = table.reasoning !== table.output;
  const unlike = output.parts.reduce((rest, [, quantity]) => rest - quantity, outputTokens ?? 0);
  if (!isReasoningApart && outputTokens !== undefined) {
    bill("output", Math.max(unlike, reasoningTokens ?? 0, 0));
  } else {
    billExpected("output", outputTokens && Math.max(0, unlike - (reasoningTokens ?? 0)));
  }
  for (const [dimension, quantity] of output.parts) bill(dimension, quantity);
  if (isReasoningApart || outputTokens === undefined) bill("reasoning", reasoningTokens);
  for (const dimension of output.uncertain) missing.add(dimension);
  bill("citation", details.citationTokens);
  // Who counts images and searches at all reports them: an absent count is none.
  bill("image", usage.imageCount);
  bill("search", usage.webSearchCount);
  bill("fileSearch", details.fileSearchCount);
  // Few providers charge for the request itself. A span is one, unless it says otherwise.
  if (table.request && (isKnown || requestCount !== undefined)) bill("request", requestCount ?? 1);
  if (!isKnown) return null;
  return { lines, total, missing: dimensions.filter((dimension) => missing.has(dimension)) };
}

/** How many tokens were written to the cache: by lifetime may say it where the sum does not. */
function writtenOf(usage: Usage, details: UsageDetails): number | undefined {
  const { cacheWrite5mInputTokens: short, cacheWrite1hInputTokens: long } = details;
  if (short === undefined && long === undefined) return usage.cacheWriteInputTokens;
  return Math.max(usage.cacheWriteInputTokens ?? 0, (short ?? 0) + (long ?? 0));
}

type Part = [dimension: Dimension, quantity: number];

/** The tokens of an input, each in one place; undefined where nothing is reported. */
interface InputParts {
  plain: number | undefined;
  /** New tokens of a modality with a price of its own. */
  fresh: Part[];
  cacheRead: number | undefined;
  cached: Part[];
  cacheWrite: number | undefined;
  cacheWrite1h: number | undefined;
  /** What some of these tokens may have been, and nothing says how many. */
  uncertain: Dimension[];
}

/** The parts of an input by modality: all of it, and what of it came from the cache. */
const inputModalities = [
  ["audioInput", "audioInputTokens", "audioCacheRead", "audioCachedInputTokens"],
  ["imageInput", "imageInputTokens", "imageCacheRead", "imageCachedInputTokens"],
  ["videoInput", "videoInputTokens", null, "videoCachedInputTokens"],
] as const satisfies [Dimension, keyof UsageDetails, Dimension | null, keyof UsageDetails][];

function splitInput(usage: Usage, details: UsageDetails, table: RateTable): InputParts {
  const read = usage.cachedInputTokens;
  const written = writtenOf(usage, details);
  const parts: InputParts = {
    plain: usage.inputTokens,
    fresh: [],
    cacheRead: read,
    cached: [],
    cacheWrite: written,
    cacheWrite1h: undefined,
    uncertain: [],
  };
  // One without a price of its own is no different from text.
  const priced = inputModalities.filter(([fresh, , cached]) => table[fresh] ?? table[cached!]);
  /** Tokens that are counted in two of the parts. */
  let surplus = (read ?? 0) + (written ?? 0) - (usage.inputTokens ?? Infinity);
  for (const [, count, , cachedCount] of priced) {
    surplus += (details[count] ?? 0) - (details[cachedCount] ?? 0);
  }
  let unsplit = read ?? 0;
  for (const [, , , cachedCount] of inputModalities) unsplit -= details[cachedCount] ?? 0;
  let plain = usage.inputTokens ?? 0;

  for (const [fresh, count, cached, cachedCount] of priced) {
    const all = details[count] ?? 0;
    let fromCache = details[cachedCount];
    if (fromCache === undefined) {
      const most = Math.max(0, Math.min(all, unsplit));
      // What cannot be anything else: more parts than tokens means that some are of two of them.
      fromCache = Math.max(0, Math.min(most, surplus));
      const isTold = details.textCachedInputTokens !== undefined;
      if (fromCache < most && !isTold && cached) parts.uncertain.push(cached);
      surplus -= fromCache;
      unsplit -= fromCache;
    }
    if (table[fresh] && all > fromCache) {
      parts.fresh.push([fresh, all - fromCache]);
      plain -= all - fromCache;
    }
    if (cached && table[cached] && fromCache > 0) {
      parts.cached.push([cached, fromCache]);
      plain -= fromCache;
      if (read !== undefined) parts.cacheRead = Math.max(0, parts.cacheRead! - fromCache);
    }
  }

  const long = details.cacheWrite1hInputTokens ?? 0;
  if (long > 0 && table.cacheWrite1h) {
    parts.cacheWrite1h = long;
    parts.cacheWrite = Math.max(0, written! - long);
  } else if (long > 0 && table.cacheWrite !== table.input) {
    // Billed as a write for five minutes, which is cheaper.
    parts.uncertain.push("cacheWrite1h");
  }
  // What is left was written to the cache and is audio, say: one place is enough.
  const fresh = parts.fresh.reduce((sum, [, quantity]) => sum + quantity, 0);
  const twice = Math.max(0, Math.min(surplus, fresh, parts.cacheWrite ?? 0));
  if (twice > 0) parts.cacheWrite! -= twice;
  plain -= parts.cacheRead ?? 0;
  plain -= parts.cacheWrite ?? 0;
  plain -= parts.cacheWrite1h ?? 0;
  if (usage.inputTokens !== undefined) parts.plain = Math.max(0, plain);
  return parts;
}

const outputModalities = [
  ["audioOutput", "audioOutputTokens"],
  ["imageOutput", "imageOutputTokens"],
  ["videoOutput", "videoOutputTokens"],
] as const satisfies [Dimension, keyof UsageDetails][];

/** The parts of an output that have a price of their own. */
function splitOutput(
  { outputTokens = 0 }: Usage,
  details: UsageDetails,
  table: RateTable,
): { parts: Part[]; uncertain: Dimension[] } {
  const priced = outputModalities.filter(([dimension]) => table[dimension]);
  const counts = ["textOutputTokens", ...outputModalities.map(([, count]) => count)] as const;
  const isTold = counts.some((count) => details[count] !== undefined);
  return {
    parts: priced.flatMap(([dimension, count]) => {
      const quantity = details[count] ?? 0;
      return quantity > 0 ? [[dimension, quantity] satisfies Part] : [];
    }),
    // Models that have such a price are made to answer so; text alone would be the exception.
    uncertain: isTold || outputTokens === 0 ? [] : priced.map(([dimension]) => dimension),
  };
}
