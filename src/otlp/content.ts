/**
 * What went into a call and came out of it: from wherever each sender puts it to the texts `input`,
 * `output` and `toolCatalog`. What became such a text leaves the attributes, so that it is kept once.
 */
import { wire } from "../limits.ts";
import { indexedLists, toEmbedded, toMessage, toTool, type ListName } from "./indexed.ts";
import type { SpanType } from "./kind.ts";
import {
  contextOf,
  fieldOf,
  isWholeCall,
  messagesOf,
  withInstructions,
  type MessageEvent,
  type Messages,
} from "./messages.ts";
import type { Attributes, SpanRecord, Value } from "./records.ts";
import { isMap, isPresent, mapOf, parseJson, textOf, toStructure, toText } from "./values.ts";

/** A text and the attributes that it says all of. */
interface Found {
  text: string;
  keys: string[];
}

/** One place where a text may be. */
type Place = (call: Call) => Found | null;

/** A span while its content is looked for. */
interface Call {
  attributes: Attributes;
  lists: ReturnType<typeof indexedLists>;
  events: MessageEvent[];
  /** What its events say together. */
  messages: Messages;
}

const attribute =
  (...keys: string[]): Place =>
  ({ attributes }) => {
    const key = keys.find((key) => isPresent(attributes[key]));
    return key === undefined ? null : { text: toText(attributes[key]!), keys: [key] };
  };

const indexed =
  (name: ListName, to: (entry: Attributes) => Value): Place =>
  ({ lists }) => {
    const list = lists.get(name);
    return list ? { text: JSON.stringify(list.entries.map(to)), keys: list.keys } : null;
  };

const fromEvents =
  (field: keyof Messages): Place =>
  ({ messages }) => {
    const text = messages[field];
    return text === undefined ? null : { text, keys: [] };
  };

/** The content of a tool's one event. */
const fromToolEvent =
  (name: string, ...keys: string[]): Place =>
  ({ events }) => {
    const event = events.find((event) => event.name === name);
    const content = event && keys.map((key) => event.attributes[key]).find(isPresent);
    return content === undefined ? null : { text: toText(content), keys: [] };
  };

/** `gen_ai.input.messages`, with the system instructions before them. */
const semanticInput: Place = ({ attributes }) => {
  const messages = attributes["gen_ai.input.messages"];
  const instructions = attributes["gen_ai.system_instructions"];
  if (!isPresent(messages)) return null;
  const sent = toText(messages);
  const text = withInstructions(sent, isPresent(instructions) ? instructions : undefined);
  const keys = ["gen_ai.input.messages"];
  if (text !== sent) keys.push("gen_ai.system_instructions");
  return { text, keys };
};

const vercelKeys = [
  "ai.response.reasoning",
  "ai.response.text",
  "ai.response.toolCalls",
  "ai.response.object",
];

/** The AI SDK's answer: a text alone as it is, else the parts of a message as its own types have them. */
const vercelOutput: Place = ({ attributes }) => {
  const [reasoning, text, sentCalls, object] = vercelKeys.map((key) => attributes[key]);
  const calls = isPresent(sentCalls) ? toStructure(sentCalls) : [];
  const areCalls = Array.isArray(calls) && calls.every(isMap);
  const keys = vercelKeys.filter((key) => isPresent(attributes[key]));
  if (!areCalls) keys.splice(keys.indexOf("ai.response.toolCalls"), 1);
  if (keys.length === 0) return null;
  const [only] = keys;
  if (keys.length === 1 && (only === "ai.response.text" || only === "ai.response.object")) {
    return { text: toText(attributes[only]!), keys };
  }
  const parts: Value[] = [];
  if (isPresent(reasoning)) parts.push({ type: "reasoning", text: reasoning });
  if (isPresent(text)) parts.push({ type: "text", text });
  if (isPresent(object)) parts.push({ type: "text", text: toText(object) });
  if (areCalls) parts.push(...calls.map(toolCallPart));
  return { text: JSON.stringify(parts), keys };
};

function toolCallPart(call: Attributes): Value {
  const { toolCallId = null, toolName = null, ...rest } = call;
  // Before version 5 the input was called args.
  const given = "input" in rest ? "input" : "args";
  const { [given]: input, ...others } = rest;
  return {
    type: "tool-call",
    toolCallId,
    toolName,
    ...(input !== undefined && { input: toStructure(input) }),
    ...others,
  };
}

/** The AI SDK sends each as JSON of its own. */
const vercelList =
  (key: string): Place =>
  ({ attributes }) => {
    const sent = attributes[key];
    const list = isPresent(sent) ? toStructure(sent) : [];
    if (!Array.isArray(list) || list.length === 0) return null;
    const items = list.map((item) => (typeof item === "string" ? parseJson(item) : item));
    return { text: JSON.stringify(items), keys: [key] };
  };

/** `mastra.<type>.input` and its like. */
const mastra =
  (end: "input" | "output"): Place =>
  (call) => {
    const type = textOf(call.attributes, ["mastra.span.type"]);
    return type === undefined ? null : attribute(`mastra.${type}.${end}`)(call);
  };

const traceloop = (end: "input" | "output") => attribute(`traceloop.entity.${end}`);

