/**
 * Gemini CLI's log events, and Qwen Code's, which descends from it. A model call is told by a request and a
 * response, and in the conventions' words by two more; a tool call by one record.
 */
import {
  answerOf,
  contentIn,
  countsText,
  idIn,
  lastText,
  momentOf,
  span,
  type AgentClaim,
  type AgentEvent,
  type AgentLogs,
  type AgentPiece,
  type Reading,
} from "../events.ts";
import { isWholeCall, messagesOf } from "../messages.ts";
import type { Attributes, SpanRecord, Value } from "../records.ts";
import {
  countOf,
  isFalse,
  isMap,
  isPresent,
  parseJson,
  present,
  presentOrNone,
  textOf,
} from "../values.ts";

const inputKeys = ["input_token_count"];
const outputKeys = ["output_token_count"];

export const geminiCliLogs: AgentLogs = {
  ...logsOf("gemini-cli", "gemini_cli.", { provider: "gcp.gemini", areThoughtsBeside: true }),
  claimOf({ attributes, parentSpanId }, resource) {
    const shared = {
      session: idIn(attributes, ["gen_ai.conversation.id"]) ?? idIn(resource, ["session.id"]),
      parentSpanId,
    };
    switch (attributes["gen_ai.operation.name"]) {
      case "user_prompt":
        return { ...shared, kind: "turn" };
      case "llm_call":
        return callClaim(attributes, shared);
      case "tool_call":
        return { ...shared, kind: "tool", name: textOf(attributes, ["gen_ai.tool.name"]) };
      default:
        return null;
    }
  },
};

export const qwenCodeLogs: AgentLogs = {
  ...logsOf("qwen-code", "qwen-code.", { provider: undefined, areThoughtsBeside: false }),
  claimOf(span, resource) {
    return qwenClaim(span, resource);
  },
};

function qwenClaim({ name, attributes, parentSpanId }: SpanRecord, resource: Attributes) {
  const shared = {
    session: idIn(attributes, ["session.id"]) ?? idIn(resource, ["session.id"]),
    prompt: idIn(attributes, ["qwen-code.prompt_id", "prompt_id"]),
    parentSpanId,
  };
  switch (name) {
    case "qwen-code.interaction":
      return { ...shared, kind: "turn" as const };
    case "qwen-code.llm_request":
      return callClaim(attributes, shared);
    case "qwen-code.tool":
      return {
        ...shared,
        kind: "tool" as const,
        id: idIn(attributes, ["tool.call_id", "gen_ai.tool.call.id"]),
        name: textOf(attributes, ["tool.name", "gen_ai.tool.name"]),
      };
    default:
      return null;
  }
}

function callClaim(attributes: Attributes, shared: object): AgentClaim {
  return {
    ...shared,
    kind: "call",
    id: idIn(attributes, ["gen_ai.response.id"]),
    model: textOf(attributes, ["gen_ai.request.model", "qwen-code.model"]),
    counts: countsText(
      attributes,
      ["gen_ai.usage.input_tokens", "input_tokens"],
      ["gen_ai.usage.output_tokens", "output_tokens"],
    ),
  };
}

interface Habits {
  provider: string | undefined;
  /** The output does not hold the thoughts. */
  areThoughtsBeside: boolean;
}

function logsOf(agent: string, prefix: string, habits: Habits): Omit<AgentLogs, "claimOf"> {
  return {
    agent,
    nameOf(name, _body, scopeName, serviceName) {
      if (name.startsWith(prefix)) return name.slice(prefix.length);
      return isWholeCall(name) && (scopeName === agent || serviceName === agent) ? name : null;
    },
    pieceOf,
    read(kind, events) {
      if (kind === "turn") {
        const prompts = events.filter(({ name }) => name === "user_prompt");
        const answers = events.filter(({ name }) => name === "api_response");
        return present<Reading>({
          input: lastText(prompts, ["prompt"]),
          output: textIn(partsIn(lastText(answers, ["response_text"]))),
        });
      }
      return kind === "call" ? readCall(events, habits) : readTool(events);
    },
  };
}

function pieceOf(event: AgentEvent, resource: Attributes): AgentPiece | null {
  const { attributes } = event;
  const shared = {
    session: idIn(attributes, ["session.id"]) ?? idIn(resource, ["session.id"]),
    prompt: idIn(attributes, ["prompt_id"]),
    event: event.name,
    ...span(event),
  };
  const call = {
    ...shared,
    kind: "call" as const,
    model: textOf(attributes, ["model", "gen_ai.request.model"]),
    isAside: isAside(attributes) ? true : undefined,
  };
  switch (event.name) {
    case "user_prompt":
      return { ...shared, kind: "turn", role: "whole", mark: momentOf(event) };
    case "api_request":
      return { ...call, role: "start" };
    case "api_response":
      return {
        ...call,
        id: idIn(attributes, ["response_id"]),
        role: "whole",
        counts: countsText(attributes, inputKeys, outputKeys),
        mark: `${momentOf(event)} ${countsText(attributes, inputKeys, outputKeys)}`,
        saysAnswer: textIn(partsIn(textOf(attributes, ["response_text"]))) !== undefined,
      };
    case "api_error":
      return { ...call, role: "whole", mark: `${momentOf(event)} error` };
    case "tool_call":
      return {
        ...shared,
        kind: "tool",
        id: idIn(attributes, ["call_id", "tool_call_id"]),
        role: "whole",
        name: textOf(attributes, ["function_name"]),
        mark: `${momentOf(event)} ${textOf(attributes, ["function_name"])} ${textOf(attributes, ["function_args"])?.slice(0, 200)}`,
      };
    default:
      return isWholeCall(event.name) ? detailsPiece(event, call) : null;
  }
}

