/** What the decoders make of OTLP, the same from protobuf and from JSON, before any mapping. */

import { otlp as limits } from "../limits.ts";

/**
 * An attribute's value as JSON can hold it. Integers beyond 2^53 and numbers that JSON lacks are
 * strings ("9223372036854775807", "NaN"), bytes are base64.
 */
export type Value = string | number | boolean | null | Value[] | Attributes;

/** Keys are data: the object has no prototype, so that `__proto__` and `constructor` are keys too. */
export interface Attributes {
  [key: string]: Value;
}

/** A time since the epoch, to the nanosecond: whole ms, and the rest from 0 to 999,999. */
export interface Instant {
  ms: number;
  nanos: number;
}

export interface EventRecord {
  name: string;
  time: Instant;
  attributes: Attributes;
  droppedAttributesCount: number;
}

export interface LinkRecord {
  traceId: string;
  spanId: string;
  traceState: string;
  attributes: Attributes;
  flags: number;
  droppedAttributesCount: number;
}

/** Absent fields are empty: `""`, 0, `{}`. Ids are hex in lower case, of any length. */
export interface SpanRecord {
  traceId: string;
  spanId: string;
  parentSpanId: string;
  traceState: string;
  flags: number;
  name: string;
  kind: number;
  start: Instant;
  end: Instant;
  attributes: Attributes;
  events: EventRecord[];
  links: LinkRecord[];
  statusCode: number;
  statusMessage: string;
  droppedAttributesCount: number;
  droppedEventsCount: number;
  droppedLinksCount: number;
}

export interface LogRecord {
  traceId: string;
  spanId: string;
  flags: number;
  /** When it happened, else when it was observed. */
  time: Instant;
  severity: string;
  severityNumber: number;
  eventName: string;
  body: Value;
  attributes: Attributes;
}

export interface Scope {
  name: string;
  version: string;
  attributes: Attributes;
  schemaUrl: string;
}

export interface Resource {
  attributes: Attributes;
  schemaUrl: string;
}

/** Records of one scope of one resource. */
export interface Group<R> {
  resource: Resource;
  scope: Scope;
  records: R[];
}

/** JSON that is no OTLP request at all. */
export class BadRequest extends Error {}

/** A record that is not as the specification has it. The message names the field. */
export class BadRecord extends Error {}

/** What a path takes, by the name of its field that holds all: `resourceSpans`. */
export const requestNames = {
  Spans: "ExportTraceServiceRequest",
  Logs: "ExportLogsServiceRequest",
  Metrics: "ExportMetricsServiceRequest",
} as const;
export type Records = keyof typeof requestNames;

/**
 * Stands for a request that is not empty and of which nothing was understood, as of another format:
 * unknown fields are skipped, so without a word all of it would be gone.
 */
export function notUnderstood(records: Records): Group<BadRecord> {
  const expected = `resource${records} of an ${requestNames[records]}`;
  return refusedAs(`rejected: nothing in the request was understood, expected ${expected}`);
}

/** A group of one record that is refused for this reason. */
export function refusedAs(reason: string): Group<BadRecord> {
  return {
    resource: { attributes: noAttributes(), schemaUrl: "" },
    scope: { name: "", version: "", attributes: noAttributes(), schemaUrl: "" },
    records: [new BadRecord(reason)],
  };
}

/** Counts what a request holds, so that none takes up all memory: see `otlp` in limits.ts. */
export class Budget {
  #records = 0;
  #attributes = 0;
  #indexKeys = 0;

  readonly #fail: (what: string) => Error;

  /** @param fail makes the error for a request that holds too much. */
  constructor(fail: (what: string) => Error) {
    this.#fail = fail;
  }

  record(): void {
    if (++this.#records > limits.records) throw this.#fail(`more than ${limits.records} records`);
  }

  attribute(key: string): void {
    if (++this.#attributes > limits.attributes) {
      throw this.#fail(`more than ${limits.attributes} attributes`);
    }
    // An object with the key "999" gets room for 1,000 values.
    if (key.length <= 3 && key.length > 1 && /^\d+$/.test(key)) {
      if (++this.#indexKeys > limits.indexKeys) {
        throw this.#fail(`more than ${limits.indexKeys} keys that are numbers`);
      }
    }
  }
}

export function noAttributes(): Attributes {
  return Object.create(null) as Attributes;
}

/** Splits nanoseconds given as two halves of 32 bits; exact, since no step leaves 2^53. */
export function toInstant(high: number, low: number): Instant {
  // 2^32 ns are 4294 ms and 967,296 ns.
  const rest = high * 967_296 + low;
  return { ms: high * 4294 + Math.floor(rest / 1e6), nanos: rest % 1e6 };
}

/** Nanoseconds since the epoch, in decimal. */
export function toNanosText({ ms, nanos }: Instant): string {
  return ms === 0 ? String(nanos) : `${ms}${String(nanos).padStart(6, "0")}`;
}

/** Reads what `toNanosText` wrote; the epoch for anything else. */
export function fromNanosText(text: Value | undefined): Instant {
  if (typeof text !== "string" || !/^\d{1,20}$/.test(text)) return { ms: 0, nanos: 0 };
  return { ms: Number(text.slice(0, -6)), nanos: Number(text.slice(-6)) };
}

/** A 64-bit integer from its halves (the high one signed): a number where one holds it exactly. */
export function toInteger(high: number, low: number): number | string {
  const value = high * 2 ** 32 + low;
  if (Number.isSafeInteger(value)) return value;
  return String((BigInt(high) << 32n) | BigInt(low));
}

/** A double as JSON can say it. */
export function toDouble(value: number): number | string {
  return Number.isFinite(value) ? value : String(value);
}
