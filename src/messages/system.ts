/** The instructions that came in a field of their own, among the messages of the same span. */
import type { Message, Part } from "./model.ts";
import { textParts } from "./parts.ts";

/** What was sent with its instructions first; as it is where it has them already, or there are none. */
export function withSystemPrompt(sent: Message[], prompt: string | undefined): Message[] {
  if (prompt === undefined || saysSystemPrompt(sent, prompt)) return sent;
  return [{ role: "system", parts: textParts(prompt) }, ...sent];
}

/** Whether one of the system messages, or all of them one below the other, say this; a blank is said. */
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

/** Senders join parts and messages with any space. */
function gistOf(text: string): string {
  return text.replace(/\s+/g, " ").trim();
}