/** One record of a call in the conventions' words comes with the request, one with the answer. */
function detailsPiece(event: AgentEvent, call: Omit<AgentPiece, "role">): AgentPiece {
  const isAnswer = isPresent(event.attributes["gen_ai.output.messages"]);
  return {
    ...call,
    event: `${event.name} ${isAnswer ? "answer" : "request"}`,
    role: isAnswer ? "end" : "start",
  };
}

function isAside(attributes: Attributes): boolean {
  const role = textOf(attributes, ["role"]);
  return (role !== undefined && role !== "main") || isPresent(attributes.subagent_name);
}

function readCall(events: AgentEvent[], { provider, areThoughtsBeside }: Habits): Reading {
  const done = events.findLast(({ name }) => name === "api_response")?.attributes;
  const failed = events.findLast(({ name }) => name === "api_error")?.attributes;
  const asked = events.filter(({ name }) => name === "api_request");
  const whole = messagesOf(events);
  const answer = partsIn(done && contentIn(done, ["response_text"]));
  return present<Reading>({
    model: lastText(events, ["gen_ai.response.model", "model", "gen_ai.request.model"]),
    provider,
    usage: done && usageOf(done, areThoughtsBeside),
    responseId: lastText(events, ["response_id", "gen_ai.response.id"]),
    ...(!done &&
      failed && {
        status: isAborted(failed) ? "aborted" : "error",
        error: textOf(failed, ["error_message", "error", "error_type"]),
      }),
    input: whole.input ?? lastText(asked, ["request_text"]),
    output: messageOf(answer) ?? whole.output,
    toolCatalog: whole.toolCatalog,
  });
}

function isAborted(attributes: Attributes): boolean {
  return /abort|cancel/i.test(textOf(attributes, ["error_type", "error_message", "error"]) ?? "");
}

function usageOf(attributes: Attributes, areThoughtsBeside: boolean): Reading["usage"] {
  const thoughts = countOf(attributes, ["thoughts_token_count"]);
  const output = countOf(attributes, outputKeys);
  const beside = areThoughtsBeside ? (thoughts ?? 0) : 0;
  return presentOrNone({
    inputTokens: countOf(attributes, inputKeys),
    outputTokens: output === undefined ? undefined : output + beside,
    totalTokens: countOf(attributes, ["total_token_count"]),
    reasoningTokens: thoughts,
    cachedInputTokens: countOf(attributes, ["cached_content_token_count"]),
  });
}

/** The parts of an answer: of all chunks of a stream together, or one text. */
function partsIn(text: string | undefined): Value[] {
  if (text === undefined) return [];
  const chunks = parseJson(text);
  if (!Array.isArray(chunks) && !isMap(chunks)) return [{ text }];
  const parts: Value[] = [];
  for (const chunk of [chunks].flat()) {
    const [candidate] = isMap(chunk) && Array.isArray(chunk.candidates) ? chunk.candidates : [];
    const content = isMap(candidate) && isMap(candidate.content) ? candidate.content : {};
    for (const part of Array.isArray(content.parts) ? content.parts : []) addPart(parts, part);
  }
  return parts;
}

/** A text goes on where the one before it stopped. */
function addPart(parts: Value[], part: Value): void {
  const before = parts.at(-1);
  if (!isMap(part) || part.text === "") return;
  const goesOn =
    isMap(before) &&
    typeof before.text === "string" &&
    typeof part.text === "string" &&
    before.thought === part.thought;
  if (goesOn)
    parts[parts.length - 1] = { ...before, text: `${before.text as string}${part.text as string}` };
  else parts.push(part);
}

function messageOf(parts: Value[]): string | undefined {
  if (parts.length === 0) return undefined;
  const isText = parts.length === 1 && isMap(parts[0]) && Object.keys(parts[0]).join() === "text";
  if (isText) return answerOf(textIn(parts));
  return JSON.stringify([{ role: "model", parts }]);
}

function textIn(parts: Value[]): string | undefined {
  const texts = parts.flatMap((part) =>
    isMap(part) && part.thought !== true ? (textOf(part, ["text"]) ?? []) : [],
  );
  return texts.length > 0 ? texts.join("") : undefined;
}

function readTool(events: AgentEvent[]): Reading {
  const attributes = events.at(-1)?.attributes ?? {};
  const isRejected = /reject|cancel/.test(
    textOf(attributes, ["decision"]) ?? textOf(attributes, ["status"]) ?? "",
  );
  const status = textOf(attributes, ["status"]);
  const hasFailed = isFalse(attributes.success) || status === "error";
  return present<Reading>({
    name: textOf(attributes, ["function_name"]),
    input: contentIn(attributes, ["function_args"]),
    output: contentIn(attributes, ["function_result", "result", "output"]),
    ...(hasFailed && { status: "error", error: textOf(attributes, ["error", "error_type"]) }),
    ...((isRejected || status === "cancelled") && { status: "aborted", error: undefined }),
  });
}
