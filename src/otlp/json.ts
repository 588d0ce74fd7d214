/**
 * OTLP's messages from JSON to the records, as tolerant as the specification asks: ids in hex of any
 * case, 64-bit integers as strings or numbers, enums as numbers or names, unknown fields ignored.
 * A field of a wrong type makes its record bad, not the request. Values are read by recursion: whoever
 * calls has checked how deep the text nests.
 *
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import {
  Budget,
  noAttributes,
  toInstant,
  type Attributes,
  type Group,
  type Instant,
  type LogRecord,
  type Resource,
  type Scope,
  type SpanRecord,
  type Value,
} from "./records.ts";

/** A record that is not as the specification has it. The message names the field. */
export class BadRecord extends Error {}

/** JSON that is no OTLP request at all. */
export class BadRequest extends Error {}

/** @throws BadRequest */
export function readTraces(text: string): Group<SpanRecord | BadRecord>[] {
  return readGroups(text, "Spans", "spans", readSpan);
}

/** @throws BadRequest */
export function readLogs(text: string): Group<LogRecord | BadRecord>[] {
  return readGroups(text, "Logs", "logRecords", readLog);
}

/** @throws BadRequest */
export function countMetrics(text: string): number {
  const groups = readGroups(text, "Metrics", "metrics", () => null);
  return groups.reduce((sum, { records }) => sum + records.length, 0);
}

type Json = Record<string, unknown>;

function readGroups<R>(
  text: string,
  signal: "Spans" | "Logs" | "Metrics",
  recordsField: string,
  readRecord: (json: Json, budget: Budget) => R,
): Group<R | BadRecord>[] {
  const groups: Group<R | BadRecord>[] = [];
  const budget = new Budget((what) => new BadRequest(what));
  try {
    const request = objectOf(parse(text), "the request");
    for (const [r, item] of listOf(request[`resource${signal}`], `resource${signal}`).entries()) {
      budget.record();
      const at = `resource${signal}[${r}]`;
      const ofResource = objectOf(item, at);
      const resource = readResource(ofResource, at, budget);
      const scopes = listOf(ofResource[`scope${signal}`], `${at}.scope${signal}`);
      for (const [s, item] of scopes.entries()) {
        budget.record();
        const scopeAt = `${at}.scope${signal}[${s}]`;
        const ofScope = objectOf(item, scopeAt);
        const scope = readScope(ofScope, scopeAt, budget);
        const records = listOf(ofScope[recordsField], `${scopeAt}.${recordsField}`);
        groups.push({ resource, scope, records: records.map((record) => tryRead(record)) });
      }
    }
  } catch (cause) {
    if (cause instanceof BadRecord) throw new BadRequest(cause.message);
    throw cause;
  }
  return groups;

  function tryRead(record: unknown): R | BadRecord {
    budget.record();
    try {
      return readRecord(objectOf(record, "a record"), budget);
    } catch (cause) {
      if (cause instanceof BadRecord) return cause;
      throw cause;
    }
  }
}

/** Integers of more than 15 digits where OTLP has 64 bits, sent as bare numbers. */
const longIntegers = /("(?:\w*[uU]nixNano|intValue)"\s*:\s*)(-?\d{16,})(?=\s*[,}])/g;

