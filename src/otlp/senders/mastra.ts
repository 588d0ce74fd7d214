/** Mastra's exporter for OpenTelemetry. */
import type { SpanType } from "../kind.ts";
import { attribute, type Place } from "../places.ts";
import type { Value } from "../records.ts";
import type { Sender } from "../sender.ts";
import { msSinceStart } from "../usage.ts";
import { mapOf, tableOf, textOf } from "../values.ts";

const types = tableOf<SpanType>({
  agent_run: "agent",
  workflow_run: "agent",
  model_generation: "llm",
  model_inference: "llm",
  tool_call: "tool",
  mcp_tool_call: "tool",
  provider_tool_call: "tool",
  rag_embedding: "embedding",
});

/** `mastra.<type>.input` and its like. */
const own =
  (end: "input" | "output"): Place =>
  (call) => {
    const type = textOf(call.attributes, ["mastra.span.type"]);
    return type === undefined ? null : attribute(`mastra.${type}.${end}`)(call);
  };

/** A run's output is its text, beside files that it mostly does not have. */
const textOfRun: Place = (call) => {
  const sent = mapOf(call.attributes["mastra.agent_run.output"]);
  const isText = typeof sent.text === "string" && isEmptyList(sent.files ?? []);
  return isText ? { text: sent.text as string, keys: ["mastra.agent_run.output"] } : null;
};

function isEmptyList(value: Value): boolean {
  return Array.isArray(value) && value.length === 0;
}

export const mastra: Sender = {
  signs: { scopes: ["mastra", "@mastra/"], attributes: ["mastra."] },
  spanType({ attributes }, { hasModel }) {
    const type = textOf(attributes, ["mastra.span.type"]);
    if (type === undefined) return undefined;
    // Of a generation and the inference in it one is the call, as its operation says.
    const operation = textOf(attributes, ["gen_ai.operation.name"]);
    if (type === "model_generation" && operation) return operation === "chat" ? "llm" : "other";
    // A step that names its model has the messages of the inference within it: one call.
    if (type === "model_step" && hasModel) return "llm";
    return types.get(type) ?? "other";
  },
  model: ({ attributes }) =>
    textOf(mapOf(attributes["mastra.metadata.modelMetadata"]), ["modelId"]),
  provider: ({ attributes }) =>
    textOf(mapOf(attributes["mastra.metadata.modelMetadata"]), ["modelProvider"]),
  inputHasCache: () => true,
  ttftMs: (span) => msSinceStart(span, textOf(span.attributes, ["mastra.completion_start_time"])),
  keys: {
    workflowRunId: ["mastra.traceId"],
    sessionId: ["gen_ai.conversation.id", "mastra.metadata.sessionId"],
    customerId: ["mastra.metadata.userId"],
  },
  metadataPrefixes: ["mastra.metadata."],
  input: { call: [own("input")], tool: [own("input")], rest: [own("input")] },
  output: {
    call: [own("output")],
    tool: [own("output")],
    rest: [textOfRun, own("output")],
  },
};
