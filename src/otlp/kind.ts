/** The words for what a span is and how it ended, and how senders' words for them are read. */
import type { Span } from "../contract/v1.ts";
import type { SpanRecord } from "./records.ts";
import { isFalse, isPresent, tableOf, textOf } from "./values.ts";

export type SpanType = Span["spanType"];
export type SpanStatus = "ok" | "error" | "aborted";

/** What senders call the kind of a span, in lower case. */
const kinds = tableOf<SpanType>({
  agent: "agent",
  workflow: "agent",
  crew: "agent",
  interaction: "agent",
  subagent: "agent",
  llm: "llm",
  llm_request: "llm",
  generation: "llm",
  chat: "llm",
  chat_model: "llm",
  completion: "llm",
  tool: "tool",
  function: "tool",
  tool_call: "tool",
  embedding: "embedding",
  embeddings: "embedding",
  embedder: "embedding",
});

/** @returns undefined for a word that stands for none of the four types. */
export function typeOfKind(kind: string | undefined): SpanType | undefined {
  return kind === undefined ? undefined : kinds.get(kind.toLowerCase());
}

/** The last exception among a span's events, as attributes; empty where there is none. */
export function exceptionOf({ events }: SpanRecord) {
  return events.findLast(({ name }) => name === "exception")?.attributes ?? {};
}

/**
 * Types of errors that say that somebody ended the work on purpose, with or without the module before:
 * JavaScript's AbortError and the SDKs' APIUserAbortError, Python's CancelledError, GeneratorExit and
 * KeyboardInterrupt, .NET's OperationCanceledException, Java's CancellationException, Go's
 * context.Canceled. A deadline that passed is an error.
 */
const abortType =
  /(^|[.:$/ ])((API)?(User)?Abort(ed)?(Error|Exception|Signal)?|(Task|Operation|Job|Call)?Cancel(l)?(ed|ation)(Error|Exception)?|GeneratorExit|KeyboardInterrupt|InterruptedException|ABORT_ERR)$/i;

/** The messages of errors whose type says nothing, such as DOMException or Go's *errors.errorString. */
const abortMessage =
  /^\W*(AbortError\b|CancelledError\b|(this|the) (operation|request|user) (was |has )?(been )?(aborted|cancell?ed)|(request|operation|call) (was )?(aborted|cancell?ed)|context canceled|aborted( by (the )?user)?\.?$|cancell?ed( by (the )?user)?\.?$)/i;

/** Types that wrap any error, so that only the message tells. */
const vagueType = /^(DOMException|Error|_OTHER|\*?errors\.\w+|\*?fmt\.\w+|\*?url\.Error)$/;

export function isAbort(type: string | undefined, message: string | undefined): boolean {
  if (type !== undefined && abortType.test(type)) return true;
  if (type !== undefined && !vagueType.test(type)) return false;
  return message !== undefined && abortMessage.test(message);
}

/**
 * How a span ended, by OpenTelemetry's status and by what its errors are. An explicit OK wins over
 * errors that were recorded on the way: they were handled. It does not win over `success: false`.
 */
export function generalStatusOf(span: SpanRecord): SpanStatus {
  if (span.statusCode === 1) return isFalse(span.attributes["success"]) ? "error" : "ok";
  const errorType = textOf(span.attributes, ["error.type"]);
  const exception = exceptionOf(span);
  const thrown = textOf(exception, ["exception.type"]);
  const message = textOf(exception, ["exception.message"]) ?? (span.statusMessage || undefined);
  if (isAbort(errorType, undefined) || isAbort(thrown, message)) return "aborted";
  const isError =
    span.statusCode === 2 || isFalse(span.attributes["success"]) || errorType !== undefined;
  return isError ? "error" : "ok";
}

const toolKeys = ["gen_ai.tool.name", "gen_ai.tool.call.id", "gen_ai.tool.call_id", "tool.name"];

/** Whether attributes that only tools have are there. */
export function hasToolKeys({ attributes }: SpanRecord): boolean {
  return toolKeys.some((key) => isPresent(attributes[key]));
}
