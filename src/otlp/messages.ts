/**
 * Messages that came as events: of the span itself, as log records, or as JSON in an attribute. The
 * conventions before 1.37 have an event for each message, those from then on one for a whole call.
 */
import { type Attributes, type Value, noAttributes } from "./records.ts";
import { isMap, parseJson, toStructure, toText } from "./values.ts";

export interface MessageEvent {
  name: string;
  attributes: Attributes;
  /** Of log records: a map with what others have as attributes. */
  body?: Value;
}

export interface Messages {
  input?: string;
  output?: string;
  toolCatalog?: string;
}

/** `gen_ai.user.message` and its like; what it carries is one message of the input. */
const inputEvent = /^gen_ai\.(system|user|assistant|tool)\.message$/;

const choiceEvent = "gen_ai.choice";

/** Which text an event of one message is part of. */
export function fieldOf(name: string): "input" | "output" | null {
  if (inputEvent.test(name)) return "input";
  return name === choiceEvent ? "output" : null;
}

/** An event that says all of a call's input or output. */
export function isWholeCall(name: string): boolean {
  return /^gen_ai\.(client\.inference\.operation\.details|content\.(prompt|completion))$/.test(
    name,
  );
}

/** @param events in the order of their times. */
export function messagesOf(events: MessageEvent[]): Messages {
  const input: Value[] = [];
  const output: Value[] = [];
  const messages: Messages = {};
  const whole: Messages = {};
  for (const event of events) {
    const role = inputEvent.exec(event.name)?.[1];
    if (role) input.push(inputMessage(role, fieldsOf(event)));
    else if (event.name === choiceEvent) output.push(choice(fieldsOf(event)));
    else if (isWholeCall(event.name)) Object.assign(whole, wholeCall(fieldsOf(event)));
  }
  if (input.length > 0) messages.input = JSON.stringify(input);
  if (output.length > 0) messages.output = JSON.stringify(output);
  return Object.assign(messages, whole);
}

/** What an event says, wherever its sender put it. */
function fieldsOf({ name, attributes, body }: MessageEvent): Attributes {
  const { [contentKey]: sent, ...rest } = attributes;
  const content = sent === undefined ? {} : toStructure(sent);
  const fields = isMap(content) ? content : { content };
  return Object.assign(noAttributes(), rest, fields, bodyFields(name, body));
}

/** Semantic Kernel sends the map as JSON text, others the text alone, and some repeat the event's name. */
function bodyFields(name: string, body: Value | undefined): Attributes {
  const structure = typeof body === "string" ? toStructure(body) : body;
  if (isMap(structure)) return structure;
  return typeof structure === "string" && structure !== "" && structure !== name
    ? { content: structure }
    : {};
}

const contentKey = "gen_ai.event.content";

/** Keys that say of which call or sender an event is, not what it says. */
const context = new Set([
  "gen_ai.system",
  "gen_ai.provider.name",
  "gen_ai.message.index",
  "event.name",
  "CHAT_MESSAGE_INDEX",
]);

/** Also where in the sender's sources a log record was written. */
const isContext = (key: string) => context.has(key) || /^(code|thread|process)\./.test(key);

/** What is left of an event's attributes when its message has become part of a text. */
export function contextOf({ name, attributes }: MessageEvent): Attributes {
  // Of a message in JSON not all becomes part of it.
  if (contentKey in attributes) return attributes;
  const left = noAttributes();
  const isLeft = (key: string) => isContext(key) || (key === "index" && name === choiceEvent);
  for (const key in attributes) if (isLeft(key)) left[key] = attributes[key]!;
  return left;
}

function inputMessage(role: string, fields: Attributes): Value {
  const { content, id, ...rest } = fields;
  const message: Attributes = { role };
  for (const key in rest) if (!isContext(key)) message[key] = structured(key, rest[key]!);
  if (content !== undefined) message.content = toStructure(content);
  // OpenAI's name for what a tool's message answers.
  const idName = role === "tool" && !("tool_call_id" in message) ? "tool_call_id" : "id";
  if (id !== undefined) message[idName] = id;
  return message;
}

function choice(fields: Attributes): Value {
  const { message: sent, index: _, ...rest } = fields;
  const inner = sent === undefined ? undefined : toStructure(sent);
  const message: Attributes = { role: "assistant" };
  for (const key in rest) if (!isContext(key)) message[key] = structured(key, rest[key]!);
  const isApart = isMap(inner) && Object.keys(inner).every((key) => !(key in rest));
  if (isApart) Object.assign(message, inner);
  else if (inner !== undefined) message["content" in rest ? "message" : "content"] = inner;
  if (message.content !== undefined) message.content = toStructure(message.content);
  return message;
}

function structured(key: string, value: Value): Value {
  return key === "tool_calls" ? toStructure(value) : value;
}

function wholeCall(fields: Attributes): Messages {
  const input = fields["gen_ai.input.messages"] ?? fields["gen_ai.prompt"];
  const output = fields["gen_ai.output.messages"] ?? fields["gen_ai.completion"];
  const tools = fields["gen_ai.tool.definitions"];
  const instructions = fields["gen_ai.system_instructions"];
  return {
    ...(input !== undefined && { input: withInstructions(toText(input), instructions) }),
    ...(output !== undefined && { output: toText(output) }),
    ...(tools !== undefined && { toolCatalog: toText(tools) }),
  };
}

/**
 * System instructions as the first message before the others. The others stay as they are, byte for
 * byte, also where they are cut off.
 */
export function withInstructions(messages: string, instructions: Value | undefined): string {
  if (instructions === undefined) return messages;
  const rest = /^\s*\[(.*)$/s.exec(messages)?.[1];
  if (rest === undefined) return messages;
  const structure = written(instructions);
  const parts = typeof structure === "string" ? [{ type: "text", content: structure }] : structure;
  const first = JSON.stringify({ role: "system", parts });
  return /^\s*\]/.test(rest) ? `[${first}]` : `[${first},${rest}`;
}

/** A structure, or a text, that may have been sent as JSON. */
function written(value: Value): Value {
  return typeof value === "string" && /^\s*"/.test(value) ? parseJson(value) : toStructure(value);
}
