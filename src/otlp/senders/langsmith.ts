/** LangSmith's export to OpenTelemetry, from LangChain and LangGraph. */
import { typeOfKind } from "../kind.ts";
import type { Sender } from "../sender.ts";
import { countOf, mapOf, presentOrNone, textOf } from "../values.ts";

/** LangChain names counts by the tier that they were served in. */
const tiers = ["", "flex_", "priority_"];

export const langSmith: Sender = {
  signs: { scopes: ["langsmith"], attributes: ["langsmith."] },
  spanType({ attributes, parentSpanId }) {
    // Before the operation: it calls a retriever's "embeddings".
    const kind = textOf(attributes, ["langsmith.span.kind"]);
    if (kind === undefined) return undefined;
    if (kind === "chain" && parentSpanId === "") return "agent";
    return typeOfKind(kind) ?? "other";
  },
  counts({ attributes }) {
    const usage = mapOf(attributes["langsmith.metadata.usage_metadata"]);
    const input = {
      ...mapOf(usage.input_token_details),
      ...mapOf(attributes["gen_ai.usage.input_token_details"]),
    };
    const output = {
      ...mapOf(usage.output_token_details),
      ...mapOf(attributes["gen_ai.usage.output_token_details"]),
    };
    const counts = {
      input: countOf(usage, ["input_tokens"]),
      output: countOf(usage, ["output_tokens"]),
      total: countOf(usage, ["total_tokens"]),
      cacheRead: countOf(
        input,
        tiers.map((tier) => `${tier}cache_read`),
      ),
      cacheWrite: countOf(input, ["cache_creation"]),
      reasoning: countOf(
        output,
        tiers.map((tier) => `${tier}reasoning`),
      ),
    };
    return presentOrNone(counts);
  },
  // LangChain's usage includes the cache, whoever answered.
  inputHasCache: () => true,
  outputHasReasoning: () => true,
  provider: ({ attributes }) => textOf(attributes, ["langsmith.metadata.ls_provider"]),
  agentName: ({ attributes }) => textOf(attributes, ["langsmith.metadata.lc_agent_name"]),
  // Each run has its own name there.
  traceName: ({ attributes, parentSpanId }) =>
    parentSpanId === "" ? textOf(attributes, ["langsmith.trace.name"]) : undefined,
  keys: {
    workflowRunId: ["langsmith.trace.id"],
    sessionId: [
      "langsmith.metadata.thread_id",
      "langsmith.metadata.session_id",
      "langsmith.metadata.conversation_id",
    ],
    customerId: ["langsmith.metadata.user_id"],
    tags: ["langsmith.span.tags"],
  },
  metadataPrefixes: ["langsmith.metadata."],
};
