/**
 * A scan of JSON text for its nesting, before anything parses it: 10 MiB of `[` keep a parser busy
 * for over a second, this scan leaves at the first level too many.
 */

const quote = 0x22;
const backslash = 0x5c;

/** True where brackets outside of strings nest deeper than `limit`. Linear; needs no valid JSON. */
export function nestsDeeperThan(text: string, limit: number): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    switch (text.charCodeAt(at)) {
      case 0x5b: // [
      case 0x7b: // {
        if (++depth > limit) return true;
        break;
      case 0x5d: // ]
      case 0x7d: // }
        depth--;
        break;
      case quote:
        at = endOfString(text, at);
        break;
    }
  }
  return false;
}

/** The index of the quote that closes the string opened at `from`, or the end of the text. */
export function endOfString(text: string, from: number): number {
  let at = from;
  while (true) {
    at = text.indexOf('"', at + 1);
    if (at < 0) return text.length;
    let before = at - 1;
    while (text.charCodeAt(before) === backslash) before--;
    // An even run of backslashes escapes itself, not the quote.
    if ((at - before) % 2 === 1) return at;
  }
}
