/**
 * What is searched for, and whether a text has it: words and phrases, all of which must be in one text,
 * in any case. Index and scan fold by the same rule here, so neither knows a text that the other does not.
 *
 * Texts are compared in NFC, which joins what one system writes as a letter and an accent and another as
 * one character. Not in NFKC: it would find x² for x2, and a hit has to show what was written.
 */
import { AppError } from "../../errors.ts";
import { limits } from "./limits.ts";

/** Folded words and phrases, none of them empty. */
export type Words = readonly string[];

/**
 * `plan "exact phrase" 12:30` are three; in quotes `\"` is a quote and `\\` a backslash, and a quote that
 * stays open reaches to the end.
 *
 * @throws AppError `bad_request` where there is no word.
 */
export function parseWords(text: string): Words {
  if (text.length > limits.queryLength) {
    throw new AppError("bad_request", "the search is too long", {
      hint: `at most ${limits.queryLength} characters`,
    });
  }
  const words = [...text.matchAll(/"((?:[^"\\]|\\[^])*)(?:"|\\?$)|[^\s"]+/g)].map(
    ([word, phrase]) =>
      fold(phrase === undefined ? word : phrase.replace(/\\(["\\])/g, "$1")).trim(),
  );
  const wanted = [...new Set(words)].filter((word) => word !== "");
  if (wanted.length > 0) return wanted;
  throw new AppError("bad_request", "there is nothing to search for", {
    hint: 'write words, or a "phrase" in quotes: ?q=overloaded',
  });
}

/** The text as hits show it and words are looked for in it: in NFC, each run of white space one space. */
function plain(text: string): string {
  return text.normalize("NFC").replace(/\s{2,}|[^\S ]/g, " ");
}

/** The text as words are looked for in it: as it is shown, in lower case. */
export function fold(text: string): string {
  return lower(plain(text));
}

/**
 * The text in lower case, each character in its place. What has no UTF-8, and NUL, at which the tokenizer
 * of the index would stop, become U+FFFD; both sigmas become one, since which one `toLowerCase` takes
 * depends on the letter behind.
 */
function lower(text: string): string {
  const lowered = text.toLowerCase();
  // One letter grows by one: İ.
  const folded = lowered.length === text.length ? lowered : text.replaceAll("İ", "i").toLowerCase();
  return folded.toWellFormed().replace(/[\0ς]/g, (char) => (char === "ς" ? "σ" : "\ufffd"));
}

export function hasAll(folded: string, words: Words): boolean {
  return words.every((word) => folded.includes(word));
}

/**
 * Runs of three characters of which a text with these words has every one: of a long word some, evenly
 * spread, since each costs a walk through its list. Empty where all words are shorter.
 */
export function trigramsOf(words: Words): string[] {
  const trigrams = words.flatMap((word) => {
    const characters = [...word];
    const last = characters.length - 3;
    if (last < 0) return [];
    const count = Math.min(last + 1, limits.trigramsPerWord);
    return Array.from({ length: count }, (_, i) => {
      const at = count === 1 ? 0 : Math.round((i * last) / (count - 1));
      return characters.slice(at, at + 3).join("");
    });
  });
  return [...new Set(trigrams)];
}

export interface Snippet {
  /** One line of at most 240 UTF-16 code units around the first match. */
  snippet: string;
  /** `[start, length]` in the snippet of what matched, in order. */
  highlights: [number, number][];
}

/** @param found a text that has all of the words. */
export function snippetOf(found: string, words: Words): Snippet {
  const text = plain(found);
  const folded = lower(text);
  const first = Math.min(...words.map((word) => folded.indexOf(word)).filter((at) => at >= 0));
  const length = limits.snippetLength;
  const latest = Math.max(0, text.length - length);
  const from = wholeAt(text, Math.min(Math.max(0, first - length / 4), latest));
  const to = wholeAt(text, Math.min(text.length, from + length));
  const matches: [number, number][] = [];
  for (const word of words) {
    let at = folded.indexOf(word, from);
    for (; at >= 0 && at < to; at = folded.indexOf(word, at + word.length)) {
      matches.push([at - from, Math.min(word.length, to - at)]);
    }
  }
  return {
    // Each character for one, so that the places stay right.
    snippet: text.slice(from, to).replace(/\p{Cc}/gu, " "),
    highlights: merged(matches),
  };
}

/** Not between the halves of a pair. */
function wholeAt(text: string, at: number): number {
  const code = text.charCodeAt(at);
  return at > 0 && code >= 0xdc00 && code <= 0xdfff ? at - 1 : at;
}

/** Stretches that touch become one. */
function merged(stretches: [number, number][]): [number, number][] {
  const joined: [number, number][] = [];
  for (const [start, length] of stretches.sort(([a], [b]) => a - b)) {
    const last = joined.at(-1);
    if (last && start <= last[0] + last[1]) {
      last[1] = Math.max(last[1], start + length - last[0]);
    } else joined.push([start, length]);
  }
  return joined;
}
