/**
 * Moves a call's content from wherever each sender stores it to the texts `input`, `output` and
 * `toolCatalog`. A moved text is removed from the attributes, so that it is stored once.
 */
import { wire } from "../limits.ts";
import { indexedLists } from "./indexed.ts";
import type { SpanType } from "./kind.ts";
import {
  contextOf,
  fieldOf,
  isWholeCall,
  messagesOf,
  type MessageEvent,
  type Messages,
} from "./messages.ts";
import type { Call, Found, Place } from "./places.ts";
import type { Attributes, SpanRecord } from "./records.ts";
import type { Dialect } from "./sender.ts";
import { countOf, mapOf, textOf, toStructure, toText } from "./values.ts";

export interface Content {
  messages: Messages;
  /** The attribute that a text was taken from unchanged; absent if it was built from several. */
  textKeys: { [F in keyof Messages]?: string };
  /** The original length of a text that was truncated by its sender or here. */
  wholeLengths: { [F in keyof Messages]?: number };
}

/**
 * Takes the content out of the span's attributes and events.
 *
 * @param settled texts that the span already has, and that are not searched for.
 */
export function takeContent(
  span: SpanRecord,
  type: SpanType,
  dialect: Dialect,
  settled: ReadonlySet<keyof Messages>,
): Content {
  const { attributes } = span;
  const events = [...span.events, ...eventsInAttribute(attributes)];
  const call: Call = {
    attributes,
    lists: indexedLists(attributes),
    events,
    messages: messagesOf(events),
  };
  const kind = type === "tool" ? "tool" : type === "llm" || type === "embedding" ? "call" : "rest";
  const content: Content = { messages: {}, textKeys: {}, wholeLengths: {} };
  // Before the input, which may contain the tools as well.
  take("toolCatalog", dialect.toolCatalog);
  take("input", dialect.input[kind]);
  take("output", dialect.output[kind]);
  return content;

  function find(places: readonly Place[]): Found | null {
    for (const place of places) {
      const found = place(call);
      // An empty input or output is possible only for tools.
      if (found && (kind === "tool" || !/^\s*(\{\s*\}|\[\s*\])\s*$/.test(found.text))) return found;
    }
    return null;
  }

  /** Claude Code and Qwen Code send the original length beside a truncated text. */
  function wholeLengthOf({ text, keys }: Found): number {
    const said = keys.map((key) => countOf(attributes, [`${key}_original_length`]) ?? 0);
    return Math.max(text.length, ...said);
  }

  function take(field: keyof Messages, places: readonly Place[]): void {
    const found = settled.has(field) ? null : find(places);
    if (!found) return;
    content.messages[field] = found.text.slice(0, wire.payloadLength);
    const wholeLength = wholeLengthOf(found);
    if (wholeLength > content.messages[field].length) content.wholeLengths[field] = wholeLength;
    // A text that has to be truncated here stays complete in its attribute.
    if (found.text.length > wire.payloadLength) return;
    const [key, ...others] = found.keys;
    if (key !== undefined && others.length === 0 && toText(attributes[key]!) === found.text) {
      content.textKeys[field] = key;
    }
    for (const key of found.keys) delete attributes[key];
    if (field !== "toolCatalog" && found.text === call.messages[field]) emptyEvents(span, field);
  }
}

/** Early versions of pydantic-ai send the events as one attribute. */
function eventsInAttribute(attributes: Attributes): MessageEvent[] {
  const sent = attributes["events"];
  const events = sent === undefined ? null : toStructure(sent);
  if (!Array.isArray(events)) return [];
  return events.map((event) => {
    const body = mapOf(event);
    return { name: textOf(body, ["event.name"]) ?? "", attributes: {}, body };
  });
}

/** Empties events whose message became part of a text; only their time is kept. */
function emptyEvents({ events }: SpanRecord, field: "input" | "output"): void {
  // The text came from an event for the whole call, which is more complete.
  if (events.some(({ name }) => isWholeCall(name))) return;
  for (const event of events) {
    if (fieldOf(event.name) === field) event.attributes = contextOf(event);
  }
}
