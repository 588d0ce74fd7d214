/**
 * What a call used, normalised to the contract: input includes what was read from and written to the
 * cache, output includes reasoning. What no attribute says stays absent.
 */
import type { Usage } from "../contract/v1.ts";
import { cacheWritesOf, type Details } from "./details.ts";
import type { SpanRecord } from "./records.ts";
import type { Dialect, Scope } from "./sender.ts";
import { countOf, numberOf } from "./values.ts";

export const countNames = [
  "input",
  "output",
  "total",
  "cacheRead",
  "cacheWrite",
  "reasoning",
] as const;

/** Counts as a sender has them. */
export type Counts = Record<(typeof countNames)[number], number>;

/**
 * @param provider as the span names it, in the conventions' words.
 * @param details of the same attributes.
 */
export function usageOf(
  span: SpanRecord,
  dialect: Dialect,
  provider: string | undefined,
  { scopeName }: Scope,
  details: Details,
): Usage | undefined {
  const own = dialect.counts(span);
  const counts: Partial<Counts> = {};
  for (const name of countNames) {
    const count = countOf(span.attributes, dialect.keys[name]) ?? own?.[name];
    if (count !== undefined) counts[name] = count;
  }
  const byLifetime = cacheWritesOf(details);
  if (byLifetime !== undefined) counts.cacheWrite = Math.max(counts.cacheWrite ?? 0, byLifetime);
  const clues = { scopeName, counts, provider };
  const normal = toInclusive(
    counts,
    () => dialect.inputHasCache(span, clues) ?? true,
    () => dialect.outputHasReasoning(span, clues) ?? true,
  );
  const { input, output, total, cacheRead, cacheWrite, reasoning } = normal;
  const usage: Usage = {};
  if (input !== undefined) usage.inputTokens = input;
  if (output !== undefined) usage.outputTokens = output;
  if (total !== undefined) usage.totalTokens = total;
  if (reasoning !== undefined) usage.reasoningTokens = reasoning;
  if (cacheRead !== undefined) usage.cachedInputTokens = cacheRead;
  if (cacheWrite !== undefined) usage.cacheWriteInputTokens = cacheWrite;
  if (details.webSearchCount !== undefined) usage.webSearchCount = details.webSearchCount;
  const all = Object.values(usage);
  // Sums of counts near 2^53 leave what the contract admits; they stay readable as attributes.
  return all.length > 0 && all.every(Number.isSafeInteger) ? usage : undefined;
}

/**
 * Adds the cache to the input and reasoning to the output where they stand beside it.
 *
 * Only a surplus proves that: a part that is larger than its whole, or a total that input and output
 * reach only together with the parts. A total that is just input and output proves nothing, since
 * many senders add it up themselves. Without proof the sender decides.
 */
export function toInclusive(
  counts: Partial<Counts>,
  inputHasCache: () => boolean,
  outputHasReasoning: () => boolean,
): Partial<Counts> {
  const { input, output, total, reasoning } = counts;
  const cached = (counts.cacheRead ?? 0) + (counts.cacheWrite ?? 0);
  const thoughts = reasoning ?? 0;
  const surplus = (total ?? 0) - (input ?? 0) - (output ?? 0);
  const isWhole = input !== undefined && output !== undefined && total !== undefined;
  const isBoth = isWhole && cached > 0 && thoughts > 0 && surplus === cached + thoughts;
  const isOneOf = isWhole && cached !== thoughts;
  const isCacheBeside =
    input !== undefined &&
    cached > 0 &&
    (isBoth ||
      (isOneOf && surplus === cached) ||
      cached > input ||
      (!(isOneOf && thoughts > 0 && surplus === thoughts) && !inputHasCache()));
  const isReasoningBeside =
    output !== undefined &&
    thoughts > 0 &&
    (isBoth ||
      (isOneOf && surplus === thoughts) ||
      thoughts > output ||
      (!(isOneOf && cached > 0 && surplus === cached) && !outputHasReasoning()));
  const normal = { ...counts };
  if (isCacheBeside) normal.input = input + cached;
  if (isReasoningBeside) normal.output = output + thoughts;
  if (normal.input !== undefined && normal.output !== undefined) {
    const sum = normal.input + normal.output;
    // A larger total may hold what is neither; a smaller one was of the counts before.
    if (total === undefined || total < sum) normal.total = sum;
  }
  return normal;
}

/** @returns what the sender says that the call cost, in USD to 12 decimals. */
export function reportedCostOf(span: SpanRecord, dialect: Dialect): number | undefined {
  const { attributes } = span;
  const usd = dialect.costUsd(span) ?? numberOf(attributes, dialect.keys.costUsd);
  if (usd !== undefined) return toPico(usd);
  const micros = numberOf(attributes, ["cost_usd_micros"]);
  return micros === undefined ? undefined : toPico(micros / 1e6);
}

/** Senders add up floats: 0.0001 + 0.00003 is 0.00013000000000000002. */
function toPico(usd: number): number {
  const pico = Math.round(usd * 1e12);
  return Number.isSafeInteger(pico) ? pico / 1e12 : usd;
}

/** The time to the first token in ms. */
export function ttftOf(span: SpanRecord, dialect: Dialect): number | undefined {
  const own = dialect.ttftMs(span);
  if (own !== undefined) return own;
  const seconds = numberOf(span.attributes, dialect.keys.ttftSeconds);
  // To the nanosecond, so that 1.005 s are 1005 ms.
  if (seconds !== undefined) return Math.round(seconds * 1e9) / 1e6;
  return numberOf(span.attributes, dialect.keys.ttftMs);
}

/** From the start of a span to a time of its own, in ISO 8601, in ms. */
export function msSinceStart(span: SpanRecord, time: string | undefined): number | undefined {
  const at = Date.parse(time ?? "");
  return at >= span.start.ms ? at - span.start.ms : undefined;
}
