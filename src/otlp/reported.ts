/**
 * Usage as providers and frameworks write it down in one object: OpenAI's, Anthropic's, Google's,
 * Bedrock's, LangChain's, Langfuse's. The shape tells whether parts stand inside or beside.
 */
import type { Attributes, Value } from "./records.ts";
import { toInclusive, type Counts } from "./usage.ts";
import { countOf, isMap, mapOf, presentOrNone } from "./values.ts";

const inputKeys = [
  "input_tokens",
  "prompt_tokens",
  "inputTokens",
  "promptTokens",
  "promptTokenCount",
  "prompt_token_count",
  "input",
];
const outputKeys = [
  "output_tokens",
  "completion_tokens",
  "outputTokens",
  "completionTokens",
  "candidatesTokenCount",
  "candidates_token_count",
  "output",
];
const totalKeys = ["total_tokens", "totalTokens", "totalTokenCount", "total_token_count", "total"];
const cacheReadKeys = [
  "cache_read_input_tokens",
  "cacheReadInputTokens",
  "cached_input_tokens",
  "cachedInputTokens",
  "input_cached_tokens",
  "input_cache_read",
  "cachedContentTokenCount",
  "cached_content_token_count",
  "cache_read",
  "cacheRead",
];
const cacheWriteKeys = [
  "cache_creation_input_tokens",
  "cacheCreationInputTokens",
  "cacheWriteInputTokens",
  "cache_write_input_tokens",
  "input_cache_creation",
  "cache_creation",
  "cacheWrite",
];
/** By these names Anthropic and Bedrock count the cache beside the input, and Langfuse each part. */
const besideKeys = [
  "cache_read_input_tokens",
  "cacheReadInputTokens",
  "input_cached_tokens",
  "input_cache_read",
  "cache_creation_input_tokens",
  "cacheCreationInputTokens",
  "cacheWriteInputTokens",
  "input_cache_creation",
];
const reasoningKeys = [
  "reasoning_tokens",
  "reasoningTokens",
  "output_reasoning_tokens",
  "output_reasoning",
  "thoughtsTokenCount",
  "thoughts_token_count",
  "reasoning",
];

/** Objects that hold the parts of a count, which are inside of it. */
const inputDetails = [
  "prompt_tokens_details",
  "input_tokens_details",
  "input_token_details",
  "inputTokenDetails",
  "promptTokensDetails",
  "prompt_tokens_detail",
];
const outputDetails = [
  "completion_tokens_details",
  "output_tokens_details",
  "output_token_details",
  "outputTokenDetails",
];

/** @returns the counts as the contract has them; undefined where the value holds none. */
export function countsIn(value: Value | undefined): Partial<Counts> | undefined {
  const usage = mapOf(value);
  const counts = rawCountsIn(usage);
  if (!counts) return undefined;
  const isDetailed = inputDetails.some((key) => isMap(usage[key]));
  const isBeside = !isDetailed && besideKeys.some((key) => key in usage);
  const isGoogle = "candidatesTokenCount" in usage || "candidates_token_count" in usage;
  const areParts = "output_reasoning_tokens" in usage || "output_reasoning" in usage;
  return toInclusive(
    counts,
    () => !isBeside,
    () => !isGoogle && !areParts,
  );
}

/** The same as they are: for a tracer that copies counts of any provider into one shape. */
export function rawCountsIn(value: Value | undefined): Partial<Counts> | undefined {
  const usage = mapOf(value);
  const ofInput = detailsIn(usage, inputDetails);
  const ofOutput = detailsIn(usage, outputDetails);
  return presentOrNone<Partial<Counts>>({
    input: countOf(usage, inputKeys),
    output: countOf(usage, outputKeys),
    total: countOf(usage, totalKeys),
    cacheRead:
      countOf(ofInput, ["cached_tokens", "cachedTokens", "cacheReadTokens", ...cacheReadKeys]) ??
      countOf(usage, cacheReadKeys),
    cacheWrite:
      countOf(ofInput, ["cacheWriteTokens", ...cacheWriteKeys]) ?? countOf(usage, cacheWriteKeys),
    reasoning: countOf(ofOutput, reasoningKeys) ?? countOf(usage, reasoningKeys),
  });
}

function detailsIn(usage: Attributes, keys: readonly string[]): Attributes {
  const found = keys.map((key) => usage[key]).find(isMap);
  return found ?? {};
}
