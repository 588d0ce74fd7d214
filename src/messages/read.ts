/**
 * Turns a payload's text into messages, for whatever shows payloads: nobody else parses them. Knows
 * the shapes of OpenAI (chat and responses), Anthropic, Gemini, Bedrock, the AI SDK, LangChain and
 * OpenTelemetry's conventions. Takes any text and never throws; linear in the text.
 */
import {
  elementsOf,
  isObject,
  membersOf,
  parseJson,
  parseOpen,
  parseSlice,
  pick,
  pickText,
  skipSpace,
  type JsonObject,
  type Member,
  type Slice,
} from "./json.ts";
import { bare, messagesOf, roleOf, type Read } from "./message.ts";
import type { Message, Part } from "./model.ts";
import { contentParts, rawPart, textParts } from "./parts.ts";

/** Whether a payload went into a call or came out of it: says whose a bare text is. */
export type Side = "input" | "output";

/** A message, and where its text ends in the payload. */
export interface Located {
  message: Message;
  /** 0 for what holds for all messages and stands behind them, such as Anthropic's `system`. */
  end: number;
}

export function readMessages(text: string, side: Side): Message[] {
  return locateMessages(text, side).map(({ message }) => message);
}

/** The same, with places: what of them an earlier payload had, too, can be told by its length. */
export function locateMessages(text: string, side: Side): Located[] {
  const role = side === "input" ? "user" : "assistant";
  const at = skipSpace(text, 0);
  const found = new Found(text);
  if (text[at] === "[") readList(found, at, text.length, role);
  else if (text[at] === "{") readObject(found, at, role);
  return found.isKnown ? found.located() : plainText(text, role);
}

/**
 * The rest of a list of messages, from any of its elements or the comma before one on: a history that is
 * known already need not be read again. The places are those in the rest.
 */
export function locateRest(rest: string, side: Side): Located[] {
  const found = new Found(rest);
  readElements(found, 0, rest.length, side === "input" ? "user" : "assistant");
  return found.located();
}

/**
 * The messages from the last one on, for who needs few: of a list no more is parsed than is asked for.
 * Of a message that is cut off, the beginning is read.
 */
export function* messagesFromEnd(text: string, side: Side): Generator<Message> {
  const role = side === "input" ? "user" : "assistant";
  const start = listIn(text);
  if (start === null || !isConversation(text, start)) {
    return yield* readMessages(text, side).reverse();
  }
  const { found, end, isClosed } = elementsOf(text, start);
  /** The last part first. */
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

/** True for parts that came one by one and are of one message. */
function isSame(a: Read, b: Read): boolean {
  return a.isBare === true && b.isBare === true && a.role === b.role;
}

/** Where the one list of messages begins, in the text or in a member of its object. */
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

/** A text that is no conversation: what was said, as it is. */
function plainText(text: string, role: string): Located[] {
  const value = text.trimStart().startsWith('"') ? parseJson(text) : undefined;
  const parts = textParts(typeof value === "string" ? value : text);
  return parts.length === 0 ? [] : [{ message: { role, parts }, end: text.length }];
}

/** What has been read of one text. */
class Found {
  /** True once anything in it is known to be a message or a part of one. */
  isKnown = false;
  readonly #heads: Located[] = [];
  readonly #read: { read: Read; end: number }[] = [];

  readonly text: string;

  constructor(text: string) {
    this.text = text;
  }

  /** @param head true for what comes before all messages, wherever it stands. */
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

  /** What is left of a text that is cut off, by itself: what came before it is whole. */
  addTail(start: number, role: string): void {
    const text = this.text
      .slice(start)
      .replace(/^[\s,]+/, "")
      .trimEnd();
    if (text === "") return;
    // The first key of most messages: enough to say whose it was.
    const sent = /^\{\s*"role"\s*:\s*"(\w+)"/.exec(text.slice(0, 80))?.[1];
    if (/^(\{\s*("|$)|\[\s*[[{"])/.test(text)) this.isKnown = true;
    this.#push({ role: sent ? roleOf(sent) : role, parts: [rawPart(text)] }, this.text.length);
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

  located(): Located[] {
    const read = this.#read.map(({ read: { isBare: _, ...message }, end }) => ({ message, end }));
    return [...this.#heads, ...read];
  }
}

/** @param until the end of the member that the array is, or of the text. */
function readList(found: Found, start: number, until: number, role: string): void {
  if (isConversation(found.text, start)) readElements(found, start + 1, until, role);
}

/** @param start behind the bracket, or behind any element. */
function readElements(found: Found, start: number, until: number, role: string): void {
  const { text } = found;
  const { found: elements, end, isClosed } = elementsOf(text, start - 1);
  for (const slice of elements) {
    const messages = messagesAt(text, slice, role);
    if (messages) found.add(messages, slice.end);
    else found.addRaw(slice.start, slice.end, role);
  }
  if (!isClosed) found.addTail(end, role);
  else if (until === text.length) found.addRaw(end, until, role);
}

/** False for a list of numbers: a vector may have 500,000, and none is looked at. */
function isConversation(text: string, start: number): boolean {
  const first = text[skipSpace(text, start + 1)];
  return first === "{" || first === "[" || first === '"';
}

function messagesAt(text: string, slice: Slice, role: string): Read[] | null {
  const value = parseSlice(text, slice);
  return value === undefined ? null : messagesOf(value, role);
}

const systems = /^(system|systemInstruction|system_instructions?|instructions|systemPrompt)$/;
const lists = {
  user: /^(messages|contents|history|chat_history|input|prompt)$/,
  assistant: /^(messages|choices|candidates|generations|output)$/,
};

/** A message, or a request or a response with messages in its members. */
function readObject(found: Found, start: number, role: "user" | "assistant"): void {
  const { text } = found;
  const { found: members, end, isClosed } = membersOf(text, start);
  const isOne = members.some(({ name }) => name === "role" || name === "type");
  const known = members.filter(({ name }) => lists[role].test(name) || systems.test(name));
  const isRequest = known.some(({ name }) => lists[role].test(name));
  if (!isOne && (isRequest || (!isClosed && known[0]?.isWhole))) {
    for (const member of known) readMember(found, member, role);
    // Its messages would have followed.
    if (!isRequest) found.addTail(known.at(-1)!.end, role);
  } else if (isClosed && skipSpace(text, end) === text.length) {
    const value = parseSlice(text, { start, end });
    const messages = isObject(value) && (messagesOf(value, role) ?? resultOf(value));
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
  if (value === undefined) return found.addTail(start, role);
  if (systems.test(name)) {
    const content = isObject(value) ? (pick(value, "parts", "content") ?? value) : value;
    const parts = contentParts(content);
    if (parts.length > 0) found.add([{ role: "system", parts }], end, true);
  } else {
    const messages = messagesOf(value, role);
    if (messages) found.add(messages, end);
  }
}

/** What a call of the AI SDK came to. */
function resultOf(value: JsonObject): Read[] | null {
  const { toolCalls } = value;
  if (!Array.isArray(toolCalls) && pick(value, "finishReason") === undefined) return null;
  const thought = pickText(value, "reasoningText", "reasoning");
  const parts: Part[] = [
    ...(thought ? [{ type: "thinking" as const, text: thought }] : []),
    ...textParts(pickText(value, "text")),
    ...(Array.isArray(toolCalls) ? contentParts(toolCalls) : []),
  ];
  return parts.length > 0 ? [{ role: "assistant", parts }] : null;
}
