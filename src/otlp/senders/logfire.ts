/** Logfire's own instrumentations and its names for spans. https://logfire.pydantic.dev */
import { memberOf } from "../places.ts";
import { countsIn } from "../reported.ts";
import type { Sender } from "../sender.ts";
import { isPresent, mapOf, textOf } from "../values.ts";

export const logfire: Sender = {
  signs: { scopes: ["logfire"], attributes: ["logfire.", "request_data", "response_data"] },
  // Each span is announced by one of these.
  isAnnouncement: ({ attributes }) => attributes["logfire.span_type"] === "pending_span",
  spanType: ({ attributes }, { hasModel }) =>
    hasModel && isPresent(attributes["request_data"]) && isPresent(attributes["response_data"])
      ? "llm"
      : undefined,
  // The span's own name is a template of it.
  spanName: ({ name, attributes }) =>
    /\{\w/.test(name) ? textOf(attributes, ["logfire.msg"]) : undefined,
  model: ({ attributes }) => textOf(mapOf(attributes["request_data"]), ["model"]),
  counts: ({ attributes }) => countsIn(mapOf(attributes["response_data"]).usage),
  toolCatalog: [memberOf("request_data", "tools")],
  output: { call: [memberOf("response_data", "message")] },
};
