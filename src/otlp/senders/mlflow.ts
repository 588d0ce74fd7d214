/** MLflow's own tracing. All its attributes are JSON texts. https://mlflow.org/docs/latest/genai/tracing/ */
import type { SpanType } from "../kind.ts";
import { attribute, listOfJson } from "../places.ts";
import { rawCountsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { mapOf, numberOf, tableOf, textOf } from "../values.ts";

const types = tableOf<SpanType>({
  chat_model: "llm",
  llm: "llm",
  embedding: "embedding",
  tool: "tool",
  agent: "agent",
});

const input = [attribute("mlflow.spanInputs")];
const output = [attribute("mlflow.spanOutputs")];

export const mlflow: Sender = {
  signs: { scopes: ["mlflow"], attributes: ["mlflow."] },
  agentName: ({ name, attributes }) =>
    textOf(attributes, ["mlflow.spanType"])?.toLowerCase() === "agent" ? name : undefined,
  spanType({ attributes, parentSpanId }) {
    const type = textOf(attributes, ["mlflow.spanType"])?.toLowerCase();
    if (type === undefined) return undefined;
    if (type === "chain" && parentSpanId === "") return "agent";
    return types.get(type) ?? "other";
  },
  counts({ attributes }) {
    // One shape for the counts of all providers, as they have them; details are in the answer alone.
    const usage = rawCountsIn(attributes["mlflow.chat.tokenUsage"]);
    return { ...rawCountsIn(mapOf(attributes["mlflow.spanOutputs"]).usage), ...usage };
  },
  costUsd: ({ attributes }) => numberOf(mapOf(attributes["mlflow.llm.cost"]), ["total_cost"]),
  keys: {
    responseModel: ["mlflow.llm.model"],
    provider: ["mlflow.llm.provider", "mlflow.message.format"],
    sessionId: ["mlflow.trace.session"],
    customerId: ["mlflow.trace.user"],
  },
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
  toolCatalog: [listOfJson("mlflow.chat.tools")],
};
