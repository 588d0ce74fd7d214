/**
 * What a call used, normalised to the contract: input includes what was read from and written to the
 * cache, output includes reasoning. What no attribute says stays absent.
 */
import type { Usage } from "../contract/v1.ts";
import type { Attributes, SpanRecord } from "./records.ts";
import { countOf, isMap, mapOf, numberOf, textOf } from "./values.ts";

type Kind = "input" | "output" | "total" | "cacheRead" | "cacheWrite" | "reasoning";

const keys: Record<Kind, string[]> = {
  input: [
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.prompt_tokens",
    "llm.token_count.prompt",
    "ai.usage.inputTokens",
    "ai.usage.promptTokens",
    "ai.usage.tokens",
    "input_tokens",
    "input_token_count",
    "codex.turn.token_usage.input_tokens",
  ],
  output: [
    "gen_ai.usage.output_tokens",
    "gen_ai.usage.completion_tokens",
    "llm.token_count.completion",
    "ai.usage.outputTokens",
    "ai.usage.completionTokens",
    "output_tokens",
    "output_token_count",
    "codex.turn.token_usage.output_tokens",
  ],
  total: [
    "gen_ai.usage.total_tokens",
    "llm.token_count.total",
    "llm.usage.total_tokens",
    "ai.usage.totalTokens",
    "codex.usage.total_tokens",
    "codex.turn.token_usage.total_tokens",
    "total_token_count",
  ],
  cacheRead: [
    "gen_ai.usage.cache_read.input_tokens",
    "gen_ai.usage.cache_read_input_tokens",
    "gen_ai.usage.cached_tokens",
    "gen_ai.usage.input_cached_tokens",
    "gen_ai.usage.cache_read_tokens",
    "gen_ai.usage.details.cache_read_tokens",
    "llm.token_count.prompt_details.cache_read",
    "ai.usage.inputTokenDetails.cacheReadTokens",
    "ai.usage.cachedInputTokens",
    "cache_read_tokens",
    "cached_input_tokens",
    "cached_token_count",
    "cached_content_token_count",
    "codex.turn.token_usage.cached_input_tokens",
  ],
  cacheWrite: [
    "gen_ai.usage.cache_write.input_tokens",
    "gen_ai.usage.cache_creation.input_tokens",
    "gen_ai.usage.cache_creation_input_tokens",
    "gen_ai.usage.cache_write_input_tokens",
    "gen_ai.usage.cache_write_tokens",
    "gen_ai.usage.details.cache_write_tokens",
    "llm.token_count.prompt_details.cache_write",
    "ai.usage.inputTokenDetails.cacheWriteTokens",
    "cache_creation_tokens",
    "cache_write_token_count",
    "codex.turn.token_usage.cache_write_input_tokens",
  ],
  reasoning: [
    "gen_ai.usage.reasoning.output_tokens",
    "gen_ai.usage.reasoning_tokens",
    "gen_ai.usage.details.reasoning_tokens",
    "llm.token_count.completion_details.reasoning",
    "ai.usage.outputTokenDetails.reasoningTokens",
    "ai.usage.reasoningTokens",
    "codex.usage.reasoning_output_tokens",
    "codex.turn.token_usage.reasoning_output_tokens",
    "reasoning_token_count",
    "thoughts_token_count",
  ],
};

/** pydantic-ai's agents have the sums of their runs under names of their own. */
const aggregatedKeys = Object.fromEntries(
  Object.entries(keys).map(([kind, list]) => [
    kind,
    list.map((key) => key.replace("gen_ai.usage.", "gen_ai.aggregated_usage.")),
  ]),
) as typeof keys;

/** Scopes whose counts leave the cache out of the input. */
const exclusiveScopes = ["com.anthropic.claude_code", "@traceloop/instrumentation-anthropic"];
/** Scopes that pass on what the provider counts: Anthropic and Bedrock leave the cache out. */
const passingScopes = ["genkit", "strands"];

/** @param provider as the span itself names it. */
export function usageOf(
  span: SpanRecord,
  scopeName: string,
  provider: string | undefined,
): Usage | undefined {
  const { attributes } = span;
  const isAggregated = "gen_ai.aggregated_usage.input_tokens" in attributes;
  const from = isAggregated ? aggregatedKeys : keys;
  let input = countOf(attributes, from.input);
  let output = countOf(attributes, from.output);
  let total = countOf(attributes, from.total);
  // Of Codex alone: elsewhere these are the tokens of tools.
  if (scopeName.startsWith("codex")) total ??= countOf(attributes, ["tool_token_count"]);
  // LangSmith sends its details as JSON, the AI SDK before 6 the provider's own figures.
  const vendor = vendorCounts(attributes);
  const inputDetails = mapOf(attributes["gen_ai.usage.input_token_details"]);
  const outputDetails = mapOf(attributes["gen_ai.usage.output_token_details"]);
  const cacheRead =
    countOf(attributes, from.cacheRead) ??
    countOf(inputDetails, ["cache_read"]) ??
    vendor?.cacheRead;
  const cacheWrite =
    countOf(attributes, from.cacheWrite) ??
    countOf(inputDetails, ["cache_creation"]) ??
    vendor?.cacheWrite;
  const reasoning =
    countOf(attributes, from.reasoning) ??
    countOf(outputDetails, ["reasoning"]) ??
    vendor?.reasoning;
  const cached = (cacheRead ?? 0) + (cacheWrite ?? 0);
  if (
    input !== undefined &&
    cached > 0 &&
    (cached > input || isExclusive(input, vendor, scopeName, provider))
  ) {
    input += cached;
    total = undefined;
  }
  // Gemini counts thoughts beside the candidates, and only its totals have both.
  if (scopeName === "gemini-cli" && output !== undefined && reasoning !== undefined) {
    output += reasoning;
  }
  if (input !== undefined && output !== undefined) total ??= input + output;
  const usage: Usage = {
    ...(input !== undefined && { inputTokens: input }),
    ...(output !== undefined && { outputTokens: output }),
    ...(total !== undefined && { totalTokens: total }),
    ...(reasoning !== undefined && { reasoningTokens: reasoning }),
    ...(cacheRead !== undefined && { cachedInputTokens: cacheRead }),
    ...(cacheWrite !== undefined && { cacheWriteInputTokens: cacheWrite }),
  };
  const counts = Object.values(usage);
  // Sums of counts near 2^53 leave what the contract admits; they stay readable as attributes.
  return counts.length > 0 && counts.every(Number.isSafeInteger) ? usage : undefined;
}

