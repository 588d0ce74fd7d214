/** LangWatch's SDK. https://docs.langwatch.ai */
import { typeOfKind } from "../kind.ts";
import { memberOf } from "../places.ts";
import { countsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { mapOf, numberOf, textOf } from "../values.ts";

const input = [memberOf("langwatch.input", "value")];
const output = [memberOf("langwatch.output", "value")];

export const langWatch: Sender = {
  signs: { scopes: ["langwatch"], attributes: ["langwatch."] },
  spanType: ({ attributes }) => typeOfKind(textOf(attributes, ["langwatch.span.type"])),
  counts: ({ attributes }) => countsIn(mapOf(attributes["langwatch.metrics"]).value),
  costUsd: ({ attributes }) =>
    numberOf(mapOf(mapOf(attributes["langwatch.metrics"]).value), ["cost"]),
  keys: {
    sessionId: ["langwatch.thread.id", "langwatch.thread_id"],
    customerId: ["langwatch.customer.id", "langwatch.user.id", "langwatch.user_id"],
  },
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
};
