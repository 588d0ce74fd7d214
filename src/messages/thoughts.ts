/**
 * Reads a model's thinking: texts under many keys, summaries, and content encrypted by the provider.
 */
import { isObject, parseJson, type Json } from "./json.ts";
import type { Members } from "./members.ts";
import type { Part } from "./model.ts";

type Thinking = Extract<Part, { type: "thinking" }>;

const textKeys = [
  ...["thinking", "text", "summary", "content", "reasoningText", "reasoning_text", "reasoning"],
  ...["thought", "delta"],
];

/**
 * Reads thinking as one part.
 *
 * @param read reads the parts of a content.
 */
export function thoughtParts(members: Members, read: (content: Json) => Part[]): Thinking[] {
  const said = new Set<string>();
  for (const key of textKeys) {
    const value = members.take(key);
    if (value !== undefined) said.add(thoughtIn(value, read));
  }
  said.delete("");
  if (said.size > 0) return [thinkingPart([...said].join("\n"))];
  const kept = withheldIn(members);
  return [kept ? { type: "thinking", text: "", withheld: kept } : thinkingPart("")];
}

function thinkingPart(text: string): Thinking {
  return { type: "thinking", text };
}

/** The text of thinking that is a list of parts, or such a list as JSON. */
function thoughtIn(value: Json, read: (content: Json) => Part[]): string {
  const sent =
    typeof value === "string" && /^\s*\[\s*\{/.test(value) ? parseJson(value) : undefined;
  if (sent === undefined && typeof value === "string") return value;
  const isList = Array.isArray(sent) && sent.every((item) => isObject(item) && "text" in item);
  const parts = read(sent !== undefined && isList ? sent : value);
  return parts.flatMap((part) => (part.type === "media" ? [] : [part.text])).join("\n");
}

function withheldIn(members: Members): Thinking["withheld"] | null {
  const has = (...keys: string[]) => members.take(...keys) !== undefined;
  const type = members.peek("type");
  const isRedacted = typeof type === "string" && type.includes("redacted");
  if (has("redactedContent", "redacted_content", "redacted") || isRedacted) {
    members.skip("data");
    return "redacted";
  }
  return has("encrypted_content", "data", "signature", "thinking_signature") ? "encrypted" : null;
}

/** Where messages store thinking beside their content; several of these can repeat one another. */
const messageKeys = [
  ...["reasoning_content", "reasoning", "thinking", "thinking_blocks", "reasoning_details"],
  ...["reasoningText", "tool_plan"],
];

/**
 * The thinking stored beside a message's content.
 *
 * @param places the message and its nested objects.
 * @param said its content: thinking in it is not repeated.
 */
export function messageThoughts(
  places: Members[],
  said: Part[],
  read: (content: Json) => Part[],
): Thinking[] {
  const known = new Set(said.flatMap((part) => (part.type === "thinking" ? [part.text] : [])));
  const found: Thinking[] = [];
  for (const key of messageKeys)
    for (const place of places) {
      const sent = place.take(key);
      const parts = sent === undefined ? [] : partsOfThought(sent, read);
      const whole = parts.map(({ text }) => text);
      if ([whole.join(""), whole.join("\n")].some((text) => text !== "" && known.has(text)))
        continue;
      for (const part of parts) {
        if (known.has(part.text) && part.text !== "") continue;
        known.add(part.text);
        found.push(part);
      }
    }
  return found;
}

function partsOfThought(sent: Json, read: (content: Json) => Part[]): Thinking[] {
  if (!Array.isArray(sent)) {
    const text = thoughtIn(isObject(sent) ? { type: "reasoning", ...sent } : sent, read);
    return text === "" ? [] : [thinkingPart(text)];
  }
  return sent.flatMap((item) =>
    read(item).flatMap((part): Thinking[] =>
      part.type === "thinking" ? [part] : part.type === "media" ? [] : [thinkingPart(part.text)],
    ),
  );
}
