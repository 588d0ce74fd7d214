/**
 * A filter split into words, for chips and facets. It uses the server's parser, so that both always agree.
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
  /** As written. */
  text: string;
  isNegated: boolean;
  /** The part before the colon, such as `model` or `meta.env`; null for free text. */
  key: string | null;
  /** The part after the colon, or the free text; as written. */
  value: string;
  /** The values separated by commas, without quotes. */
  values: string[];
  problem: FilterProblem | null;
}

/** Why a text is not a valid filter, and where: in UTF-16 code units. */
export interface FilterProblem {
  message: string;
  hint: string | null;
  at: number;
  length: number;
}

/** @returns null for a valid filter. */
export function problemOf(filter: string): FilterProblem | null {
  try {
    parseFilter(filter, Date.now());
    return null;
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    const { position, length } = cause.extra as { position: number; length: number };
    // The prefix and the position are shown in other ways.
    const message = cause.message.replace(/^invalid filter: | at position \d+$/g, "");
    return { message, hint: cause.hint ?? null, at: position, length };
  }
}

/** An unclosed quote extends its word to the end. */
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
  // 12:30 is free text: only what the parser accepts as a key is a key.
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

/** The values of a key that a filter selects. */
export function tickedValues(filter: string, key: string): string[] {
  return wordsOf(filter).flatMap((word) => (isTick(word, key) ? word.values : []));
}

/** Adds a value to the filter, or removes it. */
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

/** The filter without the words of a key: the scope in which the key's values are counted. */
export function withoutKey(filter: string, key: string): string {
  return filterOf(wordsOf(filter).filter((word) => !isTick(word, key)));
}

/** A key as a filter writes it: quoted if the name after the dot requires it. */
export function spell(key: string): string {
  const dot = key.indexOf(".");
  return dot < 0 ? key : `${key.slice(0, dot + 1)}${quote(key.slice(dot + 1))}`;
}

function isTick(word: Word, key: string): boolean {
  return word.key === key && !word.isNegated;
}

/** The free text of a filter, for a search of messages, and the rest of it. */
export function splitFreeText(filter: string): { text: string; rest: string } {
  const words = wordsOf(filter);
  const isText = ({ key, isNegated }: Word) => key === null && !isNegated;
  return { text: filterOf(words.filter(isText)), rest: filterOf(words.filter((w) => !isText(w))) };
}
