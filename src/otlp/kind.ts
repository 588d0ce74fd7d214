/** What a span is: an agent, a model call, a tool, an embedding or something else. */
import type { Span } from "../contract/v1.ts";
import type { SpanRecord } from "./records.ts";
import { isFalse, isPresent, isTrue, tableOf, textOf } from "./values.ts";

export type SpanType = Span["spanType"];

/** `openinference.span.kind`; what is not here is `other`. */
const openInference = tableOf<SpanType>({
  llm: "llm",
  embedding: "embedding",
  tool: "tool",
  agent: "agent",
});

/** `gen_ai.operation.name`: the conventions' own, then what senders made of it. */
const operations = tableOf<SpanType>({
  chat: "llm",
  generate_content: "llm",
  text_completion: "llm",
  embeddings: "embedding",
  execute_tool: "tool",
  invoke_agent: "agent",
  create_agent: "agent",
  invoke_workflow: "agent",
  llm_call: "llm",
  llm_request: "llm",
  tool_call: "tool",
  agent_call: "agent",
  user_prompt: "agent",
});

/** The names that other senders give to the kind of their spans. */
const kinds = tableOf<SpanType>({
  // OpenLLMetry
  workflow: "agent",
  // LangSmith, Langfuse, Claude Code, Qwen Code
  llm: "llm",
  llm_request: "llm",
  generation: "llm",
  embedding: "embedding",
  tool: "tool",
  agent: "agent",
  interaction: "agent",
  subagent: "agent",
  // Mastra
  agent_run: "agent",
  workflow_run: "agent",
  model_generation: "llm",
  model_inference: "llm",
  tool_call: "tool",
  mcp_tool_call: "tool",
  provider_tool_call: "tool",
  rag_embedding: "embedding",
});

/** `llm.request.type`. */
const requests = tableOf<SpanType>({
  chat: "llm",
  completion: "llm",
  embedding: "embedding",
  rerank: "other",
});

/** Agents that name their spans by kind. Parts of a tool's call have the keys of a tool, too. */
const namesOfKinds = ["claude_code.", "qwen-code."];

/** Names that say a kind, by scope or service. */
const names = new Map(
  Object.entries({
    "pydantic-ai": tableOf<SpanType>({ "agent run": "agent" }),
    goose: tableOf<SpanType>({
      reply: "agent",
      stream_response_from_provider: "llm",
      complete: "llm",
      dispatch_tool_call: "tool",
    }),
    "livekit-agents": tableOf<SpanType>({
      agent_session: "agent",
      agent_turn: "agent",
      start_agent_activity: "agent",
      llm_request: "llm",
      function_tool: "tool",
    }),
  }),
);

const toolKeys = [
  "gen_ai.tool.name",
  "gen_ai.tool.call.id",
  "gen_ai.tool.call_id",
  "ai.toolCall.name",
  "lk.function_tool.name",
  "tool.name",
];

/** What else is known of a span. */
export interface Clues {
  scopeName: string;
  serviceName: string;
  hasModel: boolean;
  hasTokens: boolean;
}

