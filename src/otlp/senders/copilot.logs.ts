/**
 * Copilot's log events repeat what its spans say, in the trace that they name: where no spans are sent they
 * are all there is. The record of a turn repeats the counts of its calls.
 */
import {
  contentIn,
  countsText,
  idIn,
  lastText,
  momentOf,
  span,
  type AgentEvent,
  type AgentLogs,
  type Reading,
} from "../events.ts";
import { isWholeCall, messagesOf } from "../messages.ts";
import { countOf, isFalse, present, presentOrNone, textOf } from "../values.ts";

const services = new Set(["copilot-chat", "github-copilot", "github.copilot", "copilot-cli"]);
const inputKeys = ["gen_ai.usage.input_tokens"];
const outputKeys = ["gen_ai.usage.output_tokens"];
const toolCalls = /^(copilot_chat|github\.copilot)\.tool\.call$/;

export const copilotLogs: AgentLogs = {
  agent: "copilot",
  nameOf(name, _body, scopeName, serviceName) {
    if (toolCalls.test(name)) return "tool.call";
    return isWholeCall(name) && (services.has(scopeName) || services.has(serviceName))
      ? name
      : null;
  },

  pieceOf(event, resource) {
    const { attributes } = event;
    const shared = {
      session:
        idIn(attributes, ["gen_ai.conversation.id", "session.id"]) ??
        idIn(resource, ["session.id"]),
      event: event.name,
      ...span(event),
    };
    if (event.name === "tool.call") {
      const name = textOf(attributes, ["gen_ai.tool.name"]);
      return {
        ...shared,
        kind: "tool",
        role: "whole",
        id: idIn(attributes, ["gen_ai.tool.call.id"]),
        name,
        mark: `${momentOf(event)} ${name}`,
      };
    }
    if (!isWholeCall(event.name)) return null;
    const counts = countsText(attributes, inputKeys, outputKeys);
    return {
      ...shared,
      kind: "call",
      role: "whole",
      id: idIn(attributes, ["gen_ai.response.id"]),
      model: textOf(attributes, ["gen_ai.request.model"]),
      counts,
      mark: `${momentOf(event)} ${counts}`,
    };
  },

  read(kind, events): Reading {
    if (kind === "turn") return {};
    return kind === "call" ? readCall(events) : readTool(events);
  },

  claimOf({ attributes, parentSpanId }) {
    switch (attributes["gen_ai.operation.name"]) {
      case "invoke_agent":
        return { kind: "turn", parentSpanId };
      case "chat":
        return {
          kind: "call",
          parentSpanId,
          id: idIn(attributes, ["gen_ai.response.id"]),
          model: textOf(attributes, ["gen_ai.request.model"]),
          counts: countsText(attributes, inputKeys, outputKeys),
        };
      case "execute_tool":
        return {
          kind: "tool",
          parentSpanId,
          id: idIn(attributes, ["gen_ai.tool.call.id"]),
          name: textOf(attributes, ["gen_ai.tool.name"]),
        };
      default:
        return null;
    }
  },
};

function readCall(events: AgentEvent[]): Reading {
  const attributes = events.at(-1)?.attributes ?? {};
  return present<Reading>({
    ...messagesOf(events),
    model: lastText(events, ["gen_ai.response.model", "gen_ai.request.model"]),
    provider: textOf(attributes, ["gen_ai.provider.name"]),
    responseId: lastText(events, ["gen_ai.response.id"]),
    usage: presentOrNone({
      inputTokens: countOf(attributes, inputKeys),
      outputTokens: countOf(attributes, outputKeys),
      cachedInputTokens: countOf(attributes, ["gen_ai.usage.cache_read.input_tokens"]),
      cacheWriteInputTokens: countOf(attributes, [
        "gen_ai.usage.cache_write.input_tokens",
        "gen_ai.usage.cache_creation.input_tokens",
      ]),
      reasoningTokens: countOf(attributes, [
        "gen_ai.usage.reasoning.output_tokens",
        "gen_ai.usage.reasoning_tokens",
      ]),
    }),
    ...failureOf(events),
  });
}

function readTool(events: AgentEvent[]): Reading {
  const attributes = events.at(-1)?.attributes ?? {};
  return present<Reading>({
    name: textOf(attributes, ["gen_ai.tool.name"]),
    input: contentIn(attributes, ["gen_ai.tool.call.arguments"]),
    output: contentIn(attributes, ["gen_ai.tool.call.result"]),
    ...failureOf(events),
  });
}

function failureOf(events: AgentEvent[]): Pick<Reading, "status" | "error"> {
  const error = lastText(events, ["error.type", "error"]);
  const hasFailed =
    error !== undefined || events.some(({ attributes }) => isFalse(attributes.success));
  return hasFailed ? { status: "error", ...(error && { error }) } : {};
}
