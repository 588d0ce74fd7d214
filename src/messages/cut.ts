/**
 * Detects texts that were truncated before they were sent: some senders append a mark, others stop in the
 * middle of JSON.
 */
import { endOfValue, parseJson, isJson } from "./json.ts";
import type { Cut, Message, Part } from "./model.ts";

/** Longer than any of the marks. */
const markLength = 60;
/**
 * The marks of Foglamp's client and OpenAI's agents; of Gemini CLI and Qwen Code, with the original
 * length; of Claude Code.
 */
const mark =
  /(?:(?:…|\.{3}) ?\[truncated\]|\.{3}\[TRUNCATED: original length (\d{1,15})\]|\[TRUNCATED - Content exceeds \d+KB limit\])$/;
/** JSON, not a text that only starts with a bracket. */
const structure = /^\s*(?:\{\s*(?:"|$)|\[\s*(?:[[{"]|$))/;

/** @returns null for a text that shows no sign of truncation. */
export function cutOf(text: string): Cut | null {
  return markOf(text) ?? (structure.test(text) && isOpen(text) ? fromSender() : null);
}

/** Detects a list or object that ends in the middle. */
export function cutOfTail(text: string): Cut | null {
  return markOf(text) ?? (/^[[{"]/.test(text) && isOpen(text) ? fromSender() : null);
}

function markOf(text: string): Cut | null {
  if (!text.endsWith("]")) return null;
  const found = mark.exec(text.slice(-markLength));
  return found && fromSender(found[1] === undefined ? null : Number(found[1]));
}

function fromSender(wholeLength: number | null = null): Cut {
  return { by: "sender", wholeLength };
}

function isOpen(text: string): boolean {
  const start = text.search(/\S/);
  // The end of deeply nested JSON is not searched for, so it counts as complete.
  return endOfValue(text, start) === null && parseJson(text) === undefined && !isJson(text);
}

/** Returns the part, with a note if it was truncated. */
export function withCut<P extends Part>(part: P): P {
  if (part.type === "media" || part.cut) return part;
  const cut = markOf(part.text);
  return cut ? { ...part, cut } : part;
}

/** Returns the messages, with the last text marked as truncated. */
export function withCutEnd(messages: Message[], cut: Cut): Message[] {
  const at = messages.findLastIndex(({ parts }) => parts.some(({ type }) => type !== "media"));
  if (at < 0) return messages;
  const { parts } = messages[at]!;
  const last = parts.findLastIndex(({ type }) => type !== "media");
  const end = { ...parts[last]!, cut } as Part;
  return messages.with(at, { ...messages[at]!, parts: parts.with(last, end) });
}
