/** Short words for the messages and parts that tests expect, and a reading of what they send. */
import type { Message, Part } from "../../src/messages/model.ts";
import { readMessages, type Side } from "../../src/messages/read.ts";

export const text = (text: string): Part => ({ type: "text", text });
export const thinking = (text: string): Part => ({ type: "thinking", text });
export const withheld = (withheld: "redacted" | "encrypted"): Part => ({
  type: "thinking",
  text: "",
  withheld,
});
export const raw = (value: unknown): Part => ({ type: "raw", text: JSON.stringify(value) });
export const call = (id: string | null, name: string | null, text: string): Part => ({
  type: "toolCall",
  id,
  name,
  text,
});
export const result = (
  id: string | null,
  text: string,
  name: string | null = null,
  isError = false,
): Part => ({ type: "toolResult", id, name, text, isError });
export const image = (more: Partial<Extract<Part, { type: "media" }>>): Part => ({
  type: "media",
  kind: "image",
  mime: "image/png",
  name: null,
  bytes: null,
  at: "inline",
  reference: null,
  ...more,
});

const by =
  (role: string) =>
  (...parts: Part[]): Message => ({ role, parts });
export const user = by("user");
export const assistant = by("assistant");
export const system = by("system");
export const tool = by("tool");

/** The messages of a payload, which is text or becomes JSON. */
export function read(sent: unknown, side: Side = "input"): Message[] {
  return readMessages(typeof sent === "string" ? sent : JSON.stringify(sent), side);
}

/** The parts of a message of this role with this content. */
export function partsOf(content: unknown, role: string = "assistant"): Part[] {
  return read([{ role, content }]).flatMap(({ parts }) => parts);
}
