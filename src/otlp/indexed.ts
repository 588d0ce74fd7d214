/**
 * Rebuilds lists that senders flatten into keys such as `llm.input_messages.0.message.role`: messages in
 * OpenAI's format, tools, texts. Keys of an entry without a known meaning keep their name and do not form
 * further levels.
 */
import { type Attributes, type Value, noAttributes } from "./records.ts";
import { isMap, toStructure } from "./values.ts";

const listNames = [
  "llm.input_messages",
  "llm.output_messages",
  "llm.tools",
  "llm.request.functions",
  "gen_ai.prompt",
  "gen_ai.completion",
  "embedding.embeddings",
] as const;

export type ListName = (typeof listNames)[number];

/** The entries of one list, each with the values under its number. */
export interface IndexedList {
  keys: string[];
  entries: Map<number, Attributes>;
}

/** Only numbers in canonical form: "01" would be a different key for the same entry. */
const entryKey = new RegExp(
  `^(${listNames.join("|").replaceAll(".", "\\.")})\\.(0|[1-9]\\d{0,5})\\.(.+)$`,
  "s",
);

/** Finds all lists among a span's attributes, in one pass. */
export function indexedLists(attributes: Attributes): Map<ListName, IndexedList> {
  const found = new Map<ListName, IndexedList>();
  for (const key in attributes) {
    const match = entryKey.exec(key);
    if (!match) continue;
    const name = match[1] as ListName;
    const number = Number(match[2]);
    const rest = match[3]!;
    // An embedding vector is not content: it stays an attribute.
    if (rest === "embedding.vector") continue;
    let list = found.get(name);
    if (!list) found.set(name, (list = { keys: [], entries: new Map() }));
    list.keys.push(key);
    let entry = list.entries.get(number);
    if (!entry) list.entries.set(number, (entry = noAttributes()));
    entry[rest] = attributes[key]!;
  }
  return found;
}

/** A message in OpenAI's format: `{role, content, name?, tool_call_id?, tool_calls?}`. */
export function toMessage(entry: Attributes): Attributes {
  const message = noAttributes();
  const parts = new Map<number, Attributes>();
  const calls = new Map<number, Attributes>();
  for (const key in entry) {
    const value = entry[key]!;
    const name = key.startsWith("message.") ? key.slice("message.".length) : key;
    const part = /^contents\.(0|[1-9]\d{0,5})\.(?:message_content\.|(?=tool_call\.))(.+)$/s.exec(
      name,
    );
    const call = /^tool_calls\.(0|[1-9]\d{0,5})\.(?:tool_call\.)?(.+)$/s.exec(name);
    if (part) put(entryOf(parts, part[1]!), part[2]!, key, value);
    else if (call) put(entryOf(calls, call[1]!), call[2]!.replace(/^function\./, ""), key, value);
    else if (name.startsWith("function_call.")) {
      const call = isMap(message.function_call) ? message.function_call : noAttributes();
      message.function_call = call;
      put(call, name.slice("function_call.".length), key, value);
    } else put(message, name, key, name === "content" ? toContent(value) : value);
  }
  const made = inOrder(calls);
  const said = inOrder(parts).filter((part) => !isRepeated(part, made));
  if (said.length > 0) put(message, "content", "contents", said.map(toPart));
  if (made.length > 0) put(message, "tool_calls", "calls", made.map(toCall));
  return message;
}

/** OpenInference sends Anthropic's tool calls both among the parts and beside them. */
function isRepeated(part: Attributes, calls: Attributes[]): boolean {
  if (part.type !== "tool_use") return false;
  const { "tool_call.id": id, "tool_call.function.name": name } = part;
  if (id === undefined && name === undefined) return calls.length > 0;
  return calls.some((call) => (id === undefined ? call.name === name : call.id === id));
}

/** Uses the original key if the name is already taken. */
function put(map: Attributes, name: string, key: string, value: Value): void {
  map[name in map ? key : name] = value;
}

function entryOf(entries: Map<number, Attributes>, number: string): Attributes {
  let entry = entries.get(Number(number));
  if (!entry) entries.set(Number(number), (entry = noAttributes()));
  return entry;
}

export function inOrder(entries: Map<number, Attributes>): Attributes[] {
  return [...entries].sort(([a], [b]) => a - b).map(([, entry]) => entry);
}

/** Parts that were sent as JSON in the content of one message. */
function toContent(value: Value): Value {
  if (typeof value !== "string" || !/^\s*\[\s*\{/.test(value)) return value;
  const parts = toStructure(value);
  return Array.isArray(parts) ? parts : value;
}

const mediaUrl = /^(image|audio|video|file)\.\1\.url$/;

function toPart(part: Attributes): Attributes {
  const key = Object.keys(part).find((key) => mediaUrl.test(key));
  if (key !== undefined) {
    const { [key]: url, ...rest } = part;
    const kind = `${mediaUrl.exec(key)![1]}_url`;
    return { ...rest, type: kind, [kind]: { url: url! } };
  }
  const {
    "tool_call.id": id,
    "tool_call.function.name": name,
    "tool_call.function.arguments": input,
    ...rest
  } = part;
  return {
    ...rest,
    ...(id !== undefined && { id }),
    ...(name !== undefined && { name }),
    ...(input !== undefined && { input: toStructure(input) }),
  };
}

function toCall(call: Attributes): Attributes {
  const { id, name, arguments: args, type = "function", ...rest } = call;
  return {
    ...(id !== undefined && { id }),
    type,
    function: {
      ...(name !== undefined && { name }),
      ...(args !== undefined && { arguments: args }),
    },
    ...rest,
  };
}

/** An offered tool, in the sender's format or OpenAI's. */
export function toTool(entry: Attributes): Value {
  const schema = entry["tool.json_schema"];
  if (schema !== undefined && Object.keys(entry).length === 1) return toStructure(schema);
  const { name, description, parameters, ...rest } = entry;
  if (name === undefined) return entry;
  return {
    type: "function",
    function: {
      name,
      ...(description !== undefined && { description }),
      ...(parameters !== undefined && { parameters: toStructure(parameters) }),
    },
    ...rest,
  };
}

/** The embedded text, or the whole entry if there is none. */
export function toEmbedded(entry: Attributes): Value {
  const text = entry["embedding.text"];
  return text !== undefined && Object.keys(entry).length === 1 ? text : entry;
}
