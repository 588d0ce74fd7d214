/**
 * OpenTelemetry's semantic conventions for GenAI in all versions, and names shared by many senders. Used
 * for unknown senders, and for everything that a known sender does not define differently.
 *
 * https://github.com/open-telemetry/semantic-conventions-genai
 */
import { toEmbedded, toMessage, toTool } from "./indexed.ts";
import { generalStatusOf, hasToolKeys, typeOfKind, type SpanType } from "./kind.ts";
import { withInstructions } from "./messages.ts";
import { attribute, fromEvent, fromEvents, indexed, type Place } from "./places.ts";
import type { Attributes, SpanRecord } from "./records.ts";
import type { Clues, Meaning } from "./sender.ts";
import { isPresent, tableOf, textOf, toText } from "./values.ts";

/**
 * `gen_ai.operation.name`. Other values have no fixed meaning, because senders use names of their own.
 */
const operations = tableOf<SpanType>({
  chat: "llm",
  generate_content: "llm",
  text_completion: "llm",
  embeddings: "embedding",
  execute_tool: "tool",
  invoke_agent: "agent",
  create_agent: "agent",
  invoke_workflow: "agent",
  retrieval: "other",
  plan: "other",
  rerank: "other",
});

/** Words in the operation names of model calls in any API: `acompletion`, `aresponses`. */
const callWord = /complet|chat|respons|generat|messag|converse|inference|llm|transcri|speech|image/;

/** `gen_ai.input.messages`, preceded by the system instructions. */
const conventionalInput: Place = ({ attributes }) => {
  const messages = attributes["gen_ai.input.messages"];
  const instructions = attributes["gen_ai.system_instructions"];
  if (!isPresent(messages)) return null;
  const sent = toText(messages);
  const text = withInstructions(sent, isPresent(instructions) ? instructions : undefined);
  const keys = ["gen_ai.input.messages"];
  if (text !== sent) keys.push("gen_ai.system_instructions");
  return { text, keys };
};

/** The records of a memory operation: the input of a write, else the output. */
const memoryRecords =
  (end: "input" | "output"): Place =>
  (call) => {
    const operation = textOf(call.attributes, ["gen_ai.operation.name"]) ?? "";
    const isWritten = /^(create|update|upsert)_memory$/.test(operation);
    return isWritten === (end === "input") ? attribute("gen_ai.memory.records")(call) : null;
  };

function spanTypeOf(span: SpanRecord, { hasModel, hasTokens }: Clues): SpanType {
  const { attributes } = span;
  const operation = textOf(attributes, ["gen_ai.operation.name"])?.toLowerCase();
  const known = operations.get(operation ?? "");
  if (known !== undefined) return known;
  // Memory operations such as `search_memory` and `create_memory_store`.
  if (operation !== undefined && /(^|_)memory(_|$)/.test(operation)) return "other";
  const request = textOf(attributes, ["llm.request.type"])?.toLowerCase();
  if (request === "rerank") return "other";
  const named = typeOfKind(request) ?? typeOfKind(textOf(attributes, ["span.type", "span.kind"]));
  if (named !== undefined) return named;
  if (textOf(attributes, ["mcp.method.name"]) === "tools/call" || hasToolKeys(span)) return "tool";
  const word = `${operation ?? ""} ${request ?? ""}`;
  if (hasModel && (/embed/.test(word) || isPresent(attributes["embedding.model_name"]))) {
    return "embedding";
  }
  // A model name alone does not prove a model call: agent spans have one, too.
  return hasModel && (hasTokens || callWord.test(word)) ? "llm" : "other";
}

const dottedCacheKeys = [
  "gen_ai.usage.cache_read.input_tokens",
  "gen_ai.usage.cache_creation.input_tokens",
  "gen_ai.usage.cache_write.input_tokens",
];

/** Whether the cache is counted under the names used by the conventions from 1.40 on. */
export function hasDottedCache(attributes: Attributes): boolean {
  return dottedCacheKeys.some((key) => isPresent(attributes[key]));
}

