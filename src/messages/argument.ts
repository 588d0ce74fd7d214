/** Finds the part of a tool's input that best describes the call in a few words. */
import { skipSpace } from "../json/walk.ts";
import { preview as limits } from "../limits.ts";
import { membersOf, parseJson, parseSlice, type Json } from "./json.ts";

/** Member names that describe a call, best first. */
const telling = [
  ...["command", "cmd", "file_path", "filePath", "path", "notebook_path", "file", "filename"],
  ...["query", "q", "url", "uri", "pattern", "regex", "search"],
];

/** Longer texts are content, such as a file to be written. */
const shortLength = 500;

/**
 * The command, path, query or URL of a tool's input, else its first short text, as one line.
 *
 * @param text JSON, possibly truncated, or plain text.
 */
export function argumentIn(text: string): string | null {
  const start = skipSpace(text, 0);
  if (text[start] !== "{") return toLine(plainOf(text));
  const { found } = membersOf(text, start);
  const valueOf = (name: string) => {
    const member = found.find((member) => member.name === name && member.isWhole);
    return member && toLine(parseSlice(text, member));
  };
  for (const name of telling) {
    const said = valueOf(name);
    if (said) return said;
  }
  for (const member of found) {
    const isShort = member.isWhole && member.end - member.start <= shortLength;
    const value = isShort ? parseSlice(text, member) : undefined;
    const said = typeof value === "string" ? toLine(value) : null;
    if (said) return said;
  }
  return null;
}

function plainOf(text: string): Json {
  const value = text.length <= shortLength && /^\s*["[]/.test(text) ? parseJson(text) : undefined;
  return value ?? text;
}

/** A text, or a command given as a list, clipped to `preview.length`; null for anything else. */
function toLine(value: Json | undefined): string | null {
  const text = Array.isArray(value)
    ? value.filter((part) => typeof part === "string").join(" ")
    : value;
  if (typeof text !== "string") return null;
  const line = text
    .slice(0, 4 * limits.length)
    .replace(/[\s\p{Cc}]+/gu, " ")
    .trim();
  if (line.length <= limits.length) return line.toWellFormed() || null;
  return `${line.slice(0, limits.length - 1).toWellFormed()}…`;
}
