/**
 * Where a payload's text falls into pieces: at the elements of a JSON array, or of the arrays of
 * messages and tools in a JSON object. It works on text alone, needs no valid JSON and goes strictly
 * from left to right, so that two texts that begin alike are cut alike as far as they are alike.
 */
import { endOfString, endOfValue, skipSeparators, skipSpace } from "../../json/walk.ts";

/** What is at most this long (UTF-16 code units) stands in the list itself: no piece is worth it. */
export const longestLiteral = 64;

/** Where the scanner stands: what the next characters would be. */
export type Place = "start" | "element" | "nested" | "member" | "rest";

/** The members of an object whose arrays grow from call to call, in the shapes of all providers. */
const growingMembers = new Set(["messages", "contents", "input", "prompt", "tools"]);

/** Most objects have none: found natively, in a fraction of the time that the scanner takes. */
const growingMember = new RegExp(`"(?:${[...growingMembers].join("|")})"\\s*:\\s*\\[`);

/**
 * Marks the end of each part of a text, in order: elements longer than a literal, and what stands
 * between them. The last mark is the end of the text; an empty text has none.
 *
 * @param from goes on there, with the `place` that was marked there.
 */
export function cut(
  text: string,
  from: number,
  place: Place,
  mark: (end: number, place: Place) => void,
): void {
  let at = from;
  let marked = from;
  if (place === "start") {
    at = skipSpace(text, 0);
    place =
      text[at] === "["
        ? "element"
        : text[at] === "{" && growingMember.test(text)
          ? "member"
          : "rest";
    at++;
  }
  while (place !== "rest") {
    at = skipSeparators(text, at);
    if (place === "member") {
      const name = text[at] === '"' ? text.slice(at + 1, endOfString(text, at)) : null;
      if (name === null) break;
      at = skipSpace(text, at + name.length + 2);
      if (text[at] !== ":") break;
      at = skipSpace(text, at + 1);
      if (text[at] === "[" && growingMembers.has(name)) {
        place = "nested";
        at++;
        continue;
      }
    } else if (text[at] === "]") {
      if (place === "element") break;
      place = "member";
      at++;
      continue;
    }
    const end = endOfValue(text, at);
    if (end === null) break;
    if (place !== "member" && end - at > longestLiteral) {
      if (at > marked) mark(at, place);
      mark(end, place);
      marked = end;
    }
    at = end;
  }
  if (text.length > marked) mark(text.length, "rest");
}
