/** Braintrust's SDK. https://www.braintrust.dev/docs/integrations/opentelemetry */
import { typeOfKind } from "../kind.ts";
import { attribute } from "../places.ts";
import { rawCountsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { mapOf, textOf } from "../values.ts";

const input = [attribute("braintrust.input_json", "braintrust.input")];
const output = [attribute("braintrust.output_json", "braintrust.output")];

export const braintrust: Sender = {
  signs: { scopes: ["braintrust"], attributes: ["braintrust."] },
  spanType: ({ attributes }) =>
    typeOfKind(textOf(mapOf(attributes["braintrust.span_attributes"]), ["type"])),
  model: ({ attributes }) => textOf(mapOf(attributes["braintrust.metadata"]), ["model"]),
  counts: ({ attributes }) => rawCountsIn(attributes["braintrust.metrics"]),
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
};