const inputPlaces: Record<"call" | "tool" | "rest", Place[]> = {
  call: [
    semanticInput,
    attribute("ai.prompt.messages"),
    vercelList("ai.values"),
    attribute("ai.value"),
    indexed("llm.input_messages", toMessage),
    indexed("gen_ai.prompt", toMessage),
    indexed("embedding.embeddings", toEmbedded),
    attribute("gen_ai.prompt", "ai.prompt"),
    fromEvents("input"),
    attribute("input.value"),
    traceloop("input"),
    mastra("input"),
    // Claude Code: what is new since the call before.
    attribute("new_context"),
  ],
  tool: [
    attribute(
      "gen_ai.tool.call.arguments",
      "ai.toolCall.args",
      "tool_arguments",
      "input.value",
      "tool.parameters",
      "traceloop.entity.input",
      "tool_input",
      "function_args",
      "gen_ai.prompt",
      "arguments",
    ),
    mastra("input"),
    fromToolEvent("gen_ai.tool.message", "content"),
    fromEvents("input"),
    // Gemini CLI has the arguments of a tool there.
    attribute("gen_ai.input.messages", "input"),
  ],
  rest: [
    semanticInput,
    attribute("ai.prompt", "user_prompt", "prompt", "copilot_chat.user_request"),
    indexed("llm.input_messages", toMessage),
    indexed("gen_ai.prompt", toMessage),
    attribute("gen_ai.prompt", "input.value", "traceloop.entity.input"),
    mastra("input"),
    attribute("pydantic_ai.all_messages", "all_messages_events"),
    attribute("lk.pii.user_input", "lk.user_input", "ai.value"),
    vercelList("ai.values"),
    fromEvents("input"),
    attribute("input"),
  ],
};

const outputPlaces: typeof inputPlaces = {
  call: [
    attribute("gen_ai.output.messages"),
    vercelOutput,
    indexed("llm.output_messages", toMessage),
    indexed("gen_ai.completion", toMessage),
    attribute("gen_ai.completion"),
    fromEvents("output"),
    attribute("output.value", "response.model_output"),
    traceloop("output"),
    mastra("output"),
  ],
  tool: [
    attribute(
      "gen_ai.tool.call.result",
      "ai.toolCall.result",
      "tool_response",
      "output.value",
      "traceloop.entity.output",
      "gen_ai.completion",
    ),
    mastra("output"),
    fromToolEvent("gen_ai.choice", "message", "tool.result"),
    // Claude Code: of a command, of a file that was read or written, of one that was edited.
    fromToolEvent("tool.output", "output", "content", "diff"),
    fromEvents("output"),
    attribute("gen_ai.output.messages", "output"),
  ],
  rest: [
    attribute("final_result", "gen_ai.output.messages"),
    vercelOutput,
    indexed("llm.output_messages", toMessage),
    indexed("gen_ai.completion", toMessage),
    attribute("gen_ai.completion", "output.value", "traceloop.entity.output"),
    mastra("output"),
    fromEvents("output"),
    attribute("output"),
  ],
};

const toolPlaces: Place[] = [
  attribute("gen_ai.tool.definitions"),
  indexed("llm.tools", toTool),
  vercelList("ai.prompt.tools"),
  indexed("llm.request.functions", toTool),
  attribute("lk.function_tools", "gen_ai.agent.tools"),
  fromEvents("toolCatalog"),
];

/** Takes what is there out of the span's attributes and events. */
export function takeContent(span: SpanRecord, type: SpanType): Messages {
  const { attributes } = span;
  const events = [...span.events, ...eventsInAttribute(attributes)];
  const call: Call = {
    attributes,
    lists: indexedLists(attributes),
    events,
    messages: messagesOf(events),
  };
  const kind = type === "tool" ? "tool" : type === "llm" || type === "embedding" ? "call" : "rest";
  const content: Messages = {};
  take("input", inputPlaces[kind]);
  take("output", outputPlaces[kind]);
  take("toolCatalog", toolPlaces);
  return content;

  function take(field: keyof Messages, places: Place[]): void {
    let found: Found | null = null;
    for (let i = 0; found === null && i < places.length; i++) found = places[i]!(call);
    if (!found) return;
    content[field] = found.text.slice(0, wire.payloadLength);
    // A text that is cut off stays whole where it was.
    if (found.text.length > wire.payloadLength) return;
    for (const key of found.keys) delete attributes[key];
    if (field !== "toolCatalog" && found.text === call.messages[field]) emptyEvents(span, field);
  }
}

/** Early versions of pydantic-ai put the events into one attribute. */
function eventsInAttribute(attributes: Attributes): MessageEvent[] {
  const sent = attributes["events"];
  const events = sent === undefined ? null : toStructure(sent);
  if (!Array.isArray(events)) return [];
  return events.map((event) => {
    const body = mapOf(event);
    return { name: textOf(body, ["event.name"]) ?? "", attributes: {}, body };
  });
}

/** An event whose message is part of a text says when it was; the text says the rest. */
function emptyEvents({ events }: SpanRecord, field: "input" | "output"): void {
  // The text is that of an event for the whole call, which says more than it.
  if (events.some(({ name }) => isWholeCall(name))) return;
  for (const event of events) {
    if (fieldOf(event.name) === field) event.attributes = contextOf(event);
  }
}