/** A parser rounds what is beyond 2^53, so such numbers become strings before; most senders have none. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text.replace(longIntegers, '$1"$2"'));
  } catch {
    throw new BadRequest("invalid JSON");
  }
}

function readResource(json: Json, at: string, budget: Budget): Resource {
  const resource = optionalObject(json.resource, `${at}.resource`);
  return {
    attributes: attributesOf(resource.attributes, `${at}.resource.attributes`, budget),
    schemaUrl: textOf(json.schemaUrl, `${at}.schemaUrl`),
  };
}

function readScope(json: Json, at: string, budget: Budget): Scope {
  const scope = optionalObject(json.scope, `${at}.scope`);
  return {
    name: textOf(scope.name, `${at}.scope.name`),
    version: textOf(scope.version, `${at}.scope.version`),
    attributes: attributesOf(scope.attributes, `${at}.scope.attributes`, budget),
    schemaUrl: textOf(json.schemaUrl, `${at}.schemaUrl`),
  };
}

function readSpan(json: Json, budget: Budget): SpanRecord {
  const status = optionalObject(json.status, "status");
  return {
    traceId: idOf(json.traceId, "traceId"),
    spanId: idOf(json.spanId, "spanId"),
    parentSpanId: idOf(json.parentSpanId, "parentSpanId"),
    traceState: textOf(json.traceState, "traceState"),
    flags: countOf(json.flags, "flags"),
    name: textOf(json.name, "name"),
    kind: enumOf(json.kind, kinds, "kind"),
    start: timeOf(json.startTimeUnixNano, "startTimeUnixNano"),
    end: timeOf(json.endTimeUnixNano, "endTimeUnixNano"),
    attributes: attributesOf(json.attributes, "attributes", budget),
    events: listOf(json.events, "events").map((item) => {
      budget.record();
      const event = objectOf(item, "an event");
      return {
        name: textOf(event.name, "event.name"),
        time: timeOf(event.timeUnixNano, "event.timeUnixNano"),
        attributes: attributesOf(event.attributes, "event.attributes", budget),
        droppedAttributesCount: countOf(event.droppedAttributesCount, "droppedAttributesCount"),
      };
    }),
    links: listOf(json.links, "links").map((item) => {
      budget.record();
      const link = objectOf(item, "a link");
      return {
        traceId: idOf(link.traceId, "link.traceId"),
        spanId: idOf(link.spanId, "link.spanId"),
        traceState: textOf(link.traceState, "link.traceState"),
        attributes: attributesOf(link.attributes, "link.attributes", budget),
        flags: countOf(link.flags, "link.flags"),
        droppedAttributesCount: countOf(link.droppedAttributesCount, "droppedAttributesCount"),
      };
    }),
    statusCode: enumOf(status.code, statusCodes, "status.code"),
    statusMessage: textOf(status.message, "status.message"),
    droppedAttributesCount: countOf(json.droppedAttributesCount, "droppedAttributesCount"),
    droppedEventsCount: countOf(json.droppedEventsCount, "droppedEventsCount"),
    droppedLinksCount: countOf(json.droppedLinksCount, "droppedLinksCount"),
  };
}

function readLog(json: Json, budget: Budget): LogRecord {
  const time = timeOf(json.timeUnixNano, "timeUnixNano");
  const isTimed = time.ms > 0 || time.nanos > 0;
  return {
    traceId: idOf(json.traceId, "traceId"),
    spanId: idOf(json.spanId, "spanId"),
    flags: countOf(json.flags, "flags"),
    time: isTimed ? time : timeOf(json.observedTimeUnixNano, "observedTimeUnixNano"),
    severity: textOf(json.severityText, "severityText"),
    severityNumber: enumOf(json.severityNumber, severities, "severityNumber"),
    eventName: textOf(json.eventName, "eventName"),
    body: valueOf(json.body, budget),
    attributes: attributesOf(json.attributes, "attributes", budget),
  };
}

const kinds = {
  prefix: "SPAN_KIND_",
  names: ["UNSPECIFIED", "INTERNAL", "SERVER", "CLIENT", "PRODUCER", "CONSUMER"],
};
const statusCodes = { prefix: "STATUS_CODE_", names: ["UNSET", "OK", "ERROR"] };
const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
const severities = {
  prefix: "SEVERITY_NUMBER_",
  names: ["UNSPECIFIED", ...levels.flatMap((l) => [l, `${l}2`, `${l}3`, `${l}4`])],
};

/** An enum by number, or by name: names stand in the order of their numbers. */
function enumOf(value: unknown, { prefix, names }: typeof kinds, field: string): number {
  if (typeof value !== "string" || /^\d+$/.test(value)) return countOf(value, field);
  const number = names.indexOf(value.startsWith(prefix) ? value.slice(prefix.length) : value);
  if (number < 0) throw new BadRecord(`${field}: no such name`);
  return number;
}

function isAbsent(value: unknown): value is undefined | null {
  return value === undefined || value === null;
}

