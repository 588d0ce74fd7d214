/**
 * Joins streamed answers: chunks of OpenAI and Gemini that were recorded as messages, and events of
 * Anthropic and of the Responses API, also as server-sent events.
 */
import { isObject, parseJson, pickText, toText, type Json, type JsonObject } from "./json.ts";
import { bare, messagesOf, type Read } from "./message.ts";
import type { Part } from "./model.ts";
import { rawPart } from "./parts.ts";

export interface Placed {
  read: Read;
  end: number;
}

/** Joins the chunks of one answer into one message; each choice has its own. */
export function joinPieces(all: Placed[]): Placed[] {
  // Gemini CLI records its answers with the role of the system.
  const isMisnamed = all.every(({ read }) => read.role === "system" && !read.isBare);
  const answer = isMisnamed
    ? all.map(({ read, end }) => ({ read: { ...read, role: "assistant" }, end }))
    : all;
  const joined: Placed[] = [];
  for (let i = 0; i < answer.length;) {
    const { role } = answer[i]!.read;
    let next = i + 1;
    while (next < answer.length && answer[next]!.read.role === role) next++;
    joined.push(...joinedRun(answer.slice(i, next)));
    i = next;
  }
  return joined;
}

/** @param run consecutive chunks with one role. */
function joinedRun(run: Placed[]): Placed[] {
  if (run.length < 2 || run[0]!.read.role !== "assistant") return run;
  const pieces = run.map(({ read }) => read.piece);
  if (pieces.every((piece) => piece?.isDelta)) {
    const choices = Map.groupBy(run, ({ read }) => read.piece!.index);
    return [...choices.values()].map(joined);
  }
  const isOfOne = pieces.every((piece) => piece && piece.index === pieces[0]?.index);
  const isEnded = run.at(-1)!.read.parts.length === 0;
  const isFinished = pieces.findIndex((piece) => piece?.isFinal) === pieces.length - 1;
  const isOne = pieces.every((piece) => piece?.isGemini) || isEnded || isFinished;
  return isOfOne && isOne ? [joined(run)] : run;
}

function joined(run: Placed[]): Placed {
  const parts: Part[] = [];
  for (const { read } of run) for (const part of read.parts) append(parts, part);
  return { read: { ...run[0]!.read, parts }, end: run.at(-1)!.end };
}

function append(parts: Part[], part: Part): void {
  const last = parts.at(-1);
  const goesOn =
    last?.type === "text" || last?.type === "thinking"
      ? last.type === part.type
      : // Only the first chunk of a call has its name.
        last?.type === "toolCall" &&
        part.type === "toolCall" &&
        part.name === null &&
        (part.id === null || part.id === last.id);
  if (goesOn && "text" in last! && "text" in part) {
    parts[parts.length - 1] = { ...last, text: last.text + part.text };
  } else if (part.type !== "raw" || !parts.some((each) => isSameRaw(each, part))) {
    parts.push(part);
  }
}

/** Each chunk can repeat the same data about its answer. */
function isSameRaw(a: Part, b: Part): boolean {
  return a.type === "raw" && b.type === "raw" && a.text === b.text;
}

const anthropic = /^(message|content_block)_(start|delta|stop)$/;
const responses = /^response\.\w/;

/** Whether a list that starts with this value is a list of events. */
export function isEvent(value: Json | undefined): boolean {
  const type = isObject(value) ? pickText(value, "type") : null;
  return type !== null && (anthropic.test(type) || responses.test(type));
}

/** The data of server-sent events; null for other texts. */
export function eventsIn(text: string): Json[] | null {
  if (!/^\s*(data|event|id|:).{0,200}/.test(text)) return null;
  const values: Json[] = [];
  for (const line of text.split("\n")) {
    const data = /^data:\s*(.*?)\r?$/s.exec(line)?.[1];
    if (data === undefined || data === "[DONE]" || data === "") {
      if (data !== undefined || /^(event:|id:|retry:|:|\s*$)/.test(line)) continue;
      return null;
    }
    const value = parseJson(data);
    // The last event may be truncated.
    if (value !== undefined) values.push(value);
  }
  return values.some(isObject) ? values : null;
}

/** The messages that the events describe; null if they do not belong to a model's answer. */
export function messagesOfEvents(events: Json[], role: string): Read[] | null {
  const known = events.filter(isObject);
  const types = known.map((event) => pickText(event, "type") ?? "");
  if (types.some((type) => anthropic.test(type))) return messagesOf(anthropicMessage(known), role);
  if (types.some((type) => responses.test(type))) return ofResponses(known, role);
  const read = known.map((event) => messagesOf(event, role));
  if (!read.some((messages) => messages && messages.length > 0)) return null;
  const all = read.flatMap((messages, i) => messages ?? [bare([rawPart(toText(known[i]))], role)]);
  return joinPieces(all.map((read) => ({ read, end: 0 }))).map(({ read }) => read);
}

/** The message that Anthropic's events build. */
function anthropicMessage(events: JsonObject[]): JsonObject {
  let message: JsonObject = { role: "assistant" };
  const blocks = new Map<Json, JsonObject>();
  const others: Json[] = [];
  for (const event of events) {
    const { type, index = 0, delta } = event;
    if (type === "message_start" && isObject(event.message)) message = { ...event.message };
    else if (type === "content_block_start" && isObject(event.content_block)) {
      blocks.set(index, { ...event.content_block });
    } else if (type === "content_block_delta" && isObject(delta)) {
      const block = blocks.get(index) ?? { type: "text" };
      blocks.set(index, block);
      addDelta(block, delta);
    } else if (type === "error") others.push(event);
  }
  return { ...message, content: [...blocks.values(), ...others] };
}

/** Appends texts and list items; inputs arrive as pieces of JSON text. */
function addDelta(block: JsonObject, delta: JsonObject): void {
  for (const key of Object.keys(delta)) {
    const value = delta[key]!;
    if (key === "type") continue;
    const name = key === "partial_json" ? "input" : key === "citation" ? "citations" : key;
    const before = block[name];
    if (typeof value === "string") block[name] = (typeof before === "string" ? before : "") + value;
    else block[name] = [...(Array.isArray(before) ? before : []), value];
  }
}

/** The final response if present, else its items, else the text received so far. */
function ofResponses(events: JsonObject[], role: string): Read[] | null {
  const whole = events.findLast(
    ({ response }) =>
      isObject(response) && Array.isArray(response.output) && response.output.length > 0,
  );
  const done = events.filter(({ type }) => type === "response.output_item.done");
  const items = whole
    ? ((whole.response as JsonObject).output as Json[])
    : done.map(({ item }) => item ?? null);
  if (items.length > 0) {
    return items.flatMap((item) => messagesOf(item, role) ?? [bare([rawPart(toText(item))], role)]);
  }
  const texts = events.filter(({ type }) => type === "response.output_text.delta");
  const text = texts.map(({ delta }) => toText(delta)).join("");
  return text === "" ? null : messagesOf({ role: "assistant", content: text }, role);
}
