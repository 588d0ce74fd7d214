/** Langfuse's SDKs, version 3 and later. https://langfuse.com/integrations/native/opentelemetry */
import { typeOfKind } from "../kind.ts";
import { attribute, memberOf } from "../places.ts";
import type { Value } from "../records.ts";
import { countsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { msSinceStart } from "../usage.ts";
import { isPresent, mapOf, numberOf, textOf } from "../values.ts";

const input = [attribute("langfuse.observation.input")];
const output = [attribute("langfuse.observation.output")];

export const langfuse: Sender = {
  signs: { scopes: ["langfuse"], attributes: ["langfuse."] },
  // It has none but the name of the observation.
  agentName: ({ name, attributes }) =>
    textOf(attributes, ["langfuse.observation.type"]) === "agent" ? name : undefined,
  spanType({ attributes }) {
    const type = textOf(attributes, ["langfuse.observation.type"]);
    // "span" is what it calls everything else.
    return type === undefined || type === "span" ? undefined : (typeOfKind(type) ?? "other");
  },
  status: ({ attributes }) =>
    textOf(attributes, ["langfuse.observation.level"]) === "ERROR" ? "error" : undefined,
  counts: ({ attributes }) => countsIn(attributes["langfuse.observation.usage_details"]),
  inputHasCache: ({ attributes }) => isUsageHere(attributes["langfuse.observation.usage_details"]),
  outputHasReasoning: ({ attributes }) =>
    isUsageHere(attributes["langfuse.observation.usage_details"]),
  costUsd({ attributes }) {
    const costs = mapOf(attributes["langfuse.observation.cost_details"]);
    const total = numberOf(costs, ["total"]);
    if (total !== undefined) return total;
    const parts = Object.keys(costs).map((key) => numberOf(costs, [key]) ?? 0);
    return parts.length > 0 ? parts.reduce((sum, part) => sum + part, 0) : undefined;
  },
  ttftMs: (span) =>
    msSinceStart(span, textOf(span.attributes, ["langfuse.observation.completion_start_time"])),
  keys: {
    responseModel: ["langfuse.observation.model.name"],
    traceName: ["langfuse.trace.name"],
    sessionId: ["session.id", "langfuse.session.id"],
    customerId: ["user.id", "langfuse.user.id"],
    errorMessage: ["langfuse.observation.status_message"],
    tags: ["langfuse.trace.tags"],
  },
  metadataPrefixes: ["langfuse.trace.metadata.", "langfuse.observation.metadata."],
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
  toolCatalog: [memberOf("langfuse.observation.input", "tools")],
};

/** What `countsIn` read is normal already. */
function isUsageHere(sent: Value | undefined): true | undefined {
  return isPresent(sent) || undefined;
}
