/**
 * Markdown in parts, each lexed alone: what is too long, too deep or too slow to be read as Markdown is a
 * part of plain text, and the rest of the message is not.
 */
import { marked, type Token } from "marked";

export type Part = { tokens: Token[] } | { plain: string };

/** The lexer's time grows with the square of a line's length: 4 KB of `[` or `*a ` take 6 ms, 64 KB 350 ms. */
const longestLine = 4_096;
const longestPart = 16_384;
/** Each level is a call of the lexer within itself: 16 KB of `>` end its stack. */
const tooDeep = /^(?:[ \t]*(?:>|(?:[*+-]|\d{1,9}[.)])[ \t])){13}/m;
/** A frame has 16 ms and the layout needs some of them; what comes then is shown as it was written. */
const longestMs = 30;

const fence = /^ {0,3}(`{3,}|~{3,})/;
/** A list, a quote or code that is indented goes on behind a blank line with more of it. */
const goesOn = /^(?:[ \t]|>|[*+-] |\d{1,9}[.)] )/;

export function markdownOf(text: string): Part[] {
  const endsAt = performance.now() + longestMs;
  return partsOf(text).map((part) => {
    if (isHard(part) || performance.now() > endsAt) return { plain: part };
    try {
      return { tokens: marked.lexer(part, { gfm: true }) };
    } catch {
      return { plain: part };
    }
  });
}

/** Cut at blank lines, but not within code, and not where a list or a quote may go on. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let wasBlank = false;
  let canGoOn = false;
  let open: string | null = null;
  for (let at = 0; at < text.length;) {
    const newline = text.indexOf("\n", at);
    const end = newline < 0 ? text.length : newline + 1;
    const line = text.slice(at, end);
    if (open === null && wasBlank && line.trim() !== "" && !(canGoOn && goesOn.test(line))) {
      parts.push(text.slice(start, at));
      start = at;
    }
    if (at === start) canGoOn = goesOn.test(line);
    const mark = fence.exec(line)?.[1];
    if (mark !== undefined) {
      if (open === null) open = mark;
      else if (mark.startsWith(open)) open = null;
    }
    wasBlank = open === null && line.trim() === "";
    at = end;
  }
  if (start < text.length) parts.push(text.slice(start));
  return parts;
}

function isHard(part: string): boolean {
  // Code is not looked into.
  if (fence.test(part)) return false;
  if (part.length > longestPart || tooDeep.test(part)) return true;
  return part.split("\n").some(({ length }) => length > longestLine);
}
