/**
 * Cuts a filter into words: at blanks that stand outside of quotes. Each letter remembers whether it was
 * quoted, since then it means only itself, and where it stood, since errors say so.
 */
import { AppError } from "../errors.ts";

export interface Letter {
  text: string;
  isQuoted: boolean;
  /** In UTF-16 code units from the filter's beginning. */
  at: number;
}

/** A piece of a filter; never without a place, although it may be without letters, as `""` is. */
export interface Piece {
  letters: readonly Letter[];
  at: number;
  /** Behind its last letter and quote. */
  end: number;
}

/** @throws AppError `bad_request` that says where. */
export function refuse(message: string, { at, end }: Omit<Piece, "letters">, hint: string): never {
  throw new AppError("bad_request", `invalid filter: ${message} at position ${at}`, {
    hint,
    extra: { position: at, length: end - at },
  });
}

/** @throws AppError `bad_request` where a quote stays open. */
export function toWords(filter: string): Piece[] {
  const words: Piece[] = [];
  let letters: Letter[] = [];
  let start: number | null = null;
  let quote: number | null = null;
  const finish = (end: number) => {
    if (start !== null) words.push({ letters, at: start, end });
    letters = [];
    start = null;
  };
  for (let at = 0; at < filter.length; at++) {
    const text = filter[at]!;
    if (quote === null && /\s/.test(text)) {
      finish(at);
      continue;
    }
    start ??= at;
    if (text === '"') {
      quote = quote === null ? at : null;
    } else if (quote !== null && text === "\\" && at + 1 < filter.length) {
      letters.push({ text: filter[at + 1]!, isQuoted: true, at });
      at++;
    } else {
      letters.push({ text, isQuoted: quote !== null, at });
    }
  }
  if (quote !== null) {
    refuse(
      "the quote is not closed",
      { at: quote, end: filter.length },
      'end it with ", and write \\" for a quote inside',
    );
  }
  finish(filter.length);
  return words;
}

export function textOf({ letters }: Piece): string {
  return letters.map(({ text }) => text).join("");
}

/** What stands before and behind the first such letter that is not quoted; null where there is none. */
export function splitAt(piece: Piece, letter: string): [before: Piece, after: Piece] | null {
  const i = piece.letters.findIndex(({ text, isQuoted }) => text === letter && !isQuoted);
  if (i < 0) return null;
  const { at } = piece.letters[i]!;
  return [
    { letters: piece.letters.slice(0, i), at: piece.at, end: at },
    { letters: piece.letters.slice(i + 1), at: at + 1, end: piece.end },
  ];
}

/** The parts between all such letters. */
export function splitAll(piece: Piece, letter: string): Piece[] {
  const parts: Piece[] = [];
  for (let rest = piece; ;) {
    const split = splitAt(rest, letter);
    if (!split) return [...parts, rest];
    parts.push(split[0]);
    rest = split[1];
  }
}

/** Without so many letters at the beginning. */
export function dropLetters({ letters, at, end }: Piece, count: number): Piece {
  const first = letters[count];
  return { letters: letters.slice(count), at: first?.at ?? (count > 0 ? end : at), end };
}

/** The beginning of a piece as far as it is not quoted. */
export function plainStart({ letters }: Piece): string {
  const end = letters.findIndex(({ isQuoted }) => isQuoted);
  return letters
    .slice(0, end < 0 ? undefined : end)
    .map(({ text }) => text)
    .join("");
}
