/**
 * Claude Code's log events. A prompt has an id that all of its records carry; a model call is told by its
 * cost, its answer and, where asked for, its raw bodies; a tool by a decision and a result.
 *
 * https://code.claude.com/docs/en/monitoring-usage
 */
import {
  answerOf,
  contentIn,
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
  isMap,
  mapOf,
  numberOf,
  parseJson,
  present,
  presentOrNone,
  textOf,
} from "../values.ts";

const prefix = "claude_code.";
const requestIds = ["request_id", "gen_ai.response.id"];
const callIds = ["tool_use_id", "gen_ai.tool.call.id"];

export const claudeCodeLogs: AgentLogs = {
  agent: "claude-code",
  nameOf(name, body, scopeName) {
    const full = [name, body].find((text) => typeof text === "string" && text.startsWith(prefix));
    if (typeof full === "string") return full.slice(prefix.length);
    return scopeName.startsWith("com.anthropic.claude_code") ? name : null;
  },

  pieceOf(event, resource): AgentPiece | null {
    const { attributes } = event;
    const shared = {
      session: idIn(attributes, ["session.id"]) ?? idIn(resource, ["session.id"]),
      prompt: idIn(attributes, ["prompt.id"]),
      event: event.name,
      ...span(event),
    };
    const call = {
      ...shared,
      kind: "call" as const,
      id: idIn(attributes, requestIds),
      model: textOf(attributes, ["model"]),
      isAside: isAside(attributes),
    };
    switch (event.name) {
      case "user_prompt":
        return {
          ...shared,
          kind: "turn",
          role: "whole",
          mark: momentOf(event),
          isAnswered: true,
        };
      case "system_prompt":
      case "tool":
        // Sent when they change, with the prompt that they came with.
        return shared.prompt === undefined ? null : { ...shared, kind: "turn", role: "start" };
      case "api_request":
        return {
          ...call,
          role: "whole",
          counts: countsText(attributes, ["input_tokens"], ["output_tokens"]),
          mark: markOf(event),
        };
      case "api_error":
        return { ...call, role: "whole", mark: markOf(event) };
      case "assistant_response":
        return {
          ...call,
          role: "answer",
          saysAnswer: textOf(attributes, ["response"]) !== undefined,
        };
      case "api_request_body":
        return { ...call, role: "start" };
      case "api_response_body":
        return { ...call, role: "end", saysAnswer: true };
      case "tool_result":
        return { ...toolPiece(event, shared), role: "whole" };
      case "tool_decision":
        return {
          ...toolPiece(event, shared),
          role: isRefused(event) ? "whole" : "start",
        };
      default:
        return null;
    }
  },

  read(kind, events): Reading {
    if (kind === "turn") return readTurn(events);
    return kind === "call" ? readCall(events) : readTool(events);
  },

  claimOf({ name, attributes, parentSpanId }, resource) {
    const session = idIn(attributes, ["session.id"]) ?? idIn(resource, ["session.id"]);
    const shared = { session, parentSpanId, prompt: idIn(attributes, ["prompt.id"]) };
    switch (name) {
      case "claude_code.interaction":
        return { ...shared, kind: "turn" };
      case "claude_code.llm_request":
        return {
          ...shared,
          kind: "call",
          id: idIn(attributes, requestIds),
          model: textOf(attributes, ["model", "gen_ai.request.model"]),
          counts: countsText(attributes, ["input_tokens"], ["output_tokens"]),
        };
      case "claude_code.tool":
        return {
          ...shared,
          kind: "tool",
          id: idIn(attributes, callIds),
          name: textOf(attributes, ["tool_name", "gen_ai.tool.name"]),
        };
      default:
        return null;
    }
  },
};

function toolPiece(event: AgentEvent, shared: object): AgentPiece {
  const { attributes } = event;
  return {
    ...(shared as AgentPiece),
    kind: "tool",
    id: idIn(attributes, callIds),
    name: textOf(attributes, ["tool_name"]),
    mark: `${momentOf(event)} ${textOf(attributes, ["tool_name"]) ?? ""}`,
  };
}

function markOf(event: AgentEvent): string {
  const { attributes } = event;
  const counts = countsText(attributes, ["input_tokens"], ["output_tokens"]) ?? event.name;
  return `${momentOf(event)} ${counts} ${textOf(attributes, ["event.sequence"]) ?? ""}`;
}

/** Titles, summaries and the like: all but the conversation itself and the SDK's. */
function isAside(attributes: Attributes): boolean | undefined {
  const source = textOf(attributes, ["query_source"]);
  return source !== undefined && !/^(repl_main_thread|main|sdk|cli)/.test(source)
    ? true
    : undefined;
}

