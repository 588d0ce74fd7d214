/**
 * Markdown in parts: what is too deep or too much work to be read as Markdown stays the text that it is,
 * and the rest of the message does not.
 */
import { Lexer, Tokenizer, type Token, type Tokens } from "marked";

export type Part = { tokens: Token[] } | { plain: string };

/** Each level is a call of the lexer within itself: 16 KB of `>` end its stack. A rule has no levels. */
const tooDeep = /^(?!(?:-[ \t]*)+$|(?:\*[ \t]*)+$)(?:[ \t]*(?:>|(?:[*+-]|\d{1,9}[.)])[ \t])){13}/m;
/**
 * The lexer's time grows with the square of the lines of a part, and of the marks in a paragraph. So much
 * of both takes 30 ms at worst: 4 KB of `**a*` would take half a second.
 */
const mostWork = 500_000;

const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
/** A list, a quote or code that is indented goes on behind a blank line with more of it. */
const goesOn = /^(?:[ \t]|>|(?:[*+-]|\d{1,9}[.)])(?:\s|$))/;

/** Lines that are underlined, and are a heading then. */
const underlined = /^(?:[^\n]+\n){1,10} {0,3}(?:=+|-+) *(?:\n|$)/;

class QuickTokenizer extends Tokenizer {
  /** Else each line is followed to the text's end: 8 KB in a list take more than a second. */
  override lheading(text: string): Tokens.Heading | undefined {
    const found = underlined.exec(text);
    return found ? super.lheading(found[0]) : undefined;
  }
}

export function markdownOf(text: string): Part[] {
  const lexer = new Lexer({ gfm: true, tokenizer: new QuickTokenizer() });
  let work = 0;
  const canAfford = (size: number): boolean => {
    if (work + size ** 2 > mostWork) return false;
    work += size ** 2;
    return true;
  };
  const parts = partsOf(text).map((part): Part => {
    // Code is not looked into.
    const isEasy =
      fence.test(lineAt(part, 0)) || (!tooDeep.test(part) && canAfford(count(part, /\n/g)));
    return isEasy ? { tokens: lexer.blockTokens(part, []) } : { plain: part };
  });
  // Only when all parts are read: each may say where a link of another one leads.
  for (const { src, tokens } of lexer.inlineQueue) {
    if (canAfford(count(src, /[^\w\s.,;()-]|_/g))) lexer.inlineTokens(src, tokens);
    else tokens.push({ type: "text", raw: src, text: src });
  }
  return parts;
}

/** Cut at blank lines and around code, but not where a list or a quote may go on. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let wasBlank = false;
  let canGoOn = false;
  /** What the line that ends the code looks like. */
  let open: RegExp | null = null;
  const cutAt = (at: number): void => {
    if (at > start) parts.push(text.slice(start, at));
    start = at;
    canGoOn = false;
  };
  for (let at = 0; at < text.length;) {
    const line = lineAt(text, at);
    const next = Math.min(at + line.length + 1, text.length);
    const isBlank = line.trim() === "";
    if (open !== null) {
      if (open.test(line)) {
        open = null;
        if (fence.test(lineAt(text, start))) cutAt(next);
      }
    } else {
      const isWithin = canGoOn && goesOn.test(line);
      const mark = fence.exec(line)?.[1];
      if (!isWithin && ((wasBlank && !isBlank) || mark !== undefined)) cutAt(at);
      if (mark !== undefined) open = new RegExp(`^ {0,3}${mark}[~\`]* *$`);
      canGoOn ||= goesOn.test(line);
    }
    wasBlank = isBlank;
    at = next;
  }
  cutAt(text.length);
  return parts;
}

function lineAt(text: string, at: number): string {
  const end = text.indexOf("\n", at);
  return text.slice(at, end < 0 ? text.length : end);
}

function count(text: string, pattern: RegExp): number {
  return text.match(pattern)?.length ?? 0;
}
