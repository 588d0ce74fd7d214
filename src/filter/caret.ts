/** What is being written at a place in a filter, for completion; and how a value is written. */
import { AppError } from "../errors.ts";
import { findKey, type Key } from "./keys.ts";
import {
  dropLetters,
  plainStart,
  splitAll,
  splitAt,
  textOf,
  toWords,
  type Piece,
} from "./words.ts";

/** A completion takes the place of `length` UTF-16 code units from `at` on, up to the caret. */
export type Caret = { at: number; length: number } & (
  | { kind: "key"; prefix: string }
  /** The sender's name behind an open key. */
  | { kind: "name"; key: Key; prefix: string }
  | { kind: "value"; key: Key; name: string | null; prefix: string }
);

/** @returns null where nothing can be completed: in free text, or behind a key that there is not. */
export function findCaret(filter: string, position: number): Caret | null {
  const head = filter.slice(0, position);
  const words = tolerantWords(head);
  const last = words.at(-1);
  const word = last && last.end >= head.length ? last : { letters: [], at: head.length, end: 0 };
  const body = plainStart(word).startsWith("-") ? dropLetters(word, 1) : word;
  const split = splitAt(body, ":");
  const place = ({ at }: Piece) => ({ at, length: head.length - at });
  const named = withoutRoot(split ? split[0] : body);
  const dotted = splitAt(named, ".");
  if (!split && !dotted) return { ...place(named), kind: "key", prefix: textOf(named) };
  const key = findKey(textOf(dotted ? dotted[0] : named));
  if (!key || (dotted !== null) !== (key.isOpen ?? false)) return null;
  if (!split) return { ...place(dotted![1]), kind: "name", key, prefix: textOf(dotted![1]) };
  const value = splitAll(split[1], ",").at(-1)!;
  const name = dotted && textOf(dotted[1]);
  return { ...place(value), kind: "value", key, name, prefix: textOf(value) };
}

function withoutRoot(piece: Piece): Piece {
  return plainStart(piece).startsWith("root.") ? dropLetters(piece, "root.".length) : piece;
}

/** The last quote may still be open. */
function tolerantWords(head: string): Piece[] {
  try {
    return toWords(head);
  } catch (cause) {
    if (!(cause instanceof AppError)) throw cause;
    return toWords(`${head}"`);
  }
}

/** A value that means this text and no other. */
export function exactly(key: Key, text: string): string {
  return key.isFree ? inQuotes(text) : quote(text);
}

function inQuotes(text: string): string {
  return `"${text.replaceAll(/["\\]/g, "\\$&")}"`;
}

/** A text as a filter takes it literally: in quotes where it has to be. */
export function quote(text: string): string {
  return /^[^\s"\\:,*<>.$-][^\s"\\:,*]*$/.test(text) && !text.includes("..")
    ? text
    : inQuotes(text);
}
