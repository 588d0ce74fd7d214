/** Laminar's SDK. */
import { typeOfKind } from "../kind.ts";
import { attribute } from "../places.ts";
import type { Sender } from "../sender.ts";
import { textOf } from "../values.ts";

const input = [attribute("lmnr.span.input")];
const output = [attribute("lmnr.span.output")];

export const laminar: Sender = {
  signs: { scopes: ["lmnr"], attributes: ["lmnr."] },
  spanType: ({ attributes }) => typeOfKind(textOf(attributes, ["lmnr.span.type"])),
  keys: {
    sessionId: ["lmnr.association.properties.session_id"],
    customerId: ["lmnr.association.properties.user_id"],
  },
  metadataPrefixes: ["lmnr.association.properties."],
  input: { call: input, tool: input, rest: input },
  output: { call: output, tool: output, rest: output },
};
