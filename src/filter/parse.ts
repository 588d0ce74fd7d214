/**
 * The one grammar of filters, for lists, statistics, deletes, live views and the command line:
 *
 *   status:error model:claude*,gpt-* -agent:eval duration:5s..1m cost:>0.02 meta.env:prod "free text"
 *
 * Words stand side by side and all must hold; `-` turns one around; a comma means or. What holds for
 * any span of a trace holds for a root of it with `root.` in front: `root.attr.user.id:42`. A name or an
 * error contains the value, `error:timeout`, unless that is quoted or has a star. Nothing but an `AppError`
 * is ever thrown, and it says where.
 */
import type { Pattern } from "../pattern.ts";
import { findKey, keys, nearestKey, spellingOf, type Key } from "./keys.ts";
import { readTime, timeHint, timeUnits } from "./time.ts";
import {
  dropLetters,
  plainStart,
  refuse,
  splitAll,
  splitAt,
  textOf,
  toWords,
  type Piece,
} from "./words.ts";

/** Traces match for which every term holds. */
export type Filter = readonly Term[];

export interface Term {
  isNegated: boolean;
  /** One of them must hold, or with a negation none. Never empty. */
  tests: readonly Test[];
}

export type Test = TextTest | RangeTest | FreeTest;

/** The key's text fits a pattern. */
export interface TextTest {
  kind: "text";
  key: Key;
  /** The sender's name behind an open key, as `env` in `meta.env`. */
  name: string | null;
  isRoot: boolean;
  pattern: Pattern;
  /** The text contains it, whatever its case: the pattern is in lower case. */
  isContained: boolean;
}

/** The key's number lies between two: in ms, pico-dollars, or a count; an unknown one never does. */
export interface RangeTest {
  kind: "range";
  key: Key;
  /** Both belong to the range unless it is open there; infinite where it has no such end. */
  min: number;
  max: number;
  isMinOpen: boolean;
  isMaxOpen: boolean;
}

/** Names, ids, errors or previews contain the text, whatever its case. */
export interface FreeTest {
  kind: "free";
  /** In lower case. */
  text: string;
}

const picoPerUsd = 1e12;
const countUnits: ReadonlyMap<string, number> = new Map([
  ["", 1],
  ["k", 1e3],
  ["m", 1e6],
  ["M", 1e6],
]);
const keyPattern = /^[A-Za-z_][\w-]*(\.|$)/;
const rootPrefix = "root.";
const numberKinds: ReadonlySet<Key["kind"]> = new Set(["duration", "money", "count"]);

/**
 * @param nowMs what relative times count from.
 * @throws AppError `bad_request` with `extra: {position, length}` in UTF-16 code units.
 */
export function parseFilter(text: string, nowMs: number): Filter {
  return toWords(text).map((word) => parseWord(word, nowMs));
}

function parseWord(word: Piece, nowMs: number): Term {
  const isNegated = plainStart(word).startsWith("-");
  const body = isNegated ? dropLetters(word, 1) : word;
  if (isNegated && body.at === word.end) {
    refuse("nothing stands behind the minus", word, 'write -key:value, or "-" for the text');
  }
  const split = splitAt(body, ":");
  // 12:30 and "a b":c are texts.
  if (!split || !keyPattern.test(plainStart(split[0]))) {
    const text = textOf(body).toLowerCase();
    if (text === "") refuse("the text is empty", word, "leave it out");
    return { isNegated, tests: [{ kind: "free", text }] };
  }
  const [named, value] = split;
  const { key, name, isRoot } = parseKey(named);
  if (value.at === value.end) {
    refuse(`${key.name} has no value`, { at: value.at, end: value.at }, hintOf(key));
  }
  const tests = splitAll(value, ",").map((part) => {
    if (part.at === part.end) refuse("a value is missing", part, hintOf(key));
    return parseValue(key, name, isRoot, part, nowMs);
  });
  return { isNegated, tests };
}

