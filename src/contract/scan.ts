/**
 * A scan of JSON text before anything parses it, for what would cost a parser far more than its bytes.
 * It leaves at the first thing too many.
 */
import { endOfString, skipSpace } from "../json/walk.ts";
import { json as limits } from "../limits.ts";

const quote = 0x22;
const backslash = 0x5c;
const colon = 0x3a;

/**
 * Finds too many levels of nesting (10 MiB of `[` keep a parser busy for over a second), objects and
 * arrays (each takes 50 bytes and more), or keys that are small numbers: an object with the key "999"
 * gets room for 1,000 values, 8 KB for its 9 bytes. Linear; needs no valid JSON.
 *
 * @returns what was expected, or null where nothing is too much.
 */
export function excessOf(text: string, maxDepth: number = limits.depth): string | null {
  let depth = 0;
  let brackets = 0;
  let indexKeys = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > maxDepth) return `Expected at most ${maxDepth} levels of nesting`;
        if (++brackets > limits.brackets) {
          return `Expected at most ${limits.brackets} objects and arrays`;
        }
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case quote: {
        const end = endOfString(text, at);
        if (end - at <= maxIndexKeyLength && isIndexKey(text, at, end)) {
          if (++indexKeys > limits.indexKeys) {
            return `Expected at most ${limits.indexKeys} keys that are numbers`;
          }
        }
        at = end;
        break;
      }
    }
  }
  return null;
}

/**
 * What a text that no parser takes lacks, by its brackets and quotes. Parsers' own messages quote the text
 * around the fault.
 */
export function faultOf(text: string): "empty" | "incomplete" | "invalid" {
  if (text.trim() === "") return "empty";
  if (!/^\s*[[{]/.test(text)) return "invalid";
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x5b || code === 0x7b) depth++;
    else if (code === 0x5d || code === 0x7d) depth--;
    else if (code === quote) at = endOfString(text, at);
    if (at >= text.length) return "incomplete";
  }
  return depth > 0 ? "incomplete" : "invalid";
}

/** Three digits, each written as `\u0039`, and a quote. */
const maxIndexKeyLength = 3 * 6 + 1;

/** True for a key of two or three digits; of one it costs little. */
function isIndexKey(text: string, from: number, end: number): boolean {
  const first = text.charCodeAt(from + 1);
  if (first !== backslash && (first < 0x30 || first > 0x39)) return false;
  if (text.charCodeAt(skipSpace(text, end + 1)) !== colon) return false;
  const key = text.slice(from + 1, end).replace(/\\u003(\d)/g, "$1");
  return /^\d{2,3}$/.test(key);
}
