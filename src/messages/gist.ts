/** The content of messages as one text for comparisons: without ids, which differ from run to run. */
import { isObject, parseJson } from "./json.ts";
import type { Message, Part } from "./model.ts";

/** The text of all messages, each under its role. */
export function textOfMessages(messages: readonly Message[]): string {
  return messages
    .map(({ role, name, parts }) => {
      const head = name === undefined ? role : `${role} (${name})`;
      return `${head}:\n${textOfParts(parts)}`;
    })
    .join("\n\n");
}

export function textOfParts(parts: readonly Part[]): string {
  return parts.map(textOf).join("\n");
}

function textOf(part: Part): string {
  switch (part.type) {
    case "toolCall":
      return `${part.name ?? "tool"}(${readable(part.text)})`;
    case "media":
      return `[${[part.kind, part.mime, part.name, part.bytes ?? part.reference].filter((said) => said !== null).join(" ")}]`;
    default:
      return readable(part.text);
  }
}

/** JSON with one member per line, so that a diff shows single members. */
export function readable(text: string): string {
  if (!/^\s*[[{]/.test(text)) return text;
  const value = parseJson(text);
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value, null, 2) : text;
}

/** The instructions at the start of an input; null if there are none. */
export function instructionsIn(messages: readonly Message[]): string | null {
  const other = messages.findIndex(({ role }) => role !== "system");
  const said = messages.slice(0, other < 0 ? messages.length : other);
  return said.length === 0 ? null : said.map(({ parts }) => textOfParts(parts)).join("\n\n");
}
