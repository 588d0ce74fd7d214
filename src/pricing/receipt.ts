/**
 * The cost of a call, line by line.
 *
 * Every token is billed once: input includes cache reads and writes, output includes reasoning, and both
 * include audio, images and video. If the counts contradict this, the parts are billed as reported and the
 * remainder of the whole is zero: no reported token is billed twice or left out.
 */
import type { Usage, UsageDetails } from "../contract/v1.ts";
import { amountOf } from "./money.ts";
import { dimensions, type Dimension, type Rates, type RateTable } from "./rates.ts";

export interface Line {
  dimension: Dimension;
  quantity: number;
  /** USD per unit, a decimal. */
  unitPrice: string;
  /** In pico-dollars. */
  amount: bigint;
}

export interface Receipt {
  /** In the order of `dimensions`; unused dimensions have no line. */
  lines: Line[];
  /** The sum of the lines in pico-dollars; too low if something is missing. */
  total: bigint;
  /**
   * Dimensions that were or may have been used without a known count or price, in the order of
   * `dimensions`.
   */
  missing: Dimension[];
}

/** @returns null if the call reports no billable usage: its cost is unknown, not zero. */
export function price(usage: Usage, rates: Rates, details: UsageDetails = {}): Receipt | null {
  const { inputTokens, outputTokens, reasoningTokens, requestCount } = usage;
  const cacheRead = usage.cachedInputTokens;
  const cacheWrite = writtenOf(usage, details);
  // Near 2^53 the difference may be inexact, but its sign is right.
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

  /**
   * Bills a dimension that every call uses, unless the model has no price for it: embeddings have no
   * output.
   */
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
  // Senders that count images and searches report them; without a count there were none.
  bill("image", usage.imageCount);
  bill("search", usage.webSearchCount);
  bill("fileSearch", details.fileSearchCount);
  // Few providers charge per request. A span is one request, unless it reports a count.
  if (table.request && (isKnown || requestCount !== undefined)) bill("request", requestCount ?? 1);
  if (!isKnown) return null;
  return { lines, total, missing: dimensions.filter((dimension) => missing.has(dimension)) };
}

/** The tokens written to the cache: the sum, or the counts by lifetime. */
function writtenOf(usage: Usage, details: UsageDetails): number | undefined {
  const { cacheWrite5mInputTokens: short, cacheWrite1hInputTokens: long } = details;
  if (short === undefined && long === undefined) return usage.cacheWriteInputTokens;
  return Math.max(usage.cacheWriteInputTokens ?? 0, (short ?? 0) + (long ?? 0));
}

type Part = [dimension: Dimension, quantity: number];

/** The tokens of an input, each in one part; undefined if nothing is reported. */
interface InputParts {
  plain: number | undefined;
  /** New tokens of modalities with their own price. */
  fresh: Part[];
  cacheRead: number | undefined;
  cached: Part[];
  cacheWrite: number | undefined;
  cacheWrite1h: number | undefined;
  /** Dimensions that some of these tokens may belong to, in unknown numbers. */
  uncertain: Dimension[];
}

/** The parts of an input by modality: the total, and its cached part. */
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
  // A modality without its own price is billed as text.
  const priced = inputModalities.filter(([fresh, , cached]) => table[fresh] ?? table[cached!]);
  /** How many tokens are counted in two parts. */
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
      // More parts than tokens means that this many tokens belong to two parts.
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
    // Billed as a five-minute write, which is cheaper.
    parts.uncertain.push("cacheWrite1h");
  }
  // What remains is both, for example audio written to the cache: it is billed in one part.
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

/** The parts of an output with their own price. */
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
    // Models with such a price usually produce that output; text alone would be the exception.
    uncertain: isTold || outputTokens === 0 ? [] : priced.map(([dimension]) => dimension),
  };
}
