/** Mastra's exporter for OpenTelemetry. */
import type { SpanType } from "../kind.ts";
import { attribute, type Place } from "../places.ts";
import type { Sender } from "../sender.ts";
import { msSinceStart } from "../usage.ts";
import { tableOf, textOf } from "../values.ts";

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

export const mastra: Sender = {
  signs: { scopes: ["mastra", "@mastra/"], attributes: ["mastra."] },
  spanType({ attributes }) {
    const type = textOf(attributes, ["mastra.span.type"]);
    if (type === undefined) return undefined;
    // Of a generation and the inference in it one is the call, as its operation says.
    const isOpen = type === "model_generation" && textOf(attributes, ["gen_ai.operation.name"]);
    return isOpen ? undefined : (types.get(type) ?? "other");
  },
  inputHasCache: () => true,
  ttftMs: (span) => msSinceStart(span, textOf(span.attributes, ["mastra.completion_start_time"])),
  keys: {
    workflowRunId: ["mastra.traceId"],
    sessionId: ["gen_ai.conversation.id", "mastra.metadata.sessionId"],
    customerId: ["mastra.metadata.userId"],
  },
  metadataPrefixes: ["mastra.metadata."],
  input: { call: [own("input")], tool: [own("input")], rest: [own("input")] },
  output: { call: [own("output")], tool: [own("output")], rest: [own("output")] },
};
