/**
 * Splits a Markdown text into parts. Parts that are nested too deeply or too expensive to parse are shown
 * as plain text, without affecting the others.
 */
import { Lexer, Tokenizer, type Token, type Tokens } from "marked";

export type Part = { tokens: Token[] } | { plain: string };

/**
 * The lexer recurses for each level: 16 KB of `>` would overflow its stack. Horizontal rules have no
 * levels.
 */
const tooDeep = /^(?!(?:-[ \t]*)+$|(?:\*[ \t]*)+$)(?:[ \t]*(?:>|(?:[*+-]|\d{1,9}[.)])[ \t])){13}/m;
/**
 * The lexer's time grows with the square of the lines in a part and of the markers in a paragraph. This
 * limit takes 30 ms at worst; 4 KB of `**a*` would take half a second.
 */
const maxWork = 500_000;

const fence = /^ {0,3}(`{3,}(?=[^`]*$)|~{3,})/;
/** A blank line does not end a list, a quote or indented code if the next line continues it. */
const goesOn = /^(?:[ \t]|>|(?:[*+-]|\d{1,9}[.)])(?:\s|$))/;

/** A heading underlined with = or -. */
const underlined = /^(?:[^\n]+\n){1,10} {0,3}(?:=+|-+) *(?:\n|$)/;

class QuickTokenizer extends Tokenizer {
  /** Otherwise each line is scanned to the end of the text: 8 KB in a list take more than a second. */
  override lheading(text: string): Tokens.Heading | undefined {
    const found = underlined.exec(text);
    return found ? super.lheading(found[0]) : undefined;
  }
}

export function markdownOf(text: string): Part[] {
  const lexer = new Lexer({ gfm: true, tokenizer: new QuickTokenizer() });
  let work = 0;
  const canAfford = (size: number): boolean => {
    if (work + size ** 2 > maxWork) return false;
    work += size ** 2;
    return true;
  };
  const parts = partsOf(text).map((part): Part => {
    // The content of code is not parsed.
    const isEasy =
      fence.test(lineAt(part, 0)) || (!tooDeep.test(part) && canAfford(count(part, /\n/g)));
    return isEasy ? { tokens: lexer.blockTokens(part, []) } : { plain: part };
  });
  // Done after all parts are read, because link definitions can be in any part.
  for (const { src, tokens } of lexer.inlineQueue) {
    if (canAfford(count(src, /[^\w\s.,;()-]|_/g))) lexer.inlineTokens(src, tokens);
    else tokens.push({ type: "text", raw: src, text: src });
  }
  return parts;
}

/** Splits at blank lines and around code, but not where a list or quote may continue. */
export function partsOf(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  let wasBlank = false;
  let canGoOn = false;
  /** Matches the line that ends the code block. */
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
