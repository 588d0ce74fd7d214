/** The places where a span's input, output and tools may be: what a sender's file is written with. */
import { inOrder, type IndexedList, type ListName } from "./indexed.ts";
import type { MessageEvent, Messages } from "./messages.ts";
import type { Attributes, Value } from "./records.ts";
import { decoded, isPresent, parseJson, toStructure, toText } from "./values.ts";

/** A span while its content is looked for. */
export interface Call {
  attributes: Attributes;
  lists: Map<ListName, IndexedList>;
  events: MessageEvent[];
  /** What its events say together. */
  messages: Messages;
}

/** A text, and the attributes that it says all of. */
export interface Found {
  text: string;
  keys: string[];
}

/** @returns null where nothing is there. */
export type Place = (call: Call) => Found | null;

/** The first of these attributes that is there; a text that was written as JSON is decoded once. */
export const attribute =
  (...keys: string[]): Place =>
  ({ attributes }) => {
    const key = keys.find((key) => isPresent(attributes[key]) && attributes[key] !== "null");
    return key === undefined ? null : { text: toText(decoded(attributes[key]!)), keys: [key] };
  };

/** A list that was spread over flat keys. */
export const indexed =
  (name: ListName, to: (entry: Attributes) => Value): Place =>
  ({ lists }) => {
    const list = lists.get(name);
    return list ? { text: JSON.stringify(inOrder(list.entries).map(to)), keys: list.keys } : null;
  };

/** What the span's events say of it together. */
export const fromEvents =
  (field: keyof Messages): Place =>
  ({ messages }) => {
    const text = messages[field];
    return text === undefined ? null : { text, keys: [] };
  };

/** The content of one event; an attribute of it, the first that is there. */
export const fromEvent =
  (name: string, ...keys: string[]): Place =>
  ({ events }) => {
    const event = events.find((event) => event.name === name);
    const content = event && keys.map((key) => event.attributes[key]).find(isPresent);
    return content === undefined ? null : { text: toText(decoded(content)), keys: [] };
  };

/** A list whose items are each the text of a JSON value. */
export const listOfJson =
  (key: string): Place =>
  ({ attributes }) => {
    const sent = attributes[key];
    const list = isPresent(sent) ? toStructure(sent) : [];
    if (!Array.isArray(list) || list.length === 0) return null;
    const items = list.map((item) => (typeof item === "string" ? parseJson(item) : item));
    return { text: JSON.stringify(items), keys: [key] };
  };

/** A member of an attribute that is a map or its JSON, such as `value` of `{"type", "value"}`. */
export const memberOf =
  (key: string, ...members: string[]): Place =>
  ({ attributes }) => {
    const structure = isPresent(attributes[key]) ? toStructure(attributes[key]) : null;
    if (typeof structure !== "object" || structure === null || Array.isArray(structure))
      return null;
    const value = members.map((member) => structure[member]).find(isPresent);
    if (value === undefined) return null;
    // The attribute stays where it says more than this member.
    const keys = Object.keys(structure).length === 1 ? [key] : [];
    return { text: toText(value), keys };
  };
