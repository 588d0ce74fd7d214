/**
 * Parses a payload's text into messages; the only place that does. Knows the formats of OpenAI (chat and
 * responses), Anthropic, Gemini, Bedrock, the AI SDK, LangChain and OpenTelemetry's conventions. Accepts
 * any text, never throws, and takes linear time.
 */
import { skipSpace } from "../json/walk.ts";
import { fromPython } from "../python.ts";
import { cutOfTail } from "./cut.ts";
import {
  elementsOf,
  isObject,
  membersOf,
  parseJson,
  parseOpen,
  parseSlice,
  pick,
  toText,
  type Json,
  type Member,
  type Slice,
} from "./json.ts";
import { markedMessages } from "./marked.ts";
import { leftOf } from "./members.ts";
import { bare, messagesOf, roleOf, systemParts, type Read } from "./message.ts";
import type { Message } from "./model.ts";
import { rawPart, textParts } from "./parts.ts";
import { eventsIn, isEvent, joinPieces, messagesOfEvents, type Placed } from "./pieces.ts";
import { wrappedMessages } from "./wrapped.ts";

/** Whether a payload is a call's input or output: this gives plain text its role. */
export type Side = "input" | "output";

/** A message and the offset in the payload where its text ends. */
export interface Located {
  message: Message;
  /**
   * 0 for content that applies to all messages but is stored after them, such as Anthropic's `system`.
   */
  end: number;
}

export function readMessages(text: string, side: Side): Message[] {
  return locateMessages(text, side).map(({ message }) => message);
}

/**
 * Like readMessages, with offsets: the length of an earlier payload then tells which messages it
 * contained.
 */
export function locateMessages(text: string, side: Side): Located[] {
  return conversationIn(text, side) ?? plainText(text, side);
}

/** Null for a text in which no message is recognised. */
function conversationIn(text: string, side: Side): Located[] | null {
  const role = roleOn(side);
  const at = skipSpace(text, 0);
  const found = new Found(text);
  if (text[at] === "[") readList(found, at, text.length, role);
  else if (text[at] === "{") readObject(found, at, role);
  return found.isKnown ? found.located(side) : null;
}

function roleOn(side: Side): "user" | "assistant" {
  return side === "input" ? "user" : "assistant";
}

/**
 * Reads the rest of a list of messages, from an element or the comma before it, so that a known history is
 * not parsed again. Offsets are relative to the rest.
 */
export function locateRest(rest: string, side: Side): Located[] {
  const found = new Found(rest);
  readElements(found, 0, rest.length, roleOn(side));
  return found.located(side);
}

/**
 * Outputs up to this length (in UTF-16 code units) are read completely, because their chunks can form one
 * message.
 */
const answerLength = 65_536;

/**
 * The messages in reverse order, for callers that need few: each is parsed when it is requested. A
 * truncated message is read as far as it goes.
 */
export function* messagesFromEnd(text: string, side: Side): Generator<Message> {
  const role = roleOn(side);
  const start = listIn(text);
  const isAnswer = side === "output" && text.length <= answerLength;
  if (isAnswer || start === null || !isConversation(text, start)) {
    return yield* readMessages(text, side).reverse();
  }
  const { found, end, isClosed } = elementsOf(text, start);
  /** The message whose parts are being collected, last part first. */
  let parts: Read | null = null;
  let isKnown = false;
  const tail = isClosed ? undefined : parseOpen(text, end);
  for (let i = tail === undefined ? found.length - 1 : found.length; i >= 0; i--) {
    const read = i < found.length ? messagesAt(text, found[i]!, role) : messagesOf(tail!, role);
    isKnown ||= read !== null;
    for (const message of read?.reverse() ?? []) {
      if (parts && !isSame(parts, message)) yield { ...parts, parts: parts.parts.reverse() };
      if (!message.isBare) {
        parts = null;
        yield message;
      } else if (parts && isSame(parts, message)) {
        for (const part of message.parts.reverse()) parts.parts.push(part);
      } else {
        parts = { ...message, parts: message.parts.toReversed() };
      }
    }
  }
  if (parts) yield { ...parts, parts: parts.parts.reverse() };
  if (!isKnown) yield* readMessages(text, side).reverse();
}

/** Whether both are single parts of the same message. */
function isSame(a: Read, b: Read): boolean {
  return a.isBare === true && b.isBare === true && a.role === b.role;
}

/** The offset of the only list of messages: of the text itself, or of a member of its object. */
function listIn(text: string): number | null {
  const at = skipSpace(text, 0);
  if (text[at] === "[") return at;
  if (text[at] !== "{") return null;
  const { found } = membersOf(text, at);
  const list = found.find(
    ({ name, start }) => /^(messages|contents)$/.test(name) && text[start] === "[",
  );
  return list && !found.some(({ name }) => name === "role" || name === "type") ? list.start : null;
}

