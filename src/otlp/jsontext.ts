/** From JSON text to objects with the names that OTLP/JSON has, and integers of 64 bits as strings. */
import { faultOf } from "../contract/scan.ts";
import { BadRequest } from "./records.ts";

export type Json = Record<string, unknown>;

/** Integers of more than 15 digits where OTLP has 64 bits, sent as bare numbers. */
const longIntegers = /("(?:\w*[uU]nixNano|intValue)"\s*:\s*)(-?\d{16,})(?=\s*[,}])/g;

/**
 * Names as the .proto file has them. Only a member's name is followed by a colon, and the last quote of a
 * name within a string has a backslash before it. The longest is `instrumentation_library_spans`.
 */
const protoNames = /"([a-z]{1,20}(?:_[a-z]{1,20}){1,5})"(?=\s*:)/g;

/** A look for these takes a quarter of the time: most senders have neither. */
const mayHaveProtoName = /_[a-z]{1,20}"\s*:/;
const mayHaveLongInteger = /:\s*-?\d{16}/;

/**
 * @returns the requests: one, or one a line as the Collector's file exporter writes them.
 * @throws BadRequest
 */
export function parseRequests(text: string): unknown[] {
  // A parser rounds what is beyond 2^53, so such numbers become strings before; most senders have none.
  let json = text;
  if (mayHaveProtoName.test(json)) {
    json = json.replace(protoNames, (_, name: string) => `"${toCamelCase(name)}"`);
  }
  if (mayHaveLongInteger.test(json)) json = json.replace(longIntegers, '$1"$2"');
  try {
    return [JSON.parse(json)];
  } catch {
    const lines = parseLines(json);
    if (lines && lines.length > 1) return lines;
    throw new BadRequest(faults[faultOf(json)]);
  }
}

const faults = {
  empty: "the body is empty",
  incomplete: "the body is not complete JSON",
  invalid: "invalid JSON",
};

/** @returns null where a line is no object. Line by line: a body may be 64 million line breaks. */
function parseLines(json: string): Json[] | null {
  const lines: Json[] = [];
  for (let at = 0; at < json.length;) {
    const end = json.indexOf("\n", at);
    const line = json.slice(at, end < 0 ? undefined : end).trim();
    at = end < 0 ? json.length : end + 1;
    if (line === "") continue;
    try {
      const value: unknown = JSON.parse(line);
      if (!isObject(value)) return null;
      lines.push(value);
    } catch {
      return null;
    }
  }
  return lines;
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function toCamelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
