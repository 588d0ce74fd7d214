/** Reads one message in the format of any provider. */
import { isObject, parseJson, pick, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { mediaParts } from "./media.ts";
import { leftOf, Members } from "./members.ts";
import type { Message, Part } from "./model.ts";
import {
  callParts,
  contentParts,
  partsOf,
  rawPart,
  readWhole,
  resultParts,
  textParts,
  typeOf,
} from "./parts.ts";
import { partsInText } from "./results.ts";
import { messageThoughts } from "./thoughts.ts";

/** A message with the information needed to join it with the one before. */
export type Read = Message & {
  /** True for parts that came without a message around them; consecutive ones form one message. */
  isBare?: boolean;
  piece?: Piece;
};

/** The position of a chunk within a streamed answer. */
export interface Piece {
  /** The index of its choice. */
  index: number;
  /** True for a delta: only the new content, as in a stream. */
  isDelta: boolean;
  /** True for Gemini, which records one message per chunk. */
  isGemini: boolean;
  isFinal: boolean;
}

const roles: Record<string, string> = {
  developer: "system",
  human: "user",
  model: "assistant",
  ai: "assistant",
  bot: "assistant",
  chatbot: "assistant",
  "tool-call": "assistant",
  function: "tool",
  "tool-response": "tool",
  ipython: "tool",
  request: "user",
  response: "assistant",
};

export function roleOf(sent: string): string {
  // Python prints enum members with the name of the enum.
  const role = sent.toLowerCase().replace(/^\w*role\./, "");
  const known = role.replace("_", "-");
  return Object.hasOwn(roles, known) ? roles[known]! : role;
}

/**
 * The messages in an element of a list; null if it is not understood.
 *
 * @param role the role of messages that do not name one.
 */
export function messagesOf(value: Json, role: string): Read[] | null {
  if (Array.isArray(value)) return pairOf(value) ?? flattened(value, role);
  if (typeof value === "string") {
    return writtenOut(value, role) ?? [bare(textParts(value), role)];
  }
  if (!isObject(value)) return null;
  return messageOf(value, role) ?? bareParts(value, role);
}

/** Reads a message that is JSON text within a list. */
function writtenOut(text: string, role: string): Read[] | null {
  if (text.length < 10 || !/^\s*\{\s*"\w+"\s*:/.test(text.slice(0, 100))) return null;
  const value = parseJson(text);
  return isObject(value) && pickText(value, "role") !== null ? messageOf(value, role) : null;
}

/** Reads a whole message; null if it is none. */
function messageOf(sent: JsonObject, role: string): Read[] | null {
  const own = pickText(sent, "role", "_role");
  if (own !== null) return readMessage(new Members(sent), roleOf(own));
  const inner = innerOf(sent);
  if (inner !== null) return unwrapped(sent, inner, role);
  const wrapper = new Members(sent);
  const event = /^gen_ai\.(\w+)\.message$/.exec(pickText(sent, "event.name") ?? "")?.[1];
  if (event) return readMessage(wrapper, event);
  const kind = pickText(sent, "kind");
  if (Array.isArray(sent.parts)) {
    return kind === "request" ? requestOf(wrapper) : readMessage(wrapper, roleOf(kind ?? role));
  }
  const choices = wrapper.takeList("choices", "candidates");
  // The last chunk of a stream can have no choices.
  if (Array.isArray(sent.choices) && choices.length === 0) return [];
  if (choices.some(isObject)) return ofResponse(wrapper, choices, role);
  if (pick(sent, "content", "tool_calls", "blocks", "_content") === undefined) return null;
  const type = pickText(sent, "type");
  if (type === null) return readMessage(wrapper, role);
  const langChain = langChainType(type);
  return langChain === null ? null : readMessage(wrapper, langChain);
}

/** The member that contains the message of a choice, a candidate, an event or a LangChain record. */
function innerOf(sent: JsonObject): string | null {
  const isCandidate = isObject(sent.content) && Array.isArray(sent.content.parts);
  const keys = langChainRole(sent) === null ? [] : ["kwargs", "data"];
  const found = ["message", "delta", ...keys].find((key) => isObject(sent[key]));
  return found ?? (isCandidate ? "content" : null);
}

function unwrapped(sent: JsonObject, key: string, role: string): Read[] | null {
  const wrapper = new Members(sent);
  const inner = wrapper.take(key) as JsonObject;
  const isDelta = key === "delta";
  const langChain = langChainRole(sent);
  const own = pickText(inner, "role", "_role");
  const given = own === null ? (langChain ?? role) : roleOf(own);
  const isMessage = langChain !== null || isDelta;
  const read = isMessage ? readMessage(new Members(inner), given) : messageOf(inner, given);
  const last = read?.at(-1);
  if (!read || !last) return read;
  // Genkit repeats the request.
  wrapper.skip("request");
  last.parts.push(...wrapper.rest(last.parts, false));
  if (!last.isBare) last.piece = pieceOf(sent, isDelta, last.piece?.isGemini ?? false);
  return read;
}

function pieceOf(sent: JsonObject, isDelta: boolean, isGemini: boolean): Piece {
  const finish = pickText(sent, "finish_reason", "finishReason", "stop_reason", "done_reason");
  const { index } = sent;
  const isFinal = finish !== null && finish !== "";
  return { index: typeof index === "number" ? index : 0, isDelta, isGemini, isFinal };
}

/** The choices of one response. */
function ofResponse(wrapper: Members, choices: Json[], role: string): Read[] {
  const read = choices.flatMap(
    (choice) =>
      messagesOf(choice, role) ??
      (leftOf(choice, new Set(), false) === undefined
        ? []
        : [bare([rawPart(toText(choice))], role)]),
  );
  const last = read.at(-1);
  if (!last) return [];
  last.parts.push(...wrapper.rest(last.parts, false));
  return read;
}

export function bare(parts: Part[], role: string): Read {
  return { role, parts, isBare: true };
}

function bareParts(sent: JsonObject, role: string): Read[] | null {
  const type = typeOf(sent) ?? "";
  const parts =
    partsOf(sent) ?? (itemRoles.some(([isItem]) => isItem.test(type)) ? leftParts(sent) : null);
  if (parts === null) return null;
  // In the Responses API tool results are items beside the messages.
  const isCall = parts.some(({ type }) => type === "toolCall" || type === "thinking");
  const isResult = role === "user" && parts.some(({ type }) => type === "toolResult");
  const item = itemRoles.find(([isItem]) => isItem.test(type))?.[1];
  return [bare(parts, item ?? (isCall ? "assistant" : isResult ? "tool" : role))];
}

/** Items of the Responses API that are not messages, with their roles. */
const itemRoles: [RegExp, string][] = [
  [/_call_output$/, "tool"],
  [/(_call|_list_tools|_approval_request|compaction(_summary)?)$/, "assistant"],
  [/_approval_response$/, "user"],
];

function leftParts(sent: JsonObject): Part[] {
  const { encrypted_content: _, ...left } = sent;
  return [rawPart(toText(left))];
}

/** LangChain's `["user", "text"]`. */
function pairOf(value: Json[]): Read[] | null {
  const [role, content] = value;
  const isPair = value.length === 2 && typeof role === "string" && /^[a-z]{2,12}$/.test(role);
  return isPair ? [{ role: roleOf(role), parts: contentParts(content) }] : null;
}

/**
 * A list of lists, one for each prompt of a batch; only one level. Unrecognised elements do not affect the
 * rest.
 */
function flattened(list: Json[], role: string): Read[] | null {
  const read = list.map((item) => (Array.isArray(item) ? pairOf(item) : messagesOf(item, role)));
  if (!read.some((messages) => messages !== null)) return null;
  return read.flatMap((messages, i) => messages ?? [bare([rawPart(toText(list[i]))], role)]);
}

/** A pydantic-ai request, which contains the parts of system, user and tools. */
function requestOf(members: Members): Read[] {
  const instructions = contentParts(members.take("instructions"));
  const read = members.takeList("parts").map((part) => {
    const kind = isObject(part) ? pickText(part, "part_kind", "type") : null;
    const read = contentParts(part);
    const isResult = read.some(({ type }) => type === "toolResult") || kind?.startsWith("tool");
    return bare(read, kind?.startsWith("system") ? "system" : isResult ? "tool" : "user");
  });
  const rest = members.rest(read.flatMap(({ parts }) => parts));
  return [
    ...(instructions.length > 0 ? [{ role: "system", parts: instructions }] : []),
    ...read,
    ...(rest.length > 0 ? [bare(rest, read.at(-1)?.role ?? "user")] : []),
  ];
}

/** The role of a serialized LangChain message, from its class. */
function langChainRole({ id, type, lc }: JsonObject): string | null {
  const name = Array.isArray(id) ? id.at(-1) : type;
  if (typeof name !== "string") return null;
  // Such as RemoveMessage, which removes a message from the history.
  const other = lc === undefined ? null : /^(\w+?)Message(Chunk)?$/.exec(name);
  return langChainType(name) ?? (other ? roleOf(other[1]!) : null);
}

function langChainType(name: string | null): string | null {
  const kind =
    /^(human|ai|system|tool|function|user|assistant|remove|developer)(Message(Chunk)?)?$/i.exec(
      name ?? "",
    );
  return kind && name !== "function" ? roleOf(kind[1]!) : null;
}

function readMessage(members: Members, role: string): Read[] {
  const { sent } = members;
  members.skip("role", "_role", "type", "kind", "event.name");
  const isTool = role === "tool";
  const more = members.within("additional_kwargs");
  const said = isTool
    ? toolParts(members)
    : role === "system"
      ? decoded(members)
      : saidParts(members);
  const name = isTool ? null : members.takeText("name", "_name");
  const made = without(said, calls(members));
  const again = more ? without([...said, ...made], calls(more)) : [];
  const thoughts = messageThoughts([members, ...(more ? [more] : [])], said, contentParts);
  const parts = [...thoughts, ...said, ...made, ...again];
  const instructions = contentParts(members.take("instructions"));
  const isGemini = roleIs(sent, "model") && Array.isArray(sent.parts);
  const rest = members.rest(name === null ? parts : [...parts, { type: "text", text: name }]);
  const message: Read = {
    role,
    ...(name !== null && { name }),
    parts: [...parts, ...rest],
    piece: pieceOf(sent, false, isGemini),
  };
  // LangGraph's RemoveMessage contains only the id of the message to remove.
  if (role === "remove") message.parts.push(rawPart(toText({ id: sent.id ?? null })));
  return instructions.length > 0 ? [{ role: "system", parts: instructions }, message] : [message];
}

function decoded(members: Members): Part[] {
  return saidParts(members).flatMap((part) =>
    part.type === "text" ? systemParts(part.text) : [part],
  );
}

/** Instructions that may be encoded as JSON text twice. */
export function systemParts(content: Json): Part[] {
  if (typeof content !== "string") return contentParts(content);
  const value = /^\s*"/.test(content) ? parseJson(content) : null;
  return contentParts(typeof value === "string" ? value : (partsInText(content) ?? content));
}

function roleIs({ role }: JsonObject, name: string): boolean {
  return role === name;
}

/** LangChain can store the same calls in the content and in two more members. */
function without(said: Part[], parts: Part[]): Part[] {
  const ids = new Set(said.map((part) => (part.type === "toolCall" ? part.id : null)));
  return parts.filter((part) => part.type !== "toolCall" || part.id === null || !ids.has(part.id));
}

function saidParts(members: Members): Part[] {
  const parts = contentLists.flatMap((key) => contentParts(members.take(key)));
  const audio = members.within("audio");
  const spoken = audio ? textParts(audio.takeText("transcript")) : [];
  return [
    // The AI SDK's UI messages repeat the text of their parts as the content.
    ...unsaid(parts, contentParts(members.take("content", "_content"))),
    ...parts,
    // Strands stores tool results in the event of the answer that called the tools.
    ...contentParts(structureIn(members.take("tool.result"))),
    ...textParts(members.takeText("refusal")),
    ...textParts(members.takeText("message")),
    ...imageParts(members),
    ...spoken,
    ...(audio && audio.peek("data") !== undefined ? soundParts(members) : []),
  ];
}

/** Decodes a structure that was sent as JSON text. */
function structureIn(value: Json | undefined): Json | undefined {
  const read = typeof value === "string" && /^\s*[[{]/.test(value) ? parseJson(value) : undefined;
  return read ?? value;
}

/** Members with parts beside the content, or instead of it. */
const contentLists = ["parts", "contents", "blocks", "items"];

/** The parts of `more` whose text is not already in `parts`, alone or joined. */
function unsaid(parts: Part[], more: Part[]): Part[] {
  if (parts.length === 0 || more.length === 0) return more;
  const texts = parts.flatMap((part) =>
    part.type === "text" || part.type === "toolResult" ? [part.text] : [],
  );
  const said = new Set([...texts, texts.join(""), texts.join("\n"), texts.join("\n\n")]);
  return more.filter((part) => part.type !== "text" || !said.has(part.text));
}

/** Ollama sends images as plain base64, early AI SDKs as attachments. */
function imageParts(members: Members): Part[] {
  const images = members
    .takeList("images")
    .flatMap((image) =>
      isObject(image) ? contentParts(image) : mediaParts({ type: "image", image }),
    );
  const attached = members
    .takeList("experimental_attachments")
    .flatMap((file) =>
      isObject(file) ? mediaParts({ type: "file", ...file }) : contentParts(file),
    );
  return [...images, ...attached];
}

function soundParts(members: Members): Part[] {
  const { transcript: _, ...audio } = members.take("audio") as JsonObject;
  return mediaParts({ audio });
}

/** A tool's message is a result, unless its parts are results. */
function toolParts(members: Members): Part[] {
  const lists = [...contentLists, "content", "_content"];
  const isOfResults = lists.some(
    (key) => isObject(firstOf(members.peek(key))) && hasResult(members.peek(key)!),
  );
  if (isOfResults) return saidParts(members);
  const several = members.takeList("tool_responses");
  const results = several.flatMap((sent) =>
    isObject(sent) ? readWhole(sent, (members) => resultParts(members, false)) : contentParts(sent),
  );
  if (results.length > 0) return [...results, ...unsaid(results, saidParts(members))];
  const parts = resultParts(
    members,
    false,
    ...lists.filter((key) => !isEmptyList(members.peek(key))),
  );
  return [...parts, ...imageParts(members)];
}

function firstOf(value: Json | undefined): Json | undefined {
  return Array.isArray(value) ? value[0] : value;
}

function isEmptyList(value: Json | undefined): boolean {
  return Array.isArray(value) && value.length === 0;
}

function hasResult(content: Json): boolean {
  return contentParts(content).some(({ type }) => type === "toolResult");
}

function calls(members: Members): Part[] {
  const made = [
    ...members.takeList("tool_calls", "toolCalls"),
    ...members.takeList("invalid_tool_calls"),
  ].flatMap((call) => (isObject(call) ? readWhole(call, callParts) : [rawPart(toText(call))]));
  // These are chunks of the same calls.
  members.skip("tool_call_chunks");
  const invocations = Array.isArray(members.sent.parts) ? [] : members.takeList("toolInvocations");
  const used = invocations.flatMap((tool) =>
    contentParts(isObject(tool) ? { type: "tool-invocation", toolInvocation: tool } : tool),
  );
  const call = members.within("function_call");
  return [...made, ...used, ...(call ? callParts(call) : [])];
}
