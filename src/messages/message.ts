/** One message, or what stands for one, in the shape of any provider. */
import { isObject, pick, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { mediaOf } from "./media.ts";
import type { Message, Part } from "./model.ts";
import { callParts, contentParts, partsOf, rawPart, resultParts, textParts } from "./parts.ts";

/** `isBare`: parts that came without a message around them. Neighbours of these are one message. */
export type Read = Message & { isBare?: boolean };

const roles: Record<string, string> = {
  developer: "system",
  human: "user",
  model: "assistant",
  ai: "assistant",
  bot: "assistant",
  chatbot: "assistant",
  function: "tool",
  request: "user",
  response: "assistant",
};

export function roleOf(sent: string): string {
  const role = sent.toLowerCase();
  return Object.hasOwn(roles, role) ? roles[role]! : role;
}

/**
 * The messages that an element of a list stands for; null where it is not understood.
 *
 * @param role whose it is where it does not say so.
 */
export function messagesOf(value: Json, role: string): Read[] | null {
  if (Array.isArray(value)) return pairOf(value) ?? flattened(value, role);
  if (!isObject(value)) return typeof value === "string" ? [bare(textParts(value), role)] : null;
  return messageOf(value, role) ?? bareParts(value, role);
}

/** A whole message; null where it is none. */
function messageOf(sent: JsonObject, role: string): Read[] | null {
  const own = pickText(sent, "role");
  if (own !== null) return [readMessage(sent, roleOf(own))];
  const inner = innerOf(sent);
  if (inner) return messageOf(inner, langChainRole(sent) ?? role);
  const event = /^gen_ai\.(\w+)\.message$/.exec(pickText(sent, "event.name") ?? "")?.[1];
  if (event) return [readMessage(sent, event)];
  const kind = pickText(sent, "kind");
  if (Array.isArray(sent.parts)) {
    return kind === "request" ? requestOf(sent.parts) : [readMessage(sent, roleOf(kind ?? role))];
  }
  if (pick(sent, "content", "tool_calls") === undefined) return null;
  const type = pickText(sent, "type");
  if (type === null) return [readMessage(sent, role)];
  const langChain = langChainType(type);
  return langChain === null ? null : [readMessage(sent, langChain)];
}

/** The message within a choice, a candidate, an event or what LangChain writes down. */
function innerOf(sent: JsonObject): JsonObject | null {
  if (isObject(sent.message)) return sent.message;
  if (isObject(sent.content) && Array.isArray(sent.content.parts)) return sent.content;
  const isLangChain = langChainRole(sent) !== null;
  const inner = isLangChain ? pick(sent, "kwargs", "data") : undefined;
  if (!isObject(inner)) return null;
  const { type: _, ...message } = inner;
  return message;
}

export function bare(parts: Part[], role: string): Read {
  return { role, parts, isBare: true };
}

function bareParts(sent: JsonObject, role: string): Read[] | null {
  const parts = partsOf(sent);
  if (parts === null) return null;
  // The Responses API has the results of tools beside the messages.
  const isCall = parts.some(({ type }) => type === "toolCall" || type === "thinking");
  const isResult = role === "user" && parts.some(({ type }) => type === "toolResult");
  return [bare(parts, isCall ? "assistant" : isResult ? "tool" : role)];
}

/** LangChain's `["user", "text"]`. */
function pairOf(value: Json[]): Read[] | null {
  const [role, content] = value;
  const isPair = value.length === 2 && typeof role === "string" && /^[a-z]{2,12}$/.test(role);
  return isPair ? [{ role: roleOf(role), parts: contentParts(content) }] : null;
}

/** A list for each prompt of a batch: one level, and no further. */
function flattened(list: Json[], role: string): Read[] | null {
  const read = list.map((item) => (Array.isArray(item) ? pairOf(item) : messagesOf(item, role)));
  return list.length === 0 || read.includes(null) ? null : read.flatMap((messages) => messages!);
}

/** pydantic-ai keeps the system's, the user's and the tools' parts of a request together. */
function requestOf(parts: Json[]): Read[] {
  return parts.map((part) => {
    const kind = isObject(part) ? pickText(part, "part_kind", "type") : null;
    const role = kind?.startsWith("system") ? "system" : kind?.startsWith("tool") ? "tool" : "user";
    return bare(contentParts(part), role);
  });
}

/** Of a serialized LangChain message, by its class. */
function langChainRole({ id, type }: JsonObject): string | null {
  const name = Array.isArray(id) ? id.at(-1) : type;
  return typeof name === "string" ? langChainType(name) : null;
}

function langChainType(name: string | null): string | null {
  const kind = /^(human|ai|system|tool|function|user|assistant)(Message(Chunk)?)?$/i.exec(
    name ?? "",
  );
  return kind && name !== "function" ? roleOf(kind[1]!) : null;
}

function readMessage(sent: JsonObject, role: string): Read {
  const name = pickText(sent, "name");
  const isTool = role === "tool";
  const said = isTool ? toolParts(sent) : saidParts(sent);
  const parts = [...thoughts(sent), ...said, ...without(said, calls(sent))];
  return { role, ...(name !== null && !isTool && { name }), parts };
}

/** LangChain has the calls of some providers in the content, too. */
function without(said: Part[], parts: Part[]): Part[] {
  const ids = new Set(said.map((part) => (part.type === "toolCall" ? part.id : null)));
  return parts.filter((part) => part.type !== "toolCall" || part.id === null || !ids.has(part.id));
}

function thoughts(sent: JsonObject): Part[] {
  const text = pickText(sent, "reasoning_content", "reasoning", "thinking");
  return text ? [{ type: "thinking", text }] : [];
}

function saidParts(sent: JsonObject): Part[] {
  const { parts, content, contents, audio } = sent;
  // User interfaces of the AI SDK repeat the parts' text as the content.
  if (Array.isArray(parts) && parts.length > 0) return contentParts(parts);
  return [
    ...contentParts(content),
    ...contentParts(contents),
    ...textParts(pickText(sent, "refusal", "message")),
    ...(isObject(audio) ? [...textParts(pickText(audio, "transcript")), mediaOf({ audio })] : []),
  ];
}

/** A tool's message is a result, unless its parts are. */
function toolParts(sent: JsonObject): Part[] {
  const said = saidParts(sent);
  return said.some(({ type }) => type === "toolResult") ? said : resultParts(sent, false);
}

function calls(sent: JsonObject): Part[] {
  const more = isObject(sent.additional_kwargs) ? sent.additional_kwargs : {};
  const list = pick(sent, "tool_calls", "toolCalls") ?? pick(more, "tool_calls");
  if (Array.isArray(list)) {
    return list.flatMap((call) => (isObject(call) ? callParts(call) : [rawPart(toText(call))]));
  }
  const invocations = Array.isArray(sent.parts) ? undefined : pick(sent, "toolInvocations");
  if (Array.isArray(invocations)) {
    return invocations.flatMap((tool) =>
      contentParts(isObject(tool) ? { type: "tool-invocation", toolInvocation: tool } : tool),
    );
  }
  const call = pick(sent, "function_call");
  return isObject(call) ? callParts(call) : [];
}