/**
 * Whether the counts follow the conventions from 1.40 on, in which input includes the cache. These have no
 * total: a sender with a total uses the same keys with counts of its own.
 */
function followsConventions(attributes: Attributes): boolean {
  return (
    isPresent(attributes["gen_ai.provider.name"]) &&
    !isPresent(attributes["gen_ai.system"]) &&
    !isPresent(attributes["gen_ai.usage.total_tokens"]) &&
    hasDottedCache(attributes)
  );
}

export const conventions: Meaning = {
  spanType: spanTypeOf,
  status: generalStatusOf,
  inputHasCache({ attributes }, { provider }) {
    if (followsConventions(attributes)) return true;
    // Both providers count cache reads and writes outside the input, and most senders pass the counts
    // on unchanged.
    return provider !== "anthropic" && provider !== "aws.bedrock";
  },
  outputHasReasoning({ attributes }, { provider }) {
    if (isPresent(attributes["gen_ai.usage.reasoning.output_tokens"])) return true;
    // Gemini counts thinking tokens outside the output of the candidates.
    return provider === undefined || !provider.startsWith("gcp.");
  },
  keys: {
    responseModel: ["gen_ai.response.model", "llm.response.model_name"],
    requestModel: [
      "gen_ai.request.model",
      "llm.request.model_name",
      "llm.model_name",
      "embedding.model_name",
      "llm.model",
      "model_name",
      "model",
    ],
    provider: ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"],
    input: [
      "gen_ai.usage.input_tokens",
      "gen_ai.usage.prompt_tokens",
      "llm.token_count.prompt",
      "llm.usage.prompt_tokens",
      "llm.usage.input_tokens",
      "input_tokens",
      "prompt_tokens",
      "input_token_count",
    ],
    output: [
      "gen_ai.usage.output_tokens",
      "gen_ai.usage.completion_tokens",
      "llm.token_count.completion",
      "llm.usage.completion_tokens",
      "llm.usage.output_tokens",
      "output_tokens",
      "completion_tokens",
      "output_token_count",
    ],
    total: [
      "gen_ai.usage.total_tokens",
      "llm.token_count.total",
      "llm.usage.total_tokens",
      "total_tokens",
      "total_token_count",
    ],
    cacheRead: [
      "gen_ai.usage.cache_read.input_tokens",
      "gen_ai.usage.cache_read_input_tokens",
      "gen_ai.usage.cached_tokens",
      "gen_ai.usage.cached_input_tokens",
      "gen_ai.usage.input_cached_tokens",
      "gen_ai.usage.cache_read_tokens",
      "gen_ai.usage.details.cache_read_tokens",
      "gen_ai.usage.details.cached_tokens",
      "llm.token_count.prompt_details.cache_read",
      "llm.usage.cache_read_input_tokens",
      "llm.usage.cached_tokens",
      "cache_read_tokens",
      "cache_read_input_tokens",
      "cached_input_tokens",
      "cached_token_count",
      "cached_content_token_count",
    ],
    cacheWrite: [
      "gen_ai.usage.cache_write.input_tokens",
      "gen_ai.usage.cache_creation.input_tokens",
      "gen_ai.usage.cache_creation_input_tokens",
      "gen_ai.usage.cache_write_input_tokens",
      "gen_ai.usage.cache_write_tokens",
      "gen_ai.usage.details.cache_write_tokens",
      "llm.token_count.prompt_details.cache_write",
      "llm.usage.cache_creation_input_tokens",
      "cache_creation_tokens",
      "cache_creation_input_tokens",
      "cache_write_token_count",
    ],
    reasoning: [
      "gen_ai.usage.reasoning.output_tokens",
      "gen_ai.usage.reasoning_tokens",
      "gen_ai.usage.thinking_tokens",
      "gen_ai.usage.thoughts_tokens",
      "gen_ai.usage.experimental.reasoning_tokens",
      "gen_ai.usage.details.reasoning_tokens",
      "gen_ai.usage.details.thoughts_tokens",
      "llm.token_count.completion_details.reasoning",
      "llm.usage.reasoning_tokens",
      "reasoning_tokens",
      "reasoning_token_count",
      "thoughts_token_count",
    ],
    ttftSeconds: [
      "gen_ai.response.time_to_first_chunk",
      "gen_ai.client.operation.time_to_first_chunk",
      "gen_ai.server.time_to_first_token",
    ],
    ttftMs: ["ttft_ms"],
    costUsd: [
      "gen_ai.usage.cost",
      "gen_ai.usage.total_cost",
      "gen_ai.cost.total_cost",
      "llm.cost.total",
      "llm.usage.total_cost",
      "operation.cost",
      "cost_usd",
    ],
    responseId: ["gen_ai.response.id", "llm.response.id", "response_id"],
    toolName: ["gen_ai.tool.name", "tool.name", "tool_name", "function_name"],
    agentName: ["gen_ai.agent.name", "agent.name", "agent_name"],
    traceName: ["trace.name"],
    workflowName: ["gen_ai.workflow.name", "workflow_name"],
    workflowRunId: ["gen_ai.agent.call.id"],
    sessionId: ["gen_ai.conversation.id", "session.id", "conversation.id", "metadata.sessionId"],
    customerId: [
      "user.id",
      "enduser.id",
      "llm.user",
      "user.account_uuid",
      "user.email",
      "installation.id",
    ],
    errorMessage: ["error.message", "error", "error_type", "error.type"],
    tags: ["tag.tags"],
  },
  metadataPrefixes: ["metadata."],
  input: {
    call: [
      conventionalInput,
      indexed("llm.input_messages", toMessage),
      indexed("gen_ai.prompt", toMessage),
      indexed("embedding.embeddings", toEmbedded),
      attribute("gen_ai.prompt"),
      fromEvents("input"),
      attribute("input.value"),
      attribute("request_data", "llm.prompts", "input", "prompt"),
    ],
    tool: [
      attribute(
        "gen_ai.tool.call.arguments",
        "tool_arguments",
        "input.value",
        "tool.parameters",
        "tool_input",
        "function_args",
        "gen_ai.prompt",
        "arguments",
      ),
      fromEvent("gen_ai.tool.message", "content"),
      fromEvents("input"),
      attribute("gen_ai.input.messages", "input"),
    ],
    rest: [
      conventionalInput,
      attribute("user_prompt", "prompt"),
      indexed("llm.input_messages", toMessage),
      indexed("gen_ai.prompt", toMessage),
      attribute("gen_ai.prompt", "input.value"),
      attribute("gen_ai.retrieval.query.text", "gen_ai.memory.query.text"),
      memoryRecords("input"),
      fromEvents("input"),
      attribute("input"),
    ],
  },
  output: {
    call: [
      attribute("gen_ai.output.messages"),
      indexed("llm.output_messages", toMessage),
      indexed("gen_ai.completion", toMessage),
      attribute("gen_ai.completion"),
      fromEvents("output"),
      attribute("output.value", "response.model_output", "response_data", "output", "completion"),
    ],
    tool: [
      attribute("gen_ai.tool.call.result", "tool_response", "output.value", "gen_ai.completion"),
      fromEvent("gen_ai.choice", "message", "tool.result"),
      fromEvents("output"),
      attribute("gen_ai.output.messages", "output"),
    ],
    rest: [
      attribute("final_result", "gen_ai.output.messages"),
      indexed("llm.output_messages", toMessage),
      indexed("gen_ai.completion", toMessage),
      attribute("gen_ai.completion", "output.value"),
      attribute("gen_ai.retrieval.documents"),
      memoryRecords("output"),
      fromEvents("output"),
      attribute("output"),
    ],
  },
  toolCatalog: [
    attribute("gen_ai.tool.definitions"),
    indexed("llm.tools", toTool),
    indexed("llm.request.functions", toTool),
    attribute("gen_ai.agent.tools"),
    fromEvents("toolCatalog"),
  ],
};
