/** The AI SDK, versions 4 to 6 (scope `ai`); version 7 speaks the conventions' words. */
import type { SpanType } from "../kind.ts";
import { attribute, listOfJson, type Place } from "../places.ts";
import type { Attributes, SpanRecord, Value } from "../records.ts";
import type { Sender } from "../sender.ts";
import {
  countOf,
  isMap,
  isPresent,
  mapOf,
  numberOf,
  presentOrNone,
  textOf,
  toStructure,
  toText,
} from "../values.ts";

const outputKeys = [
  "ai.response.reasoning",
  "ai.response.text",
  "ai.response.toolCalls",
  "ai.response.object",
];

/** The answer: a text alone as it is, else the parts of a message as the SDK's own types have them. */
const answer: Place = ({ attributes }) => {
  const [reasoning, text, sentCalls, object] = outputKeys.map((key) => attributes[key]);
  const calls = isPresent(sentCalls) ? toStructure(sentCalls) : [];
  const areCalls = Array.isArray(calls) && calls.every(isMap);
  const keys = outputKeys.filter((key) => isPresent(attributes[key]));
  if (!areCalls) keys.splice(keys.indexOf("ai.response.toolCalls"), 1);
  if (keys.length === 0) return null;
  const [only] = keys;
  if (keys.length === 1 && (only === "ai.response.text" || only === "ai.response.object")) {
    return { text: toText(attributes[only]!), keys };
  }
  const parts: Value[] = [];
  if (isPresent(reasoning)) parts.push({ type: "reasoning", text: reasoning });
  if (isPresent(text)) parts.push({ type: "text", text });
  if (isPresent(object)) parts.push({ type: "text", text: toText(object) });
  if (areCalls) parts.push(...calls.map(toolCallPart));
  return { text: JSON.stringify(parts), keys };
};

function toolCallPart(call: Attributes): Value {
  const { toolCallId = null, toolName = null, ...rest } = call;
  // Before version 5 the input was called args.
  const given = "input" in rest ? "input" : "args";
  const { [given]: input, ...others } = rest;
  return {
    type: "tool-call",
    toolCallId,
    toolName,
    ...(input !== undefined && { input: toStructure(input) }),
    ...others,
  };
}

/** The outer spans repeat what the inner ones say. */
function typeOfOperation(operation: string): SpanType {
  if (operation === "ai.toolCall") return "tool";
  if (/\.do(Generate|Stream)$/.test(operation)) return "llm";
  if (operation.endsWith(".doEmbed")) return "embedding";
  return /^ai\.(generate|stream)(Text|Object)$/.test(operation) ? "agent" : "other";
}

/** The provider's own figures, in `ai.response.providerMetadata`. */
function metadataOfProvider({ attributes }: SpanRecord) {
  const { anthropic, openai, azure, google, vertex, bedrock } = mapOf(
    attributes["ai.response.providerMetadata"],
  );
  return { anthropic, openai: openai ?? azure, google: google ?? vertex, bedrock };
}

function anthropicCounts(anthropic: Attributes) {
  const usage = mapOf(anthropic.usage);
  const all = { ...anthropic, ...usage };
  return {
    cacheRead: countOf(all, ["cacheReadInputTokens", "cache_read_input_tokens"]),
    cacheWrite: countOf(all, ["cacheCreationInputTokens", "cache_creation_input_tokens"]),
  };
}

