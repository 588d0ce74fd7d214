/**
 * A filter as its words: what stands in the query bar as chips, and what facets tick. Read by the server's
 * own parser, so that both always mean the same.
 */
import { AppError } from "../../errors.ts";
import { quote } from "../../filter/caret.ts";
import { parseFilter } from "../../filter/parse.ts";
import {
  dropLetters,
  plainStart,
  splitAll,
  splitAt,
  textOf,
  toWords,
  type Piece,
} from "../../filter/words.ts";

export interface Word {
  /** As it is written. */
  text: string;
  isNegated: boolean;
  /** What stands before the colon, as `model` or `meta.env`; null for free text. */
  key: string | null;
  /** Behind the colon, or the free text: as it is written. */
  value: string;
  /** The values between its commas, without their quotes. */
  values: string[];
  problem: FilterProblem | null;
}

/** Why a text is no filter, and where: in UTF-16 code units. */
export interface FilterProblem {
  message: string;
  hint: string | null;
  at: number;
  length: number;
}

/** @returns null where the text is a filter. */
export function problemOf(filter: string): FilterProblem | null {
  try {
    parseFilter(filter, Date.now());
    return null;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { position, length } = cause.extra as { position: number; length: number };
    // That it is a filter, and where, is shown.
    const message = cause.message.replace(/^invalid filter: | at position \d+$/g, "");
    return { message, hint: cause.hint ?? null, at: position, length };
  }
}

/** A quote that stays open makes all of it one word. */
export function wordsOf(filter: string): Word[] {
  try {
    return toWords(filter).map((piece) => wordOf(filter, piece));
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const problem = problemOf(filter);
    return [{ text: filter, isNegated: false, key: null, value: filter, values: [], problem }];
  }
}

function wordOf(filter: string, piece: Piece): Word {
  const text = filter.slice(piece.at, piece.end);
  const isNegated = plainStart(piece).startsWith("-");
  const body = isNegated ? dropLetters(piece, 1) : piece;
  const problem = problemOf(text);
  const split = splitAt(body, ":");
  // 12:30 is a text: only what the parser would take for a key is one.
  const isKeyed = split !== null && /^[A-Za-z_][\w-]*(\.|$)/.test(plainStart(split[0]));
  if (!isKeyed) {
    const value = filter.slice(body.at, body.end);
    return { text, isNegated, key: null, value, values: [textOf(body)], problem };
  }
  const [named, value] = split;
  return {
    text,
    isNegated,
    key: textOf(named),
    value: filter.slice(value.at, value.end),
    values: splitAll(value, ",").map(textOf),
    problem,
  };
}

export function filterOf(words: readonly Pick<Word, "text">[]): string {
  return words.map(({ text }) => text).join(" ");
}

/** The values of a key that a filter asks for. */
export function tickedValues(filter: string, key: string): string[] {
  return wordsOf(filter).flatMap((word) => (isTick(word, key) ? word.values : []));
}

/** With the value among those asked for, or without it where it was. */
export function toggleValue(filter: string, key: string, value: string): string {
  const words = wordsOf(filter);
  const ticked = tickedValues(filter, key);
  const values = ticked.includes(value)
    ? ticked.filter((each) => each !== value)
    : [...ticked, value];
  const text = `${spell(key)}:${values.map(quote).join(",")}`;
  const place = words.findIndex((word) => isTick(word, key));
  const others = words.filter((word) => !isTick(word, key));
  return filterOf(
    values.length === 0
      ? others
      : others.toSpliced(place < 0 ? others.length : place, 0, { ...words[place]!, text }),
  );
}

/** Without what it asks of a key: what the key's other values are counted in. */
export function withoutKey(filter: string, key: string): string {
  return filterOf(wordsOf(filter).filter((word) => !isTick(word, key)));
}

/** As a filter takes it: in quotes where the sender's name behind the dot has to be. */
export function spell(key: string): string {
  const dot = key.indexOf(".");
  return dot < 0 ? key : `${key.slice(0, dot + 1)}${quote(key.slice(dot + 1))}`;
}

function isTick(word: Word, key: string): boolean {
  return word.key === key && !word.isNegated;
}

/** Its free text, for a search of messages, and what remains as a filter. */
export function splitFreeText(filter: string): { text: string; rest: string } {
  const words = wordsOf(filter);
  const isText = ({ key, isNegated }: Word) => key === null && !isNegated;
  return { text: filterOf(words.filter(isText)), rest: filterOf(words.filter((w) => !isText(w))) };
}