export function spanTypeOf({ attributes, name, parentSpanId }: SpanRecord, clues: Clues): SpanType {
  const isRoot = parentSpanId === "";
  const openInferenceKind = textOf(attributes, ["openinference.span.kind"])?.toLowerCase();
  if (openInferenceKind !== undefined) {
    // LangChain's agents are chains; so is whatever else a trace begins with.
    if (openInferenceKind === "chain" && isRoot) return "agent";
    return openInference.get(openInferenceKind) ?? "other";
  }
  const operation = textOf(attributes, ["gen_ai.operation.name"])?.toLowerCase();
  // Before the operation: LangSmith calls a retriever's "embeddings", and agents name a tool's call on
  // the span around it and on the one within.
  const ownKind = textOf(attributes, ["langsmith.span.kind", "mastra.span.type"]);
  if (ownKind !== undefined) {
    if (ownKind === "chain" && isRoot) return "agent";
    // Of Mastra's generation and the inference in it one is the call, as its operation says.
    if (ownKind !== "model_generation" || operation === undefined) {
      return kinds.get(ownKind) ?? "other";
    }
  }
  const prefix = namesOfKinds.find((prefix) => name.startsWith(prefix));
  if (prefix !== undefined) return kinds.get(name.slice(prefix.length)) ?? "other";
  if (operation !== undefined) return operations.get(operation) ?? "other";
  const vercel = textOf(attributes, ["ai.operationId", "operation.name"])?.split(" ", 1)[0];
  if (vercel?.startsWith("ai.")) return vercelType(vercel);
  const kind = textOf(attributes, ["traceloop.span.kind"]);
  if (kind !== undefined) return kinds.get(kind.toLowerCase()) ?? "other";
  const request = requests.get(textOf(attributes, ["llm.request.type"]) ?? "");
  if (request !== undefined) return request;
  const otherKind = textOf(attributes, ["span.type", "langfuse.observation.type"])?.toLowerCase();
  // Others use the first of these for something else.
  const known = kinds.get(otherKind ?? "");
  if (known !== undefined) return known;
  const named = (names.get(clues.scopeName) ?? names.get(clues.serviceName))?.get(name);
  if (named !== undefined) return named;
  // Codex: the turn repeats what the last of its responses used, and responses name no model.
  if (name === "session_task.turn") return "agent";
  if (name === "handle_responses") return clues.hasTokens ? "llm" : "other";
  if (textOf(attributes, ["mcp.method.name"]) === "tools/call") return "tool";
  if (toolKeys.some((key) => isPresent(attributes[key]))) return "tool";
  // Agents' spans have a model, too.
  return clues.hasModel && clues.hasTokens ? "llm" : "other";
}

/** The outer spans of the AI SDK repeat what the inner ones say. */
function vercelType(operation: string): SpanType {
  if (operation === "ai.toolCall") return "tool";
  if (/\.do(Generate|Stream)$/.test(operation)) return "llm";
  if (operation.endsWith(".doEmbed")) return "embedding";
  return /^ai\.(generate|stream)(Text|Object)$/.test(operation) ? "agent" : "other";
}

export type SpanStatus = "ok" | "error" | "aborted";

const abortTypes = new Set([
  "aborterror",
  "cancellederror",
  "asyncio.cancellederror",
  "asyncio.exceptions.cancellederror",
  "canceled",
  "cancelled",
]);

/** Of any other span `decision` may be about anything. */
const namesOfDecisions = /^((claude_code|qwen-code)\.|tool_call$)/;

/** The last exception among a span's events, as attributes; empty where there is none. */
export function exceptionOf({ events }: SpanRecord) {
  return events.findLast(({ name }) => name === "exception")?.attributes ?? {};
}

export function statusOf(span: SpanRecord): SpanStatus {
  const { attributes, name } = span;
  const errorType = textOf(attributes, ["error.type"]);
  const thrown = textOf(exceptionOf(span), ["exception.type"]);
  const { decision } = attributes;
  const turn = attributes["qwen-code.turn_status"];
  const isAborted =
    (errorType !== undefined && abortTypes.has(errorType.toLowerCase())) ||
    (thrown !== undefined && abortTypes.has(thrown.toLowerCase())) ||
    isTrue(attributes["copilot_chat.canceled"]) ||
    isTrue(attributes["lk.interrupted"]) ||
    // Cancelled turns of Qwen Code end with a status of OK.
    turn === "cancelled" ||
    attributes["tool.failure_kind"] === "cancelled" ||
    ((decision === "reject" || decision === "user_abort") && namesOfDecisions.test(name));
  if (isAborted) return "aborted";
  const isError =
    span.statusCode === 2 ||
    isFalse(attributes["success"]) ||
    errorType !== undefined ||
    turn === "error";
  return isError ? "error" : "ok";
}
