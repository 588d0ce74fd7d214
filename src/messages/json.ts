/**
 * Reads JSON that may be cut off: client libraries cut payloads at 100,000 characters. The text is
 * scanned for the values of its outermost level, and each is parsed by itself, so that what is whole
 * is read and the rest is left. Linear in the text; nothing here throws.
 */
import { endOfString, endOfValue as walkValue, skipSeparators, skipSpace } from "../json/walk.ts";
import { json as limits } from "../limits.ts";

/** A value by its place in the text. */
export interface Slice {
  start: number;
  end: number;
}

/** A member of an object. `isWhole` is false for the last of a text that is cut off within it. */
export interface Member extends Slice {
  name: string;
  isWhole: boolean;
}

/** What a scan came by, and where it ended. */
export interface Scan<T> {
  found: T[];
  /** Where the rest begins that was not understood: behind the closing bracket, or behind the last value. */
  end: number;
  isClosed: boolean;
}

export type Json = null | boolean | number | string | Json[] | JsonObject;
export type JsonObject = { [key: string]: Json };

const quote = 0x22;

/** The elements of the array whose bracket stands at `start`. */
export function elementsOf(text: string, start: number): Scan<Slice> {
  const found: Slice[] = [];
  let end = start + 1;
  while (true) {
    const at = skipSeparators(text, end);
    if (text[at] === "]") return { found, end: at + 1, isClosed: true };
    const next = endOfValue(text, at);
    if (next === null) return { found, end: at, isClosed: false };
    found.push({ start: at, end: next });
    end = next;
  }
}

/** The members of the object whose brace stands at `start`. */
export function membersOf(text: string, start: number): Scan<Member> {
  const found: Member[] = [];
  let end = start + 1;
  while (true) {
    const at = skipSeparators(text, end);
    if (text[at] === "}") return { found, end: at + 1, isClosed: true };
    const open = { found, end: at, isClosed: false };
    if (text.charCodeAt(at) !== quote) return open;
    const nameEnd = endOfString(text, at) + 1;
    const name = parseSlice(text, { start: at, end: nameEnd });
    if (typeof name !== "string") return open;
    const colon = skipSpace(text, nameEnd);
    if (text[colon] !== ":") return open;
    const value = skipSpace(text, colon + 1);
    const next = endOfValue(text, value);
    found.push({ name, start: value, end: next ?? text.length, isWhole: next !== null });
    if (next === null) return { found, end: text.length, isClosed: false };
    end = next;
  }
}

/**
 * The value of a slice; undefined where it is no JSON. A number that a double would write otherwise (an
 * integer beyond 2^53, `1.10`, `1E5`) is an object that `toText` and `JSON.stringify` write as it was sent.
 */
export function parseSlice(text: string, { start, end }: Slice): Json | undefined {
  const slice = text.slice(start, end);
  try {
    return JSON.parse(slice, mayAlter(slice) ? asSent : undefined) as Json;
  } catch {
    return undefined;
  }
}

/** Not in TypeScript's library. Absent in Safari before 18.4 and Firefox before 135. */
const { rawJSON, isRawJSON } = JSON as typeof JSON & {
  rawJSON?: (source: string) => Json;
  isRawJSON?: (value: unknown) => boolean;
};

/** Whether a number may not be written as it was read; a reviver makes parsing several times slower. */
function mayAlter(text: string): boolean {
  return text.charCodeAt(0) !== quote && unusualDigits.test(text) && unusualNumber.test(text);
}

/** The first spares most texts the second, which looks at each value. */
const unusualDigits = /\d{16}|\d[.eE]|-0/;
const unusualNumber =
  /(?:^|[[:,])\s*-?(?:[\d.]{16}|0\.0{6}|\d+(?:\.\d+)?[eE]|\d+\.\d*0(?!\d)|(?<=-)0(?![.\d]))/;

function asSent(_key: string, value: Json, { source }: { source?: string } = {}): Json {
  const isAltered = typeof value === "number" && source !== undefined && String(value) !== source;
  return isAltered && rawJSON ? rawJSON(source) : value;
}

/**
 * The beginning of a value that is cut off within a text, up to 4,096 characters, closed where it ends.
 *
 * @returns undefined where that is no JSON.
 */
export function parseOpen(text: string, start: number): Json | undefined {
  const head = text.slice(start, start + 4096);
  const closers: string[] = [];
  for (let at = 0; at < head.length; at++) {
    const char = head[at]!;
    if (char === '"') {
      at = endOfString(head, at);
      if (at === head.length) closers.push('"');
    } else if (char === "{" || char === "[") {
      closers.push(char === "{" ? "}" : "]");
    } else if (char === "}" || char === "]") {
      closers.pop();
    }
  }
  // An escape may be cut off, too.
  const whole = head.replace(/\\(u[\da-f]{0,3})?$/i, "");
  return parseJson(whole + closers.reverse().join(""));
}

/** A whole text as JSON; undefined where it is none, or is nested too deep to be walked. */
export function parseJson(text: string): Json | undefined {
  const start = skipSpace(text, 0);
  const isNested = text[start] === "{" || text[start] === "[";
  const end = isNested ? endOfValue(text, start) : text.length;
  return end !== null && skipSpace(text, end) === text.length
    ? parseSlice(text, { start, end })
    : undefined;
}

/**
 * The end of the value that starts at `from`; null where there is none, where it is cut off, or where
 * it has more levels than a request may have.
 */
export function endOfValue(text: string, from: number): number | null {
  return walkValue(text, from, limits.depth);
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value) && !isNumber(value);
}

/** Also one that is kept as it was sent. */
export function isNumber(value: Json | undefined): value is number {
  return typeof value === "number" || isRawJSON?.(value) === true;
}

/** The first of these members that is there and not null. */
export function pick(object: JsonObject, ...keys: string[]): Json | undefined {
  for (const key of keys) {
    const value = Object.hasOwn(object, key) ? object[key] : undefined;
    if (value !== undefined && value !== null) return value;
  }
  return undefined;
}

/** The first of these members that is a string, else null. */
export function pickText(object: JsonObject, ...keys: string[]): string | null {
  for (const key of keys) {
    const value = pick(object, key);
    if (typeof value === "string") return value;
  }
  return null;
}

/** A text as it is, anything else as JSON. */
export function toText(value: Json | undefined): string {
  return typeof value === "string" ? value : value === undefined ? "" : JSON.stringify(value);
}

/** Whether a text is JSON, however deeply it is nested. */
export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
