/**
 * Reads attributes: senders use numbers or decimal text, and structures or their JSON. Keys are tried in
 * order; empty and redacted values count as absent.
 */
import { excessOf } from "../contract/scan.ts";
import type { Attributes, Value } from "./records.ts";

export function isPresent(value: Value | undefined): value is Value {
  return value !== undefined && value !== null && value !== "" && !isRedacted(value);
}

/** Placeholders for redacted content. Compared one by one, because a set would hash each long text. */
function isRedacted(value: Value): boolean {
  return value === "<REDACTED>" || value === "[REDACTED]" || value === "__REDACTED__";
}

/** A Map for lookups by sent names: a plain object would also match `constructor`. */
export function tableOf<T>(entries: Record<string, T>): ReadonlyMap<string, T> {
  return new Map(Object.entries(entries));
}

/** The first value that is a text or a number, as text. */
export function textOf(attributes: Attributes, keys: readonly string[]): string | undefined {
  for (const key of keys) {
    const value = attributes[key];
    if (!isPresent(value)) continue;
    const text = decoded(value);
    if (typeof text === "string" && isPresent(text)) return text;
    if (typeof text === "number") return String(text);
  }
  return undefined;
}

/** Decodes a text that was sent as a JSON string in quotes; other values are unchanged. */
export function decoded(value: Value): Value {
  if (typeof value !== "string" || value.length < 2) return value;
  if (value.charCodeAt(0) !== 0x22 || value.charCodeAt(value.length - 1) !== 0x22) return value;
  const text = parseJson(value);
  return typeof text === "string" ? text : value;
}

/** The first value that is a whole number from 0 to 2^53 - 1. */
export function countOf(attributes: Attributes, keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const count = toNumber(attributes[key]);
    if (count !== undefined && Number.isSafeInteger(count) && count >= 0) return count;
  }
  return undefined;
}

/** The first value that is a finite number of at least 0. */
export function numberOf(attributes: Attributes, keys: readonly string[]): number | undefined {
  for (const key of keys) {
    const number = toNumber(attributes[key]);
    if (number !== undefined && number >= 0) return number;
  }
  return undefined;
}

function toNumber(value: Value | undefined): number | undefined {
  if (typeof value === "string" && !/^\s*\d+(\.\d+)?([eE][+-]?\d+)?\s*$/.test(value)) return;
  if (typeof value !== "number" && typeof value !== "string") return;
  const number = Number(value);
  return Number.isFinite(number) ? number : undefined;
}

export function isTrue(value: Value | undefined): boolean {
  return value === true || value === "true";
}

export function isFalse(value: Value | undefined): boolean {
  return value === false || value === "false";
}

/** A value for a text field: a text unchanged, anything else as JSON. */
export function toText(value: Value): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** A structure, sent as such or as JSON; any other text is unchanged. */
export function toStructure(value: Value): Value {
  return typeof value === "string" && /^\s*[[{]/.test(value) ? parseJson(value) : value;
}

/** Parses JSON; invalid or too deeply nested text is returned unchanged. */
export function parseJson(text: string): Value {
  if (excessOf(text) !== null) return text;
  try {
    return JSON.parse(text, longNumber.test(text) ? asSent : undefined) as Value;
  } catch {
    return text;
  }
}

/** A number that parsing may round. */
const longNumber = /[[:,\s]-?\d{16}/;

/** Integers beyond 2^53 become text, as in all records. */
function asSent(_key: string, value: unknown, { source }: { source?: string } = {}): unknown {
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? source : value;
}

/** The map in an attribute, sent as such or as JSON; empty if there is none. */
export function mapOf(value: Value | undefined): Attributes {
  const structure = value === undefined ? null : toStructure(value);
  return isMap(structure) ? structure : {};
}

export function isMap(value: Value | undefined): value is Attributes {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** The fields that have a value. */
export function present<T extends object>(fields: { [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T;
}

/** The same; undefined if no field has a value. */
export function presentOrNone<T extends object>(fields: {
  [K in keyof T]: T[K] | undefined;
}): T | undefined {
  const found = present<T>(fields);
  return Object.keys(found).length > 0 ? found : undefined;
}
