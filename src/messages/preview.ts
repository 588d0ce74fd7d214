/**
 * The previews that lists show of a trace: the user's last message and the model's answer, one line each.
 * They are computed for every ingested span, so only the last messages of a long list are parsed.
 */
import { preview as limits } from "../limits.ts";
import { argumentIn } from "./argument.ts";
import type { Message, Part } from "./model.ts";
import { messagesFromEnd, readMessages } from "./read.ts";

/** The user's last text in an input, else the last text of any role; null if there is none. */
export function inputPreview(text: string): string | null {
  let other: string | null = null;
  for (const message of messagesFromEnd(text, "input")) {
    const said = saidIn(message);
    if (said === null) continue;
    if (message.role === "user") return said;
    other ??= said;
  }
  return other;
}

/** The last text of an output, else its last call as `tool(arguments)`, else any other content. */
export function outputPreview(text: string): string | null {
  let call: string | null = null;
  let other: string | null = null;
  for (const message of messagesFromEnd(text, "output")) {
    const said = saidIn(message);
    if (said !== null) return said;
    for (const part of message.parts.toReversed()) {
      if (part.type === "toolCall") call ??= oneLine(`${part.name ?? ""}(`, part.text, ")");
      else if (part.type !== "media") other ??= oneLine("", part.text, "");
    }
  }
  return call ?? other;
}

/** The first text of an output, else its first call with its main argument, else its thinking. */
export function firstWords(output: string): { text: string | null; isCall: boolean } {
  let call: string | null = null;
  let thought: string | null = null;
  for (const message of readMessages(output, "output")) {
    const text = saidIn(message);
    if (text !== null) return { text, isCall: false };
    for (const part of message.parts) {
      if (part.type === "toolCall") {
        call ??= oneLine(`${part.name ?? "a tool"} `, argumentIn(part.text) ?? "", "");
      } else if (part.type !== "media") thought ??= oneLine("", part.text, "");
    }
  }
  return { text: call ?? thought, isCall: call !== null };
}

function saidIn({ parts }: Message): string | null {
  const texts = parts.filter(
    (part): part is Extract<Part, { type: "text" }> => part.type === "text",
  );
  return texts.length === 0 ? null : oneLine("", texts.map(({ text }) => text).join("\n"), "");
}

/** Joins the texts on one line of at most `limits.length`; null if empty. */
function oneLine(before: string, text: string, after: string): string | null {
  const { length } = limits;
  // Collapsing whitespace in all of a long text would take milliseconds.
  const folded = (before + text.trimStart().slice(0, 8 * length) + after)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim()
    .toWellFormed();
  if (folded === "") return null;
  if (folded.length <= length) return folded;
  const end = length - 1;
  const isPair = /[\ud800-\udbff]/.test(folded[end - 1]!);
  return `${folded.slice(0, isPair ? end - 1 : end)}…`;
}
