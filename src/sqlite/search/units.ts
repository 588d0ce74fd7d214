/**
 * What is searched in a piece of a payload: its messages, each as the strings and numbers in it, decoded,
 * a line each; a string that is JSON itself is that JSON with its own strings decoded in it. A text that is
 * no JSON is one message as it is; one that was cut off gives what is whole, and its tail. Works on pieces
 * by themselves, so that a piece says the same wherever it stands.
 */
import { endOfString } from "../../json/walk.ts";
import { endOfValue, isJson } from "../../messages/json.ts";

/** A message by its place in the piece. */
export interface Unit {
  start: number;
  end: number;
  text: string;
}

/** Members that say how a message is built. Their names are in all of them and nothing to search for. */
const structure = new Set(["role", "content", "type", "text", "parts"]);

/** More objects that never close: no message is nested so deep, and each costs a walk to the end. */
const maxOpenObjects = 16;

/** Of an object with a list of messages each message is one, as in a list that is too long for a piece. */
const history = /"(?:messages|contents)"\s*:\s*\[/;

/** JSON within JSON within JSON: each level doubles the backslashes, so that no sender goes on for long. */
const maxLevels = 8;

/** How JSON begins that has strings. */
const jsonStart = /^\s*(?:\{\s*"|\[\s*[[{"])/;

/** Between values, at the level of messages. */
const separators = /[\s,:[\]}]*/y;
/** A number or a word of JSON, or as much of it as a cut left. */
const scalar =
  /(?:-?\d[\d.eE+-]*|-|t(?:r(?:ue?)?)?|f(?:a(?:l(?:se?)?)?)?|n(?:u(?:ll?)?)?)(?=[\s,:\]}]|$)/y;
const numbers = /(?<![\w.+-])-?\d[\d.eE+-]*/g;

/** @returns the messages in order; those without any text are left out. */
export function unitsOf(piece: string): Unit[] {
  // Most are one object: then nobody has to look for its end.
  const isOne = piece[0] === "{" && piece.endsWith("}") && !history.test(piece) && isJson(piece);
  const whole = isOne ? linesOf(piece).join("\n") : piece;
  const units = (isOne ? null : readUnits(piece)) ?? [{ start: 0, end: piece.length, text: whole }];
  return units.filter(({ text }) => text !== "");
}

/** All messages of a piece, a line each or more. */
export function decoded(piece: string): string {
  return unitsOf(piece)
    .map(({ text }) => text)
    .join("\n");
}

/** @returns null for what is no JSON. */
function readUnits(piece: string): Unit[] | null {
  const units: Unit[] = [];
  let open = 0;
  let at = 0;
  while (true) {
    separators.lastIndex = at;
    separators.test(piece);
    at = separators.lastIndex;
    if (at >= piece.length) return units;
    const start = at;
    if (piece[at] === "{") {
      const end = endOfValue(piece, at);
      if (end === null) {
        if (++open > maxOpenObjects) return null;
        at++;
        continue;
      }
      const json = piece.slice(at, end);
      if (!isJson(json)) return null;
      if (history.test(json) && ++open <= maxOpenObjects) {
        at++;
        continue;
      }
      at = end;
      units.push({ start, end, text: linesOf(json).join("\n") });
    } else if (piece[at] === '"') {
      const end = endOfString(piece, at);
      const text = decode(piece.slice(at, end + 1), end < piece.length);
      if (text === null) return null;
      at = Math.min(end + 1, piece.length);
      if (!isName(piece, at)) units.push({ start, end: at, text: plainOf(text) });
    } else {
      scalar.lastIndex = at;
      const word = scalar.exec(piece)?.[0];
      if (word === undefined) return null;
      at += word.length;
      units.push({ start, end: at, text: word });
    }
  }
}

/** The strings and numbers of valid JSON. */
function linesOf(json: string): string[] {
  const lines: string[] = [];
  let at = 0;
  while (at < json.length) {
    const quote = json.indexOf('"', at);
    const between = json.slice(at, quote < 0 ? json.length : quote);
    for (const [number] of between.matchAll(numbers)) lines.push(number);
    if (quote < 0) break;
    const end = endOfString(json, quote);
    const text = decode(json.slice(quote, end + 1), true)!;
    at = end + 1;
    if (text !== "" && !(structure.has(text) && isName(json, at))) lines.push(plainOf(text));
  }
  return lines;
}

/** Whether a string that ends at `at` is the name of a member. */
function isName(json: string, at: number): boolean {
  while (/\s/.test(json[at] ?? "")) at++;
  return json[at] === ":";
}

/** A string as it is searched: with the escapes decoded that are left where it is JSON. */
function plainOf(text: string, level = 0): string {
  if (level === maxLevels || !text.includes("\\") || !isJsonLike(text)) return text;
  let plain = "";
  let at = 0;
  while (at < text.length) {
    const quote = text.indexOf('"', at);
    if (quote < 0) break;
    const end = endOfString(text, quote);
    const literal = text.slice(quote, end + 1);
    const isClosed = end < text.length;
    const inner = literal.includes("\\") ? decode(literal, isClosed) : null;
    plain += text.slice(at, quote);
    // Its quotes stay, so that what is copied from the text around is found.
    plain += inner === null ? literal : `"${plainOf(inner, level + 1)}${isClosed ? '"' : ""}`;
    at = end + 1;
  }
  return plain + text.slice(at);
}

/** Whether a text is JSON with strings, or was before it was cut off. Code and prose are not. */
function isJsonLike(text: string): boolean {
  if (text[0] === '"') return endOfString(text, 0) === text.length - 1;
  return jsonStart.test(text) && (!/[\]}]\s*$/.test(text) || isJson(text));
}

/** @param literal with its quotes, or cut off without the second. @returns null for no JSON. */
function decode(literal: string, isClosed: boolean): string | null {
  if (!isClosed) literal = `${literal.replace(/\\(?:u[\da-fA-F]{0,3})?$/, "")}"`;
  try {
    return JSON.parse(literal) as string;
  } catch {
    // Of a cut within an escape the rest may be one that ends in a backslash of its own.
    return null;
  }
}
