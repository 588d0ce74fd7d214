/**
 * Looks into JSON text without parsing it: of an object or array only as many children are found as are
 * shown, by jumping over what lies between. 10 MB of it cost what is looked at, numbers keep all their
 * digits, and a text that breaks off shows what came before.
 */
import { endOfString, endOfValue, skipSpace } from "../../json/walk.ts";

export interface Child {
  /** Of an object; null in an array. As it is written, without its quotes. */
  key: string | null;
  /** Where its value begins and ends. */
  start: number;
  end: number;
}

export interface Children {
  items: Child[];
  /** Where the next ones begin; null where these are the last. */
  next: number | null;
}

export type Kind = "object" | "array" | "string" | "other";

export function kindAt(text: string, start: number): Kind {
  switch (text[start]) {
    case "{":
      return "object";
    case "[":
      return "array";
    case '"':
      return "string";
    default:
      return "other";
  }
}

/** Where the value of the whole text begins. */
export function rootOf(text: string): number {
  return skipSpace(text, 0);
}

/**
 * @param start where the object or array begins.
 * @param from `next` of the children before; null for the first.
 */
export function childrenOf(
  text: string,
  start: number,
  from: number | null,
  limit: number,
): Children {
  const isObject = text[start] === "{";
  const items: Child[] = [];
  let at = skipSpace(text, from ?? start + 1);
  while (at < text.length && text[at] !== "}" && text[at] !== "]") {
    if (items.length === limit) return { items, next: at };
    let key: string | null = null;
    if (isObject) {
      if (text[at] !== '"') break;
      const end = endOfString(text, at);
      key = text.slice(at + 1, end);
      at = skipSpace(text, skipSpace(text, end + 1) + 1);
    }
    const end = endOfShown(text, at);
    if (end === at) break;
    items.push({ key, start: at, end });
    at = skipSpace(text, end);
    if (text[at] === ",") at = skipSpace(text, at + 1);
  }
  return { items, next: null };
}

/** Behind a value; the end of the text where it breaks off. A number or a word ends at a space, too. */
function endOfShown(text: string, start: number): number {
  if (kindAt(text, start) !== "other") return endOfValue(text, start) ?? text.length;
  let at = start;
  while (at < text.length && !/[,\]}\s]/.test(text[at]!)) at++;
  return at;
}

/** The string that stands there; as it is written where it breaks off. */
export function stringAt(text: string, start: number, end: number): string {
  try {
    return JSON.parse(text.slice(start, end)) as string;
  } catch {
    return text.slice(start + 1, end);
  }
}