/** A text that is not a conversation, as one message. */
function plainText(text: string, side: Side): Located[] {
  const role = roleOn(side);
  // Some frameworks encode a text as JSON twice.
  const value = text.trimStart().startsWith('"') ? parseJson(text) : undefined;
  const said = typeof value === "string" ? value : text;
  // An empty list, `null` and an empty text contain no message.
  if (/^\s*(\[\s*\]|null)?\s*$/.test(said.slice(0, 100))) return [];
  const end = text.length;
  const written = said === text ? fromPython(text) : said;
  const inner = written === null ? null : conversationIn(written, side);
  if (inner) return inner.map(({ message }) => ({ message, end }));
  const events = eventsIn(said);
  const read = (events && messagesOfEvents(events, role)) ??
    markedMessages(said) ?? [{ role, parts: textParts(said) }];
  return read.map((message) => ({ message: plain(message), end }));
}

function plain({ isBare: _, piece: __, ...message }: Read): Message {
  return message;
}

/** The result of reading one text. */
class Found {
  /** True once a message or a part of one has been recognised. */
  isKnown = false;
  readonly #heads: Located[] = [];
  readonly #read: Placed[] = [];

  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** @param head true for content that precedes all messages, wherever it is stored. */
  add(messages: Read[], end: number, head = false): void {
    this.isKnown = true;
    if (head) {
      const place = this.#read.length > 0 ? 0 : end;
      this.#heads.push(...messages.map((message) => ({ message, end: place })));
    } else {
      for (const read of messages) this.#push(read, end);
    }
  }

  addRaw(start: number, end: number, role: string): void {
    const text = this.text.slice(start, end).trim();
    if (text !== "") this.#push(bare([rawPart(text)], role), end);
  }

