/**
 * Finds messages within what frameworks record of a call: arguments, results, states and their updates.
 */
import { isObject, pick, toText, type Json, type JsonObject } from "./json.ts";
import { Members } from "./members.ts";
import { bare, messagesOf, type Read } from "./message.ts";
import { contentParts, rawPart, readWhole, textParts } from "./parts.ts";
import { messageThoughts } from "./thoughts.ts";

/** LangGraph nests four levels. */
const maxLevels = 5;

const lists = ["messages", "contents", "choices", "candidates", "generations"];
const wrappers = [
  ...[
    "inputs",
    "outputs",
    "input",
    "output",
    "update",
    "kwargs",
    "args",
    "data",
    "result",
    "value",
  ],
  ...["request_data", "response_data", "request", "response", "body", "state", "return_value"],
];

/**
 * The messages within an object that is not a message; null if there are none. A plain text counts only if
 * it is the only argument of a function or the complete result of a stream.
 */
export function wrappedMessages(sent: JsonObject, role: string): Read[] | null {
  return resultOf(sent) ?? loneText(sent, role) ?? within(sent, role, 0) ?? unnamedList(sent, 0);
}

/**
 * A list of messages under an unknown name, such as Haystack's `replies`, also nested in objects that have
 * no other member. Each element must be recognisable as a message.
 */
function unnamedList(sent: JsonObject, level: number): Read[] | null {
  const members = new Members(sent);
  for (const key in sent) {
    const read = listOfMessages(sent[key]!);
    if (!read) continue;
    members.skip(key);
    read.at(-1)!.parts.push(...members.rest(read.flatMap(({ parts }) => parts)));
    return read;
  }
  const [only, ...others] = Object.values(sent);
  const isWrapper = others.length === 0 && isObject(only) && level < maxLevels;
  return isWrapper ? unnamedList(only, level + 1) : null;
}

/** Null unless each element has the role of a conversation, and at least one has content. */
function listOfMessages(value: Json): Read[] | null {
  if (!Array.isArray(value)) return null;
  const read: Read[] = [];
  for (const item of value) {
    const messages = isObject(item) ? messagesOf(item, "") : null;
    if (!messages?.every(isOfConversation)) return null;
    read.push(...messages);
  }
  const isSaid = read.some(({ parts }) => parts.some(({ type }) => type !== "raw"));
  return isSaid ? read : null;
}

function within(value: Json, role: string, level: number): Read[] | null {
  if (level > maxLevels) return null;
  if (Array.isArray(value)) {
    const read = value.map((item) => (isObject(item) ? within(item, role, level + 1) : null));
    if (!read.some((messages) => messages !== null)) return null;
    return read.flatMap((messages, i) => messages ?? [bare([rawPart(toText(value[i]))], role)]);
  }
  if (!isObject(value)) return null;
  const own = level === 0 ? null : messagesOf(value, role);
  if (own?.some(({ isBare }) => !isBare)) return own;
  const list = lists
    .map((key) => value[key])
    .find((list) => Array.isArray(list) && list.some(isSaid));
  if (list !== undefined) return messagesOf(list, role);
  const result = level === 0 ? null : resultOf(value);
  if (result) return result;
  for (const key of wrappers) {
    const inner = value[key];
    const read = inner === undefined ? null : within(inner, role, level + 1);
    if (read) return read;
  }
  return null;
}

/** An element of a list of messages, or a list of elements for several prompts. */
function isSaid(item: Json): boolean {
  return isObject(item) || (Array.isArray(item) && item.some(isSaid));
}

function isOfConversation({ role, isBare }: Read): boolean {
  return !isBare && /^(system|user|assistant|tool)$/.test(role);
}

function loneText(sent: JsonObject, role: string): Read[] | null {
  const { args, kwargs, combined_chunk_content: streamed } = sent;
  if (typeof streamed === "string") return [bare(textParts(streamed), role)];
  const isCall = Array.isArray(args) && isObject(kwargs) && Object.keys(kwargs).length === 0;
  if (!isCall || args.length > 1) return null;
  const [only = ""] = args;
  return typeof only === "string" ? [bare(textParts(only), role)] : null;
}

/** The results of an AI SDK call beside its text. */
const resultKeys = [
  ...["toolCalls", "toolResults", "files", "sources", "reasoning", "reasoningText", "steps"],
  "warnings",
];

/** The result of an AI SDK call. */
function resultOf(sent: JsonObject): Read[] | null {
  const isResult =
    (typeof sent.text === "string" && resultKeys.some((key) => Array.isArray(sent[key]))) ||
    Array.isArray(sent.toolCalls) ||
    (pick(sent, "finishReason") !== undefined && pick(sent, "text", "object") !== undefined);
  if (!isResult) return null;
  const parts = readWhole(sent, (members: Members) => {
    members.skip("steps", "request", "response", "totalUsage", "rawResponse", "rawCall", "runId");
    const said = textParts(members.takeText("text"));
    const more = ["files", "sources", "toolCalls", "toolResults"].map((key) =>
      contentParts(members.takeList(key)),
    );
    const thoughts = messageThoughts([members], said, contentParts);
    return [...thoughts, ...said, ...more.flat()];
  });
  return parts.length > 0 ? [{ role: "assistant", parts }] : [];
}