function isRefused({ attributes }: AgentEvent): boolean {
  return /reject|abort/.test(textOf(attributes, ["decision"]) ?? "");
}

function readTurn(events: AgentEvent[]): Reading {
  const prompt = events.filter(({ name }) => name === "user_prompt");
  const answers = events.filter(({ name }) => name === "assistant_response");
  const tools = events
    .filter(({ name }) => name === "tool")
    .flatMap(({ attributes }) => contentIn(attributes, ["tool"]) ?? [])
    .map(parseJson);
  return present<Reading>({
    input: lastText(prompt, ["prompt", "prompt_text"]),
    output: lastText(answers, ["response"]) ?? textOfBody(lastText(events, ["body"])),
    toolCatalog: tools.length > 0 ? JSON.stringify(tools) : undefined,
  });
}

const callEvents = /^(api_|assistant_)/;

function readCall(all: AgentEvent[]): Reading {
  const events = all.filter(({ name }) => callEvents.test(name));
  const named = (name: string) => events.filter((event) => event.name === name);
  const [done] = named("api_request").toReversed();
  const [failed] = done ? [] : named("api_error").toReversed();
  const attributes = (done ?? failed)?.attributes ?? {};
  const asked = mapOf(lastText(named("api_request_body"), ["body"]));
  const answered = mapOf(lastText(named("api_response_body"), ["body"]));
  const { content } = answered;
  return present<Reading>({
    model: lastText(events, ["model"]),
    provider: "anthropic",
    usage: usageOf(attributes),
    ttftMs: numberOf(attributes, ["ttft_ms"]),
    costUsd: numberOf(attributes, ["cost_usd"]),
    responseId: lastText(events, requestIds),
    ...(failed && {
      status: /abort|cancel/i.test(textOf(attributes, ["error"]) ?? "") ? "aborted" : "error",
      error: errorOf(attributes),
    }),
    input: inputOf(asked) ?? askedIn(all),
    output:
      content === undefined
        ? answerOf(lastText(named("assistant_response"), ["response"]))
        : JSON.stringify([{ role: "assistant", content }]),
    toolCatalog: Array.isArray(asked.tools) ? JSON.stringify(asked.tools) : undefined,
  });
}

/** What the call answers, where nothing says all that it was sent. */
function askedIn(events: AgentEvent[]): string | undefined {
  const prompts = events.filter(({ name }) => name === "user_prompt");
  const content = lastText(prompts, ["prompt", "prompt_text"]);
  return content === undefined ? undefined : JSON.stringify([{ role: "user", content }]);
}

function inputOf({ system, messages }: Attributes): string | undefined {
  if (!Array.isArray(messages)) return undefined;
  return JSON.stringify([...(system ? [{ role: "system", content: system }] : []), ...messages]);
}

function textOfBody(body: string | undefined): string | undefined {
  const { content } = mapOf(body);
  if (!Array.isArray(content)) return undefined;
  const texts = content.flatMap((part) => (isMap(part) ? (textOf(part, ["text"]) ?? []) : []));
  return texts.length > 0 ? texts.join("\n") : undefined;
}

/** Its input is what no cache had. */
function usageOf(attributes: Attributes): Reading["usage"] {
  const read = countOf(attributes, ["cache_read_tokens"]);
  const write = countOf(attributes, ["cache_creation_tokens"]);
  const input = countOf(attributes, ["input_tokens"]);
  const output = countOf(attributes, ["output_tokens"]);
  if (input === undefined && output === undefined) return undefined;
  return presentOrNone({
    inputTokens: input === undefined ? undefined : input + (read ?? 0) + (write ?? 0),
    outputTokens: output,
    cachedInputTokens: read,
    cacheWriteInputTokens: write,
  });
}

function errorOf(attributes: Attributes): string | undefined {
  const error = textOf(attributes, ["error", "error_message", "error.message", "error_type"]);
  const status = textOf(attributes, ["status_code"]);
  return error ?? (status && `HTTP ${status}`);
}

function readTool(events: AgentEvent[]): Reading {
  const result = events.findLast(({ name }) => name === "tool_result");
  const decided = events.find(({ name }) => name === "tool_decision");
  const isRejected = decided !== undefined && isRefused(decided);
  const hasFailed = result !== undefined && isFalse(result.attributes.success);
  return present<Reading>({
    name: lastText(events, ["tool_name"]),
    input: lastText(events, ["tool_input"]) ?? lastText(events, ["tool_parameters"]),
    output: lastText(events, ["tool_output", "tool_result", "output"]),
    ...(hasFailed && { status: "error", error: errorOf(result.attributes) }),
    ...(isRejected && { status: "aborted", error: "rejected by the user" }),
  });
}