/** A key of the senders' own, as `meta.env` or `attr.user.id`. */
export interface NamedKey {
  key: Key;
  name: string;
  isRoot: boolean;
  /** As it was written. */
  text: string;
}

/**
 * Keys of metadata and attributes, with commas between: `meta.env,root.attr.user.id`.
 *
 * @throws AppError `bad_request`, as a filter's.
 */
export function parseColumns(text: string, most: number): NamedKey[] {
  const [first, second] = toWords(text);
  if (second)
    refuse("a blank stands in a key", second, "put the name in quotes, or a comma between");
  const parts = first ? splitAll(first, ",") : [];
  if (parts.length > most)
    refuse(`there are more than ${most} keys`, parts[most]!, "ask for fewer");
  return parts.map((part) => {
    const { key, name, isRoot } = parseKey(part);
    if (name === null)
      refuse(`${key.name} is no key of the sender`, part, "write meta.KEY or attr.KEY");
    return { key, name, isRoot, text: text.slice(part.at, part.end) };
  });
}

function parseKey(piece: Piece): { key: Key; name: string | null; isRoot: boolean } {
  const isRoot = plainStart(piece).startsWith(rootPrefix);
  const rest = isRoot ? dropLetters(piece, rootPrefix.length) : piece;
  const dotted = splitAt(rest, ".");
  const word = dotted ? textOf(dotted[0]) : textOf(rest);
  const key = findKey(word);
  if (!key) {
    const near = nearestKey(word);
    const known = keys.map(spellingOf).join(", ");
    refuse(
      `there is no key ${word.slice(0, 64)}`,
      rest,
      `${near ? `did you mean ${spellingOf(near)}? ` : ""}known keys: ${known}; put a text with a colon in quotes`,
    );
  }
  if (isRoot && key.scope === "trace") {
    refuse(
      `root. does not go with ${key.name}`,
      piece,
      "it goes with keys of spans, as root.attr.KEY",
    );
  }
  if (key.isOpen && (!dotted || dotted[1].at === dotted[1].end)) {
    refuse(`${key.name} needs a name`, rest, `write ${key.name}.KEY:value`);
  }
  if (!key.isOpen && dotted) {
    refuse(`${key.name} takes no name`, rest, `write ${key.name}:value`);
  }
  return { key, name: dotted && key.isOpen ? textOf(dotted[1]) : null, isRoot };
}

function parseValue(
  key: Key,
  name: string | null,
  isRoot: boolean,
  piece: Piece,
  nowMs: number,
): Test {
  const text = (pattern: Pattern, isContained = false): TextTest => ({
    kind: "text",
    key,
    name,
    isRoot,
    pattern,
    isContained,
  });
  if (key.kind === "text") {
    const isBare = piece.letters.every(({ text, isQuoted }) => !isQuoted && text !== "*");
    // Two quotes are a text without letters, and exact.
    if (!key.isFree || !isBare || piece.letters.length === 0) return text(patternOf(piece));
    return text(["", textOf(piece).toLowerCase(), ""], true);
  }
  if (key.kind === "choice") {
    const value = textOf(piece);
    if (key.values!.includes(value)) return text([value]);
    refuse(`${key.name} is never ${value.slice(0, 64)}`, piece, hintOf(key));
  }
  if (key.kind === "presence") return parsePresence(piece);
  if (key.kind === "since" || key.kind === "until") {
    const time = readTime(textOf(piece), nowMs);
    if (time === null) refuse(`${key.name} takes a time`, piece, timeHint);
    const isSince = key.kind === "since";
    return isSince
      ? range(key, time, Infinity)
      : { ...range(key, -Infinity, time), isMaxOpen: true };
  }
  return parseRange(key, piece);
}