/** Whether an input leaves out what the cache gave and took, though it is not less than that. */
function isExclusive(
  input: number,
  vendor: VendorCounts | null,
  scopeName: string,
  provider: string | undefined,
): boolean {
  if (vendor?.input !== undefined) return vendor.input === input;
  if (vendor?.isExclusive) return true;
  const isOfScope = (prefix: string) => scopeName.startsWith(prefix);
  return (
    exclusiveScopes.some(isOfScope) ||
    (passingScopes.some(isOfScope) && (provider === "anthropic" || provider === "aws.bedrock"))
  );
}

interface VendorCounts {
  /** The input as the provider counts it, without the cache. */
  input?: number | undefined;
  isExclusive: boolean;
  cacheRead: number | undefined;
  cacheWrite: number | undefined;
  reasoning: number | undefined;
}

/** The provider's figures in `ai.response.providerMetadata`. */
function vendorCounts(attributes: Attributes): VendorCounts | null {
  const metadata = attributes["ai.response.providerMetadata"];
  if (metadata === undefined) return null;
  const { anthropic, openai } = mapOf(metadata);
  if (isMap(anthropic)) {
    const usage = isMap(anthropic.usage) ? anthropic.usage : {};
    return {
      input: countOf(usage, ["input_tokens"]),
      // Version 6 counts as the contract does, and says so with its details.
      isExclusive: !("ai.usage.inputTokenDetails.noCacheTokens" in attributes),
      cacheRead: countOf({ ...anthropic, ...usage }, [
        "cacheReadInputTokens",
        "cache_read_input_tokens",
      ]),
      cacheWrite: countOf({ ...anthropic, ...usage }, [
        "cacheCreationInputTokens",
        "cache_creation_input_tokens",
      ]),
      reasoning: undefined,
    };
  }
  if (isMap(openai)) {
    return {
      isExclusive: false,
      cacheRead: countOf(openai, ["cachedPromptTokens"]),
      cacheWrite: undefined,
      reasoning: countOf(openai, ["reasoningTokens"]),
    };
  }
  return null;
}

/** @returns what the sender says that the call cost, in USD. */
export function reportedCostOf(attributes: Attributes): number | undefined {
  const micros = numberOf(attributes, ["cost_usd_micros"]);
  return (
    numberOf(attributes, ["gen_ai.usage.cost", "llm.cost.total", "operation.cost", "cost_usd"]) ??
    (micros === undefined ? undefined : micros / 1e6)
  );
}

const ttftSeconds = [
  "gen_ai.response.time_to_first_chunk",
  "gen_ai.client.operation.time_to_first_chunk",
  "lk.response.ttft",
];
const ttftMs = [
  "ttft_ms",
  "ai.response.msToFirstChunk",
  "ai.stream.msToFirstChunk",
  "copilot_chat.time_to_first_token",
];

/** The time to the first token in ms: each key has a unit of its own. */
export function ttftOf(span: SpanRecord, scopeName: string): number | undefined {
  const { attributes, start } = span;
  const seconds = numberOf(attributes, ttftSeconds);
  if (seconds !== undefined) return toMs(seconds);
  const ms = numberOf(attributes, ttftMs);
  if (ms !== undefined) return ms;
  const server = numberOf(attributes, ["gen_ai.server.time_to_first_token"]);
  if (server !== undefined) {
    const provider = textOf(attributes, ["gen_ai.provider.name", "gen_ai.system"]);
    const isStrands = scopeName.startsWith("strands") || provider === "strands-agents";
    return isStrands ? server : toMs(server);
  }
  const firstChunk = span.events.find(({ name }) => name === "ai.stream.firstChunk")?.time;
  if (firstChunk) {
    return Math.max(0, firstChunk.ms - start.ms + (firstChunk.nanos - start.nanos) / 1e6);
  }
  const began = Date.parse(textOf(attributes, ["mastra.completion_start_time"]) ?? "");
  return began >= start.ms ? began - start.ms : undefined;
}

/** To the nanosecond, so that 1.005 s are 1005 ms. */
function toMs(seconds: number): number {
  return Math.round(seconds * 1e9) / 1e6;
}
