/**
 * System instructions that were sent in a field of their own, combined with the messages of the same span.
 */
import type { Message, Part } from "./model.ts";
import { textParts } from "./parts.ts";

/**
 * @returns the messages with the instructions first; unchanged if they contain them already, or if there
 * are none.
 */
export function withSystemPrompt(sent: Message[], prompt: string | undefined): Message[] {
  if (prompt === undefined || saysSystemPrompt(sent, prompt)) return sent;
  return [{ role: "system", parts: textParts(prompt) }, ...sent];
}

/**
 * Whether one system message, or all of them joined, equals this prompt; an empty prompt counts as
 * contained.
 */
export function saysSystemPrompt(messages: Message[], prompt: string): boolean {
  const said = messages.filter(isInstruction).map(({ parts }) => parts.map(textOf).join("\n"));
  const wanted = gistOf(prompt);
  return [...said, said.join("\n")].some((text) => gistOf(text) === wanted);
}

function isInstruction({ role }: Message): boolean {
  return role === "system" || role === "developer";
}

function textOf(part: Part): string {
  return part.type === "text" ? part.text : "";
}

/** Senders join parts and messages with different whitespace. */
function gistOf(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
