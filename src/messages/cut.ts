/** Whether a text was cut before it came here: some senders leave a mark, others stop within their JSON. */
import { endOfValue, parseJson, isJson } from "./json.ts";
import type { Cut, Message, Part } from "./model.ts";

/** Longer than any of the marks. */
const markLength = 60;
/** Foglamp's client and OpenAI's agents; Gemini CLI and Qwen Code, who say how long it was; Claude Code. */
const mark =
  /(?:(?:…|\.{3}) ?\[truncated\]|\.{3}\[TRUNCATED: original length (\d{1,15})\]|\[TRUNCATED - Content exceeds \d+KB limit\])$/;
/** JSON, not a text that begins with a bracket. */
const structure = /^\s*(?:\{\s*(?:"|$)|\[\s*(?:[[{"]|$))/;

/** @returns null for a text that nobody says was cut. */
export function cutOf(text: string): Cut | null {
  return markOf(text) ?? (structure.test(text) && isOpen(text) ? fromSender() : null);
}

/** The rest of a list or an object that ends within it. */
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
  // What is nested too deep has no end that is looked for, yet is whole.
  return endOfValue(text, start) === null && parseJson(text) === undefined && !isJson(text);
}

/** The same part, which says if it was cut. */
export function withCut<P extends Part>(part: P): P {
  if (part.type === "media" || part.cut) return part;
  const cut = markOf(part.text);
  return cut ? { ...part, cut } : part;
}

/** The same messages, the last text of which was cut. */
export function withCutEnd(messages: Message[], cut: Cut): Message[] {
  const at = messages.findLastIndex(({ parts }) => parts.some(({ type }) => type !== "media"));
  if (at < 0) return messages;
  const { parts } = messages[at]!;
  const last = parts.findLastIndex(({ type }) => type !== "media");
  const end = { ...parts[last]!, cut } as Part;
  return messages.with(at, { ...messages[at]!, parts: parts.with(last, end) });
}
