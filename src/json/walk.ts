/**
 * Walks JSON as text: where strings and values end, without parsing them. The text needs not be valid, and
 * may be cut off anywhere. Linear; nothing here throws.
 */

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;

/** The index of the quote that closes the string opened at `from`, or the end of the text. */
export function endOfString(text: string, from: number): number {
  let at = text.indexOf('"', from + 1);
  while (at >= 0) {
    if (text.charCodeAt(at - 1) !== backslash) return at;
    let before = at - 2;
    while (text.charCodeAt(before) === backslash) before--;
    // An even run of backslashes escapes itself, not the quote.
    if ((at - before) % 2 === 1) return at;
    at = text.indexOf('"', at + 1);
  }
  return text.length;
}

/**
 * The end of the value that starts at `from`; null where there is none, where it is cut off, or where it
 * has more than `maxDepth` levels. A number or a word ends at the next comma or bracket.
 */
export function endOfValue(text: string, from: number, maxDepth = 0x7fffffff): number | null {
  let depth = 0;
  for (let at = from; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === quote) {
      at = endOfString(text, at);
      if (at === text.length) return null;
      if (depth === 0) return at + 1;
    } else if (code === 0x7b || code === 0x5b) {
      if (++depth > maxDepth) return null;
    } else if (code === 0x7d || code === 0x5d) {
      if (depth === 0) return at > from ? at : null;
      if (--depth === 0) return at + 1;
    } else if (code === comma && depth === 0) {
      return at > from ? at : null;
    }
  }
  return null;
}

export function skipSpace(text: string, from: number): number {
  let at = from;
  while (at < text.length && isSpace(text.charCodeAt(at))) at++;
  return at;
}

/** Skips commas, too: what stands between two elements or members. */
export function skipSeparators(text: string, from: number): number {
  let at = from;
  while (at < text.length) {
    const code = text.charCodeAt(at);
    if (code !== comma && !isSpace(code)) break;
    at++;
  }
  return at;
}

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 0x09 && code <= 0x0d);
}