  /** Adds the truncated element at the end of a text as a message. */
  addTail(start: number, role: string): void {
    const text = this.text
      .slice(start)
      .replace(/^[\s,]+/, "")
      .trimEnd();
    if (text === "") return;
    // Most messages start with their role.
    const sent = /^\{\s*"role"\s*:\s*"(\w+)"/.exec(text.slice(0, 80))?.[1];
    if (/^(\{\s*("|$)|\[\s*[[{"])/.test(text)) this.isKnown = true;
    const cut = cutOfTail(text);
    const part = { ...rawPart(text), ...(cut && { cut }) };
    this.#push({ role: sent ? roleOf(sent) : role, parts: [part] }, this.text.length);
  }

  #push(read: Read, end: number): void {
    const last = this.#read.at(-1);
    if (last && isSame(last.read, read)) {
      for (const part of read.parts) last.read.parts.push(part);
      last.end = end;
    } else if (read.parts.length > 0 || !read.isBare) {
      this.#read.push({ read: { ...read, parts: [...read.parts] }, end });
    }
  }

  located(side: Side): Located[] {
    const read = side === "output" ? joinPieces(this.#read) : this.#read;
    const located = read.map(({ read, end }) => ({ message: plain(read), end }));
    return withoutRepeats([...this.#heads, ...located]);
  }
}

/** Some senders send the instructions both beside the messages and as the first message. */
function withoutRepeats(located: Located[]): Located[] {
  const others = located.findIndex(({ message }) => message.role !== "system");
  const heads = others < 0 ? located : located.slice(0, others);
  if (heads.length < 2) return located;
  const said = new Set<string>();
  const kept = heads.filter(({ message: { parts } }) => {
    const text = JSON.stringify(parts);
    return !said.has(text) && said.add(text);
  });
  return kept.length === heads.length ? located : [...kept, ...located.slice(heads.length)];
}

/** @param until the end of the array's member, or of the text. */
function readList(found: Found, start: number, until: number, role: string): void {
  if (!isConversation(found.text, start)) return;
  const { text } = found;
  // A quick check: events have a type, usually as the first member.
  const head = text.slice(start, start + 4096);
  if (/"type"\s*:\s*"(message_|content_block_|response\.)/.test(head) && isEvent(firstIn(head))) {
    const { found: elements, end } = elementsOf(text, start);
    const events = elements.map((slice) => parseSlice(text, slice) ?? null);
    const messages = messagesOfEvents(events, role);
    if (messages) return found.add(messages, end);
  }
  readElements(found, start + 1, until, role);
}

function firstIn(list: string): Json | undefined {
  const start = skipSpace(list, 1);
  const end = list[start] === "{" ? membersOf(list, start).end : 0;
  return parseSlice(list, { start, end });
}

/** @param start after the bracket, or after any element. */
function readElements(found: Found, start: number, until: number, role: string): void {
  const { text } = found;
  const { found: elements, end, isClosed } = elementsOf(text, start - 1);
  for (const slice of elements) {
    const value = parseSlice(text, slice);
    const messages = value === undefined ? null : messagesIn(value, role);
    if (messages) found.add(messages, slice.end);
    else if (value === undefined || isTelling(value)) found.addRaw(slice.start, slice.end, role);
  }
  if (!isClosed) found.addTail(end, role);
  else if (until === text.length) found.addRaw(end, until, role);
}

/** False for a list of numbers: an embedding can have 500,000 of them, which are not parsed. */
function isConversation(text: string, start: number): boolean {
  const first = text[skipSpace(text, start + 1)];
  return first === "{" || first === "[" || first === '"';
}

/** False for the usage at the end of a stream. */
function isTelling(value: Json): boolean {
  return !isObject(value) || value.type !== undefined || leftOf(value, new Set()) !== undefined;
}

function messagesAt(text: string, slice: Slice, role: string): Read[] | null {
  const value = parseSlice(text, slice);
  return value === undefined ? null : messagesIn(value, role);
}

function messagesIn(value: Json, role: string): Read[] | null {
  return messagesOf(value, role) ?? (isObject(value) ? wrappedMessages(value, role) : null);
}

const systems = /^(system|systemInstruction|system_instructions?|instructions|systemPrompt)$/;
const lists = {
  user: /^(messages|contents|history|chat_history|input|prompt)$/,
  assistant: /^(messages|choices|candidates|generations|output)$/,
};
/** Members that identify a request or a response. */
const ofRequest = /^(messages|contents|choices|candidates|generations)$/;
/** Other members of a request or response with content instead of settings. */
const beside =
  /^(documents|citations|search_results|groundingMetadata|grounding_metadata|promptFeedback|prompt_feedback|error)$/;
/** Where Google's SDKs store the system instructions. */
const settings = /^(config|generationConfig|generation_config)$/;

/** Reads a message, or a request or response that contains messages. */
function readObject(found: Found, start: number, role: "user" | "assistant"): void {
  const { text } = found;
  const { found: members, end, isClosed } = membersOf(text, start);
  const isList = ({ name, start }: Member) => ofRequest.test(name) && text[start] === "[";
  const isOne =
    members.some(({ name }) => name === "role") ||
    (members.some(({ name }) => name === "type") && !members.some(isList));
  const isRequest = members.some(({ name }) => lists[role].test(name));
  // A response repeats the instructions of its request.
  const isHead = ({ name }: Member) => systems.test(name) && (role === "user" || !isRequest);
  const known = members.filter(
    (member) => lists[role].test(member.name) || isHead(member) || settings.test(member.name),
  );
  if (!isOne && (isRequest || (!isClosed && known[0]?.isWhole))) {
    for (const member of known) readMember(found, member, role);
    for (const member of members) if (beside.test(member.name)) readBeside(found, member, role);
    // The text is truncated before its messages.
    if (!isRequest) found.addTail(known.at(-1)!.end, role);
  } else if (isClosed && skipSpace(text, end) === text.length) {
    const value = parseSlice(text, { start, end });
    const messages = isObject(value) && messagesIn(value, role);
    if (messages) found.add(messages, end);
  } else if (members.some(({ name }) => name === "role")) {
    found.addTail(start, role);
  }
}

function readMember(found: Found, member: Member, role: string): void {
  const { text } = found;
  const { name, start, end, isWhole } = member;
  if (text[start] === "[" && !systems.test(name)) return readList(found, start, end, role);
  const value = isWhole ? parseSlice(text, member) : undefined;
  if (settings.test(name)) {
    const key = isObject(value) ? Object.keys(value).find((key) => systems.test(key)) : undefined;
    if (key !== undefined && isObject(value)) addSystem(found, value[key]!, end);
  } else if (value === undefined) {
    found.addTail(start, role);
  } else if (systems.test(name)) {
    addSystem(found, value, end);
  } else {
    const messages = messagesIn(value, role);
    if (messages) found.add(messages, end);
    else if (value !== null) found.addRaw(start, end, role);
  }
}

function addSystem(found: Found, value: Json, end: number): void {
  const parts = systemParts(isObject(value) ? (pick(value, "parts", "content") ?? value) : value);
  if (parts.length > 0) found.add([{ role: "system", parts }], end, true);
}

function readBeside(found: Found, member: Member, role: string): void {
  const value = member.isWhole ? parseSlice(found.text, member) : undefined;
  const left = value === undefined ? undefined : leftOf(value, new Set());
  if (left !== undefined)
    found.add([bare([rawPart(toText({ [member.name]: left }))], role)], member.end);
}
