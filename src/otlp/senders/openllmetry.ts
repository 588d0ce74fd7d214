/** OpenLLMetry's instrumentations, from Traceloop. https://github.com/traceloop/openllmetry */
import { typeOfKind } from "../kind.ts";
import { attribute } from "../places.ts";
import type { Attributes } from "../records.ts";
import type { Sender } from "../sender.ts";
import { textOf } from "../values.ts";

function kindOf(attributes: Attributes): string | undefined {
  return textOf(attributes, ["traceloop.span.kind"])?.toLowerCase();
}

export const openLlmetry: Sender = {
  signs: {
    scopes: ["opentelemetry.instrumentation.", "@traceloop/", "traceloop."],
    attributes: ["traceloop.", "llm.request.type", "llm.usage.", "llm.request.functions."],
  },
  spanType({ attributes }) {
    if (textOf(attributes, ["gen_ai.operation.name"])) return undefined;
    const kind = kindOf(attributes);
    return kind === undefined ? undefined : (typeOfKind(kind) ?? "other");
  },
  agentName: ({ attributes }) =>
    kindOf(attributes) === "agent" ? textOf(attributes, ["traceloop.entity.name"]) : undefined,
  // On the spans within, the one for JavaScript has the name of an agent there.
  workflowName: ({ attributes, parentSpanId }) =>
    parentSpanId === "" || kindOf(attributes) === "workflow"
      ? textOf(attributes, ["traceloop.workflow.name"])
      : undefined,
  spanName: ({ name, attributes }) =>
    name || textOf(attributes, ["gen_ai.operation.name"])
      ? undefined
      : textOf(attributes, ["traceloop.entity.name"]),
  inputHasCache(_span, { scopeName }) {
    // The one for Anthropic adds up its three counts in Python, and in JavaScript does not.
    if (scopeName.startsWith("opentelemetry.instrumentation.anthropic")) return true;
    return scopeName === "@traceloop/instrumentation-anthropic" ? false : undefined;
  },
  keys: {
    sessionId: [
      "traceloop.association.properties.session_id",
      "traceloop.association.properties.thread_id",
    ],
    customerId: ["traceloop.association.properties.user_id"],
  },
  metadataPrefixes: ["traceloop.association.properties."],
  input: {
    tool: [attribute("gen_ai.tool.call.arguments", "traceloop.entity.input")],
    rest: [attribute("traceloop.entity.input")],
  },
  output: {
    tool: [attribute("gen_ai.tool.call.result", "traceloop.entity.output")],
    rest: [attribute("traceloop.entity.output")],
  },
};