export const vercel: Sender = {
  signs: { attributes: ["ai."] },
  spanType({ attributes }) {
    const sent = textOf(attributes, ["ai.operationId", "operation.name"]);
    const operation = sent?.split(" ", 1)[0];
    return operation?.startsWith("ai.") ? typeOfOperation(operation) : undefined;
  },
  spanName({ name, attributes }) {
    const id = textOf(attributes, ["ai.telemetry.functionId"]);
    return id && name.startsWith("ai.") ? `${id}: ${name}` : undefined;
  },
  counts(span) {
    const { anthropic, openai, google, bedrock } = metadataOfProvider(span);
    if (isMap(anthropic)) return presentOrNone(anthropicCounts(anthropic));
    if (isMap(openai)) {
      return presentOrNone({
        cacheRead: countOf(openai, ["cachedPromptTokens"]),
        reasoning: countOf(openai, ["reasoningTokens"]),
      });
    }
    if (isMap(google)) {
      const usage = mapOf(google.usageMetadata);
      return presentOrNone({
        cacheRead: countOf(usage, ["cachedContentTokenCount"]),
        reasoning: countOf(usage, ["thoughtsTokenCount"]),
      });
    }
    if (isMap(bedrock)) {
      const usage = mapOf(bedrock.usage);
      return presentOrNone({
        cacheRead: countOf(usage, ["cacheReadInputTokens"]),
        cacheWrite: countOf(usage, ["cacheWriteInputTokens"]),
      });
    }
    return undefined;
  },
  inputHasCache(span, { counts }) {
    // From version 6 on it counts as the contract does, and says so with its details.
    if (isPresent(span.attributes["ai.usage.inputTokenDetails.noCacheTokens"])) return true;
    const { anthropic } = metadataOfProvider(span);
    if (!isMap(anthropic)) return undefined;
    const sent = countOf(mapOf(anthropic.usage), ["input_tokens"]);
    return sent !== undefined && sent !== counts.input;
  },
  outputHasReasoning(span, { counts }) {
    if (isPresent(span.attributes["ai.usage.outputTokenDetails.textTokens"])) return true;
    const { google } = metadataOfProvider(span);
    if (!isMap(google)) return undefined;
    const candidates = countOf(mapOf(google.usageMetadata), ["candidatesTokenCount"]);
    return candidates === undefined ? undefined : candidates !== counts.output;
  },
  ttftMs({ attributes, events, start }) {
    const sent = numberOf(attributes, ["ai.response.msToFirstChunk", "ai.stream.msToFirstChunk"]);
    if (sent !== undefined) return sent;
    const first = events.find(({ name }) => name === "ai.stream.firstChunk")?.time;
    return first && Math.max(0, first.ms - start.ms + (first.nanos - start.nanos) / 1e6);
  },
  keys: {
    responseModel: ["ai.response.model"],
    requestModel: ["gen_ai.request.model", "ai.model.id"],
    providerFlavour: ["ai.model.provider"],
    input: ["ai.usage.inputTokens", "ai.usage.promptTokens", "ai.usage.tokens"],
    output: ["ai.usage.outputTokens", "ai.usage.completionTokens"],
    total: ["ai.usage.totalTokens"],
    cacheRead: ["ai.usage.inputTokenDetails.cacheReadTokens", "ai.usage.cachedInputTokens"],
    cacheWrite: ["ai.usage.inputTokenDetails.cacheWriteTokens"],
    reasoning: ["ai.usage.outputTokenDetails.reasoningTokens", "ai.usage.reasoningTokens"],
    responseId: ["ai.response.id"],
    toolName: ["ai.toolCall.name"],
    agentName: ["ai.telemetry.functionId"],
    sessionId: [
      "ai.telemetry.metadata.sessionId",
      "ai.telemetry.metadata.session_id",
      "ai.telemetry.metadata.threadId",
      "ai.settings.context.sessionId",
    ],
    customerId: ["ai.telemetry.metadata.userId", "ai.settings.context.userId"],
  },
  metadataPrefixes: ["ai.telemetry.metadata.", "ai.settings.context."],
  input: {
    call: [
      attribute("ai.prompt.messages"),
      listOfJson("ai.values"),
      attribute("ai.value", "ai.prompt"),
    ],
    tool: [attribute("ai.toolCall.args")],
    rest: [attribute("ai.prompt", "ai.value"), listOfJson("ai.values")],
  },
  output: { call: [answer], tool: [attribute("ai.toolCall.result")], rest: [answer] },
  toolCatalog: [listOfJson("ai.prompt.tools")],
};