/** `has:cost`: a known number; `has:session`: any text; `has:errors`: a span that failed. */
function parsePresence(piece: Piece): Test {
  if (/^errors?$/.test(textOf(piece))) return range(findKey("errors")!, 1, Infinity);
  const { key, name, isRoot } = parseKey(piece);
  if (key.kind === "text") {
    return { kind: "text", key, name, isRoot, pattern: ["", ""], isContained: false };
  }
  if (numberKinds.has(key.kind)) return range(key, 0, Infinity);
  refuse(`has does not go with ${key.name}`, piece, "write has:errors, has:cost, has:meta.KEY");
}

function range(key: Key, min: number, max: number): RangeTest {
  return { kind: "range", key, min, max, isMinOpen: false, isMaxOpen: false };
}

function parseRange(key: Key, piece: Piece): RangeTest {
  const start = plainStart(piece);
  const operator = /^[<>]=?/.exec(start)?.[0];
  if (operator) {
    const number = parseNumber(key, dropLetters(piece, operator.length));
    const isOpen = operator.length === 1;
    return operator.startsWith(">")
      ? { ...range(key, number, Infinity), isMinOpen: isOpen }
      : { ...range(key, -Infinity, number), isMaxOpen: isOpen };
  }
  const dots = start.indexOf("..");
  if (dots < 0) {
    const number = parseNumber(key, piece);
    return range(key, number, number);
  }
  const middle = piece.letters[dots]!.at;
  const before = { letters: piece.letters.slice(0, dots), at: piece.at, end: middle };
  const after = dropLetters(piece, dots + 2);
  const min = before.letters.length > 0 ? parseNumber(key, before) : -Infinity;
  const max = after.letters.length > 0 ? parseNumber(key, after) : Infinity;
  if (min > max) refuse("the range is empty", piece, "write the smaller number first");
  if (min === -Infinity && max === Infinity) refuse("the range has no end", piece, hintOf(key));
  return range(key, min, max);
}

function parseNumber(key: Key, piece: Piece): number {
  const text = textOf(piece);
  const [, digits, unit] = /^(\d{1,16}(?:\.\d{1,16})?|\.\d{1,16})([A-Za-z]{0,2})$/.exec(
    key.kind === "money" ? text.replace(/^\$/, "") : text,
  ) ?? [null, "", null];
  const scale = unit === null ? undefined : scaleOf(key, unit!);
  if (scale === undefined) refuse(`${key.name} takes a number`, piece, hintOf(key));
  const number = Number(digits) * scale;
  // A sum of money is a whole number of pico-dollars: 0.07 of 10^12 is not 70000000000.00001.
  return key.kind === "duration" ? number : Math.round(number);
}

function scaleOf({ kind }: Key, unit: string): number | undefined {
  if (kind === "duration") return unit === "" ? 1 : timeUnits.get(unit);
  if (kind === "money") return unit === "" ? picoPerUsd : undefined;
  return countUnits.get(unit);
}

/** Stars that are not quoted stand for any part. */
function patternOf(piece: Piece): Pattern {
  const [first, ...rest] = splitAll(piece, "*").map(textOf);
  return [first!, ...rest];
}

function hintOf(key: Key): string {
  const { name, kind } = key;
  switch (kind) {
    case "choice":
      return `it is one of ${key.values!.join(", ")}`;
    case "duration":
      return `write ${name}:>5s, ${name}:<=200ms, ${name}:1m..1h; units are ms, s, m, h, d, w`;
    case "money":
      return `write ${name}:>0.02, ${name}:0.5..2, in USD`;
    case "count":
      return `write ${name}:>10k, ${name}:<=3, ${name}:1..5; k is a thousand, M a million`;
    case "since":
    case "until":
      return timeHint;
    case "presence":
      return "write has:errors, has:cost, has:meta.KEY";
    case "text":
      return key.isFree
        ? `write ${name}:word for a part of it, ${name}:"all of it" for the whole`
        : `write ${spellingOf(key)}:text, with * for any part of it, in quotes where it has blanks`;
  }
}
