/** Whose span it is: names, session, workflow, customer, and the sender's own metadata. */
import type { Span, TraceHeader } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { exceptionOf, type SpanStatus, type SpanType } from "./kind.ts";
import type { Attributes, SpanRecord } from "./records.ts";
import { isMap, mapOf, tableOf, textOf, toText } from "./values.ts";

/** Text that fits; a longer one stays an attribute alone. */
function fitting(text: string | undefined, maxLength: number): string | undefined {
  return text !== undefined && text.length <= maxLength ? text : undefined;
}

const toolNameKeys = [
  "gen_ai.tool.name",
  "ai.toolCall.name",
  "tool.name",
  "tool_name",
  "function_name",
  "lk.function_tool.name",
];
const modelKeys = [
  "gen_ai.response.model",
  "llm.response.model_name",
  "gen_ai.request.model",
  "llm.request.model_name",
  "llm.model_name",
  "embedding.model_name",
  "ai.response.model",
  "ai.model.id",
  "aisdk.model.id",
  "model_name",
  "qwen-code.model",
  "model",
];
const providerKeys = ["gen_ai.provider.name", "gen_ai.system", "llm.provider", "llm.system"];
/** The AI SDK's words: "openai.responses". The conventions' own names may have dots, too. */
const flavourKeys = ["ai.model.provider", "aisdk.model.provider"];

export function nameOf(span: SpanRecord, type: SpanType, scopeName: string): string {
  const { attributes } = span;
  const tool = type === "tool" ? textOf(attributes, toolNameKeys) : undefined;
  const operation = textOf(attributes, ["gen_ai.operation.name"]);
  const model = modelIdOf(attributes);
  const functionId = textOf(attributes, ["ai.telemetry.functionId"]);
  const name =
    tool ||
    (functionId && span.name.startsWith("ai.") ? `${functionId}: ${span.name}` : span.name) ||
    (operation && model ? `${operation} ${model}` : operation) ||
    textOf(attributes, ["traceloop.entity.name"]) ||
    scopeName;
  return name.slice(0, wire.spanNameLength);
}

export function modelIdOf(attributes: Attributes): string | undefined {
  return fitting(textOf(attributes, modelKeys), wire.modelIdLength);
}

/** Names that say which framework called, not who answered. */
const frameworks = new Set([
  "strands-agents",
  "langchain",
  "langgraph",
  "crewai",
  "github",
  "llamaindex",
  "mastra",
]);

/** What providers were called before, and what they are called now. */
const aliases = tableOf({
  vertex_ai: "gcp.vertex_ai",
  gemini: "gcp.gemini",
  "az.ai.inference": "azure.ai.inference",
  "az.ai.openai": "azure.ai.openai",
  xai: "x_ai",
  mistralai: "mistral_ai",
});

/** By the beginning of a model's id; only where a framework stands in the provider's place. */
const families: [RegExp, string][] = [
  [
    /^(arn:aws:bedrock|([a-z]{2,6}\.)?(anthropic|amazon|meta|cohere|ai21|mistral)\.)/,
    "aws.bedrock",
  ],
  [/^claude/, "anthropic"],
  [/^(gpt-|o[134](-|$)|chatgpt|text-embedding|codex)/, "openai"],
  [/^gemini/, "gcp.gemini"],
  [/^(mistral|codestral|ministral)/, "mistral_ai"],
  [/^deepseek/, "deepseek"],
  [/^grok/, "x_ai"],
];

/** By service, for agents that name none. */
const services = tableOf({ "claude-code": "anthropic", "gemini-cli": "gcp.gemini" });

export function providerOfService(serviceName: string): string | undefined {
  return serviceName.startsWith("codex") ? "openai" : services.get(serviceName);
}

/** @returns the provider as the span's own attributes have it. */
export function providerOf(attributes: Attributes, model: string | undefined): string | undefined {
  const flavoured = textOf(attributes, flavourKeys);
  let framework: string | undefined;
  for (const key of providerKeys) {
    const sent = textOf(attributes, [key]);
    if (sent === undefined) continue;
    const name = providerName(sent === flavoured ? beforeDot(sent) : sent);
    if (!frameworks.has(name)) return fitting(name, wire.providerLength);
    framework ??= name;
  }
  const sent = flavoured === undefined ? chainedProvider(attributes) : beforeDot(flavoured);
  if (sent !== undefined) return fitting(providerName(sent), wire.providerLength);
  if (framework === undefined) return undefined;
  const family = families.find(([pattern]) => pattern.test(model?.toLowerCase() ?? ""));
  return family ? family[1] : framework;
}

function beforeDot(name: string): string {
  return name.split(".", 1)[0]!;
}

function providerName(sent: string): string {
  const name = sent.toLowerCase();
  return aliases.get(name) ?? name;
}

/** LangChain says it in its metadata alone. */
function chainedProvider(attributes: Attributes): string | undefined {
  const { metadata } = attributes;
  const hasOne =
    isMap(metadata) || (typeof metadata === "string" && metadata.includes("ls_provider"));
  return (
    textOf(attributes, ["langsmith.metadata.ls_provider"]) ??
    (hasOne ? textOf(mapOf(metadata), ["ls_provider"]) : undefined)
  );
}

export function errorMessageOf(span: SpanRecord, status: SpanStatus): string | undefined {
  if (status === "ok") return undefined;
  const message =
    (span.statusMessage || undefined) ??
    textOf(exceptionOf(span), ["exception.message"]) ??
    textOf(span.attributes, ["error.message", "error", "error_type", "error.type"]) ??
    textOf(exceptionOf(span), ["exception.type"]);
  return message?.slice(0, wire.errorMessageLength);
}

