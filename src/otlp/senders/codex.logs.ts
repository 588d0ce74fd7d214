/**
 * Codex's log events. Each comes from one or two targets, one with contents and one with lengths. Nothing
 * names the turn: a prompt begins it. Of a model call a request says when it began, and the completed
 * response what it used; what was answered is in no record.
 */
import {
  countsText,
  idIn,
  lastText,
  momentOf,
  span,
  type AgentEvent,
  type AgentLogs,
  type AgentPiece,
  type Reading,
} from "../events.ts";
import type { Attributes } from "../records.ts";
import {
  countOf,
  isFalse,
  isPresent,
  numberOf,
  present,
  presentOrNone,
  textOf,
} from "../values.ts";

const prefix = "codex.";
const uuid = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/i;

export const codexLogs: AgentLogs = {
  agent: "codex",
  nameOf: (name) => (name.startsWith(prefix) ? name.slice(prefix.length) : null),

  pieceOf(event): AgentPiece | null {
    const { attributes } = event;
    const shared = {
      session: idIn(attributes, ["conversation.id", "thread.id"]),
      event: event.name,
      model: textOf(attributes, ["model", "slug"]),
      ...span(event),
    };
    switch (event.name) {
      case "user_prompt":
        return {
          ...shared,
          ...moment(event),
          kind: "turn",
          role: "whole",
          mark: momentOf(event),
          isAnswered: true,
        };
      case "sse_event":
      case "websocket_event":
        return isCompleted(event) ? completed(event, { ...shared, ...moment(event) }) : null;
      case "api_request":
      case "websocket_request":
        if (!isModelCall(attributes)) return null;
        return hasFailed(attributes)
          ? { ...shared, kind: "call", role: "whole", mark: momentOf(event) }
          : { ...shared, kind: "call", role: "before" };
      case "tool_decision":
      case "tool_result":
        return {
          ...shared,
          kind: "tool",
          model: undefined,
          id: idIn(attributes, ["call_id"]),
          name: textOf(attributes, ["tool_name"]),
          isAnswered: event.name === "tool_result" ? true : undefined,
          role: event.name === "tool_result" || isRefused(attributes) ? "whole" : "start",
          mark: `${momentOf(event)} ${textOf(attributes, ["tool_name"]) ?? ""}`,
        };
      default:
        return null;
    }
  },

  read(kind, events): Reading {
    if (kind === "turn") {
      const prompts = events.filter(({ name }) => name === "user_prompt");
      return present<Reading>({ input: lastText(prompts, ["prompt"]) });
    }
    return kind === "call" ? readCall(events) : readTool(events);
  },

  claimOf(span) {
    const { name, attributes, parentSpanId } = span;
    const thread = idIn(attributes, ["thread.id", "thread_id"]);
    const session =
      idIn(attributes, ["conversation.id"]) ?? (thread && uuid.test(thread) ? thread : undefined);
    const shared = { session, parentSpanId };
    if (name === "session_task.turn") return { ...shared, kind: "turn" };
    if (name === "handle_responses") {
      const counts = countsText(attributes, usageKeys.spanInput, usageKeys.spanOutput);
      return counts === undefined ? null : { ...shared, kind: "call", counts };
    }
    const id = idIn(attributes, ["call_id"]);
    const tool = textOf(attributes, ["tool_name"]);
    if (id === undefined || attributes["codex.tool.phase"] !== "dispatch") return null;
    return { ...shared, kind: "tool", id, name: tool };
  },
};

const usageKeys = {
  input: ["input_token_count"],
  output: ["output_token_count"],
  spanInput: ["gen_ai.usage.input_tokens"],
  spanOutput: ["gen_ai.usage.output_tokens"],
};

/** What has no duration, or one of something else. */
function moment({ time }: AgentEvent) {
  return { startMs: time.ms, endMs: time.ms };
}

function isCompleted({ attributes }: AgentEvent): boolean {
  return (
    attributes["event.kind"] === "response.completed" &&
    countsText(attributes, usageKeys.input, usageKeys.output) !== undefined
  );
}

function completed(event: AgentEvent, shared: object): AgentPiece {
  const counts = countsText(event.attributes, usageKeys.input, usageKeys.output);
  return {
    ...(shared as AgentPiece),
    kind: "call",
    role: "whole",
    event: "completed",
    counts,
    mark: `${momentOf(event)} ${counts}`,
  };
}

/** It also asks for the list of models, and for what the user may use. */
function isModelCall(attributes: Attributes): boolean {
  const endpoint = textOf(attributes, ["endpoint"]);
  return endpoint === undefined || /responses|chat\/completions/.test(endpoint);
}

function hasFailed(attributes: Attributes): boolean {
  const status = countOf(attributes, ["http.response.status_code", "status"]);
  return (
    isPresent(attributes["error.message"]) ||
    isFalse(attributes.success) ||
    (status !== undefined && status >= 400)
  );
}

function isRefused(attributes: Attributes): boolean {
  return /den(y|ied)|abort|reject/.test(textOf(attributes, ["decision"]) ?? "");
}

/** The prompt that a call answers, and the results of the tools before it. */
function askedIn(events: AgentEvent[]): string | undefined {
  const messages = events.flatMap(({ name, attributes }) => {
    const isPrompt = name === "user_prompt";
    const content = textOf(attributes, [isPrompt ? "prompt" : "output"]);
    if (content === undefined || !(isPrompt || name === "tool_result")) return [];
    const id = textOf(attributes, ["call_id"]);
    return isPrompt ? { role: "user", content } : { role: "tool", tool_call_id: id, content };
  });
  return messages.length > 0 ? JSON.stringify(messages) : undefined;
}

function readCall(all: AgentEvent[]): Reading {
  const events = all.filter(({ name }) => !/^(user_prompt|tool_)/.test(name));
  const done = events.findLast(isCompleted)?.attributes;
  const failed = events.findLast(({ attributes }) => hasFailed(attributes))?.attributes;
  const status = failed && textOf(failed, ["http.response.status_code"]);
  return present<Reading>({
    model: lastText(events, ["model", "slug"]),
    provider: "openai",
    input: askedIn(all),
    usage: done && usageOf(done),
    ttftMs: done && (numberOf(done, ["ttft_ms"]) || undefined),
    ...(!done &&
      failed && {
        status: "error",
        error: textOf(failed, ["error.message"]) ?? (status && `HTTP ${status}`),
      }),
  });
}

/** Its input holds the cache, its output the reasoning; the tool's count is the total. */
function usageOf(attributes: Attributes): Reading["usage"] {
  return presentOrNone({
    inputTokens: countOf(attributes, usageKeys.input),
    outputTokens: countOf(attributes, usageKeys.output),
    totalTokens: countOf(attributes, ["total_token_count", "tool_token_count"]),
    reasoningTokens: countOf(attributes, ["reasoning_token_count"]),
    cachedInputTokens: countOf(attributes, ["cached_token_count"]),
    cacheWriteInputTokens: countOf(attributes, ["cache_write_token_count"]),
  });
}

function readTool(events: AgentEvent[]): Reading {
  const result = events.findLast(({ name }) => name === "tool_result")?.attributes;
  const isDenied = events.some(({ attributes }) => isRefused(attributes));
  return present<Reading>({
    name: lastText(events, ["tool_name"]),
    input: lastText(events, ["arguments"]),
    output: lastText(events, ["output"]),
    ...(result &&
      isFalse(result.success) && { status: "error", error: lastText(events, ["output"]) }),
    ...(isDenied && { status: "aborted", error: "denied" }),
  });
}
