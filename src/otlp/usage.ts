/**
 * Normalises a call's usage to the contract: input includes cache reads and writes, output includes
 * reasoning. Counts that were not sent stay absent.
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

/** Counts as sent. */
export type Counts = Record<(typeof countNames)[number], number>;

/**
 * @param provider the span's provider, in the names of the conventions.
 * @param details from the same attributes.
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
  // Sums near 2^53 exceed the contract's range; the counts remain visible as attributes.
  return all.length > 0 && all.every(Number.isSafeInteger) ? usage : undefined;
}

/**
 * Adds the cache to the input and reasoning to the output if they were counted separately.
 *
 * Only the numbers can prove that: a part that is larger than its whole, or a total that equals input and
 * output only with the parts added. A total that equals input plus output proves nothing, because many
 * senders compute it that way. Without proof the sender's rule applies.
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
    // A larger total can include other tokens; a smaller one belongs to the counts before
    // normalisation.
    if (total === undefined || total < sum) normal.total = sum;
  }
  return normal;
}

/** @returns the cost reported by the sender, in USD with up to 12 decimals. */
export function reportedCostOf(span: SpanRecord, dialect: Dialect): number | undefined {
  const { attributes } = span;
  const usd = dialect.costUsd(span) ?? numberOf(attributes, dialect.keys.costUsd);
  if (usd !== undefined) return toPico(usd);
  const micros = numberOf(attributes, ["cost_usd_micros"]);
  return micros === undefined ? undefined : toPico(micros / 1e6);
}

/** Senders add floats: 0.0001 + 0.00003 is 0.00013000000000000002. */
function toPico(usd: number): number {
  const pico = Math.round(usd * 1e12);
  return Number.isSafeInteger(pico) ? pico / 1e12 : usd;
}

/** The time to first token in ms. */
export function ttftOf(span: SpanRecord, dialect: Dialect): number | undefined {
  const own = dialect.ttftMs(span);
  if (own !== undefined) return own;
  const seconds = numberOf(span.attributes, dialect.keys.ttftSeconds);
  // Rounded to nanoseconds, so that 1.005 s are 1005 ms.
  if (seconds !== undefined) return Math.round(seconds * 1e9) / 1e6;
  return numberOf(span.attributes, dialect.keys.ttftMs);
}

/** The time in ms from the start of a span to an ISO 8601 time. */
export function msSinceStart(span: SpanRecord, time: string | undefined): number | undefined {
  const at = Date.parse(time ?? "");
  return at >= span.start.ms ? at - span.start.ms : undefined;
}