const traceNameKeys = ["langfuse.trace.name", "langsmith.trace.name"];
const agentNameKeys = [
  "gen_ai.agent.name",
  "agent.name",
  "agent_name",
  "ai.telemetry.functionId",
  "lk.agent_name",
  "lk.agent_label",
];
const workflowNameKeys = ["gen_ai.workflow.name", "workflow_name"];
const workflowRunKeys = ["gen_ai.agent.call.id", "langsmith.trace.id", "mastra.traceId"];
const sessionKeys = [
  "gen_ai.conversation.id",
  "session.id",
  "langfuse.session.id",
  "ai.telemetry.metadata.sessionId",
  "ai.telemetry.metadata.session_id",
  "ai.telemetry.metadata.threadId",
  "ai.settings.context.sessionId",
  "traceloop.association.properties.session_id",
  "traceloop.association.properties.thread_id",
  "lmnr.association.properties.session_id",
  "langsmith.metadata.thread_id",
  "langsmith.metadata.session_id",
  "langsmith.metadata.conversation_id",
  "mastra.metadata.sessionId",
  "metadata.sessionId",
  "conversation.id",
  "copilot_chat.chat_session_id",
];
const customerKeys = [
  "user.id",
  "enduser.id",
  "langfuse.user.id",
  "ai.telemetry.metadata.userId",
  "ai.settings.context.userId",
  "traceloop.association.properties.user_id",
  "user.account_uuid",
  "user.email",
  "installation.id",
];

/** Whose spans those of a resource are, where they do not say it themselves. */
export function ownersOf(resource: Attributes): { sessionId?: string; customerId?: string } {
  const sessionId = fitting(textOf(resource, sessionKeys), wire.idLength);
  const customerId = fitting(textOf(resource, customerKeys), wire.idLength);
  return { ...(sessionId && { sessionId }), ...(customerId && { customerId }) };
}

/** The trace-level fields that this span carries. Only a root gives its own name to the trace. */
export function headerOf(
  span: SpanRecord,
  type: SpanType,
  name: string,
  resource: { serviceName: string } & ReturnType<typeof ownersOf>,
): TraceHeader {
  const { attributes } = span;
  const isRoot = span.parentSpanId === "";
  const kind = textOf(attributes, ["traceloop.span.kind"])?.toLowerCase();
  const traceName = textOf(attributes, traceNameKeys) ?? (isRoot ? name : undefined);
  const agentName =
    textOf(attributes, agentNameKeys) ??
    (type === "agent" ? textOf(attributes, ["graph.node.name"]) : undefined) ??
    (kind === "agent" ? textOf(attributes, ["traceloop.entity.name"]) : undefined);
  const workflowName = fitting(
    textOf(attributes, workflowNameKeys) ??
      // On the spans within, OpenLLMetry for JavaScript has the name of an agent there.
      (isRoot || kind === "workflow" ? textOf(attributes, ["traceloop.workflow.name"]) : undefined),
    wire.traceTextLength,
  );
  const workflowRunId = fitting(textOf(attributes, workflowRunKeys), wire.idLength);
  const sessionId = fitting(textOf(attributes, sessionKeys), wire.idLength) ?? resource.sessionId;
  const customerId =
    fitting(textOf(attributes, customerKeys), wire.idLength) ?? resource.customerId;
  const { serviceName } = resource;
  return {
    ...(traceName && { traceName: traceName.slice(0, wire.traceTextLength) }),
    ...(agentName && { agentName: agentName.slice(0, wire.traceTextLength) }),
    ...(workflowName && { workflowName, workflowRunId: workflowRunId ?? span.traceId }),
    ...(sessionId && { sessionId }),
    ...(customerId && { customer: { id: customerId } }),
    ...(serviceName && { x: { serviceName: serviceName.slice(0, wire.traceTextLength) } }),
  };
}

/** What senders call the metadata of their users: a key for each entry. */
const metadataPrefixes = [
  "ai.telemetry.metadata.",
  "ai.settings.context.",
  "traceloop.association.properties.",
  "lmnr.association.properties.",
  "langsmith.metadata.",
  "langfuse.trace.metadata.",
  "langfuse.observation.metadata.",
  "mastra.metadata.",
  "metadata.",
];
const metadataInitials = new Set(metadataPrefixes.map((prefix) => prefix.charCodeAt(0)));

const tagKeys = ["tag.tags", "langsmith.span.tags", "langfuse.trace.tags"];

/** The users' own metadata, as far as it fits the contract's maps; all of it stays in the attributes. */
export function metadataOf(attributes: Attributes): Span["metadata"] {
  const found: [string, string][] = [];
  const add = (key: string, text: string) => {
    const fits = key.length <= wire.mapKeyLength && text.length <= wire.mapValueLength;
    if (fits && key !== "__proto__" && found.length < wire.mapKeys) found.push([key, text]);
  };
  for (const key in attributes) {
    // A look at one letter spares most keys the rest.
    if (!metadataInitials.has(key.charCodeAt(0))) continue;
    const prefix = metadataPrefixes.find((prefix) => key.startsWith(prefix));
    if (prefix && key.length > prefix.length)
      add(key.slice(prefix.length), toText(attributes[key]!));
  }
  const whole = mapOf(attributes["metadata"]);
  for (const key of Object.keys(whole)) add(key, toText(whole[key]!));
  const tags = tagKeys.map((key) => attributes[key]).find((value) => value !== undefined);
  if (tags !== undefined) add("tags", toText(tags));
  return found.length > 0 ? Object.fromEntries(found) : undefined;
}