function objectOf(value: unknown, field: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new BadRecord(`${field}: expected an object`);
}

function optionalObject(value: unknown, field: string): Json {
  return isAbsent(value) ? {} : objectOf(value, field);
}

function listOf(value: unknown, field: string): unknown[] {
  if (isAbsent(value)) return [];
  if (Array.isArray(value)) return value;
  throw new BadRecord(`${field}: expected an array`);
}

function textOf(value: unknown, field: string): string {
  if (isAbsent(value)) return "";
  if (typeof value === "string") return value;
  throw new BadRecord(`${field}: expected a string`);
}

function idOf(value: unknown, field: string): string {
  const id = textOf(value, field);
  if (!/^[\da-f]*$/i.test(id)) throw new BadRecord(`${field}: expected an id in hex`);
  return id.toLowerCase();
}

function countOf(value: unknown, field: string): number {
  if (isAbsent(value)) return 0;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < 2 ** 32) {
    return number;
  }
  throw new BadRecord(`${field}: expected a number of 32 bits`);
}

function timeOf(value: unknown, field: string): Instant {
  if (isAbsent(value)) return { ms: 0, nanos: 0 };
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^\d{1,20}$/.test(text)) {
    const nanos = BigInt(text);
    if (nanos < 2n ** 64n) return toInstant(Number(nanos >> 32n), Number(nanos & 0xffffffffn));
  }
  throw new BadRecord(`${field}: expected nanoseconds of 64 bits`);
}

function attributesOf(value: unknown, field: string, budget: Budget): Attributes {
  const attributes = noAttributes();
  for (const item of listOf(value, field)) {
    const { key, value } = objectOf(item, field);
    const name = textOf(key, "an attribute's key");
    budget.attribute(name);
    attributes[name] = valueOf(value, budget);
  }
  return attributes;
}

/** AnyValue: `{"stringValue": …}` and its alternatives; an object without one is no value. */
function valueOf(json: unknown, budget: Budget): Value {
  const any = optionalObject(json, "a value");
  if (!isAbsent(any.stringValue)) return textOf(any.stringValue, "stringValue");
  if (!isAbsent(any.intValue)) return integerOf(any.intValue);
  if (!isAbsent(any.boolValue)) return boolOf(any.boolValue);
  if (!isAbsent(any.doubleValue)) return doubleOf(any.doubleValue);
  if (!isAbsent(any.arrayValue)) {
    return listOf(objectOf(any.arrayValue, "arrayValue").values, "arrayValue").map((item) =>
      valueOf(item, budget),
    );
  }
  if (!isAbsent(any.kvlistValue)) {
    return attributesOf(objectOf(any.kvlistValue, "kvlistValue").values, "kvlistValue", budget);
  }
  if (!isAbsent(any.bytesValue)) return base64Of(any.bytesValue);
  return null;
}

function integerOf(value: unknown): Value {
  if (Number.isInteger(value) || (typeof value === "string" && /^-?\d{1,19}$/.test(value))) {
    const number = Number(value);
    // The sum is 0 for -0, which no integer is.
    if (Number.isSafeInteger(number)) return number + 0;
    const integer = BigInt(value as number | string);
    if (BigInt.asIntN(64, integer) === integer) return String(integer);
  }
  throw new BadRecord("intValue: expected an integer of 64 bits");
}

function boolOf(value: unknown): boolean {
  if (typeof value === "boolean") return value;
  throw new BadRecord("boolValue: expected a boolean");
}

/** Numbers that JSON lacks come as "NaN", "Infinity" and "-Infinity", and stay so. */
function doubleOf(value: unknown): Value {
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : value;
  if (Number.isFinite(number)) return number as number;
  throw new BadRecord("doubleValue: expected a number");
}

/** Of either alphabet, padded or not. */
function base64Of(value: unknown): string {
  const text = textOf(value, "bytesValue");
  if (!/^[\w+/-]*={0,2}$/.test(text)) throw new BadRecord("bytesValue: expected base64");
  return Buffer.from(text, "base64").toString("base64");
}
