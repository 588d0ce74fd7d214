/**
 * OTLP's messages from JSON to the records, as tolerant as the specification asks: ids in hex of any
 * case, 64-bit integers as strings or numbers, enums as numbers or names, unknown fields ignored.
 * A field of a wrong type makes its record bad, not the request.
 *
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 */
import {
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
  readRecord: (json: Json) => R,
): Group<R | BadRecord>[] {
  const groups: Group<R | BadRecord>[] = [];
  const request = objectOf(parse(text), "the request");
  for (const [r, item] of listOf(request[`resource${signal}`], `resource${signal}`).entries()) {
    const at = `resource${signal}[${r}]`;
    const ofResource = objectOf(item, at);
    const resource = orBadRequest(at, () => readResource(ofResource));
    const scopes = listOf(ofResource[`scope${signal}`], `${at}.scope${signal}`);
    for (const [s, item] of scopes.entries()) {
      const scopeAt = `${at}.scope${signal}[${s}]`;
      const ofScope = objectOf(item, scopeAt);
      const scope = orBadRequest(scopeAt, () => readScope(ofScope));
      const records = listOf(ofScope[recordsField], `${scopeAt}.${recordsField}`);
      groups.push({ resource, scope, records: records.map((record) => tryRead(record)) });
    }
  }
  return groups;

  function tryRead(record: unknown): R | BadRecord {
    try {
      return readRecord(objectOf(record, "a record"));
    } catch (cause) {
      if (cause instanceof BadRecord || cause instanceof BadRequest) {
        return new BadRecord(cause.message);
      }
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

function readResource(json: Json): Resource {
  const resource = optionalObject(json.resource, "resource");
  return {
    attributes: attributesOf(resource.attributes, "resource.attributes"),
    schemaUrl: textOf(json.schemaUrl, "schemaUrl"),
  };
}

function readScope(json: Json): Scope {
  const scope = optionalObject(json.scope, "scope");
  return {
    name: textOf(scope.name, "scope.name"),
    version: textOf(scope.version, "scope.version"),
    attributes: attributesOf(scope.attributes, "scope.attributes"),
    schemaUrl: textOf(json.schemaUrl, "schemaUrl"),
  };
}

function readSpan(json: Json): SpanRecord {
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
    attributes: attributesOf(json.attributes, "attributes"),
    events: listOf(json.events, "events").map((item) => {
      const event = objectOf(item, "an event");
      return {
        name: textOf(event.name, "event.name"),
        time: timeOf(event.timeUnixNano, "event.timeUnixNano"),
        attributes: attributesOf(event.attributes, "event.attributes"),
        droppedAttributesCount: countOf(event.droppedAttributesCount, "droppedAttributesCount"),
      };
    }),
    links: listOf(json.links, "links").map((item) => {
      const link = objectOf(item, "a link");
      return {
        traceId: idOf(link.traceId, "link.traceId"),
        spanId: idOf(link.spanId, "link.spanId"),
        traceState: textOf(link.traceState, "link.traceState"),
        attributes: attributesOf(link.attributes, "link.attributes"),
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

function readLog(json: Json): LogRecord {
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
    body: valueOf(json.body),
    attributes: attributesOf(json.attributes, "attributes"),
  };
}

const kinds = /^(?:SPAN_KIND_)?(UNSPECIFIED|INTERNAL|SERVER|CLIENT|PRODUCER|CONSUMER)$/;
const statusCodes = /^(?:STATUS_CODE_)?(UNSET|OK|ERROR)$/;
const severities = /^(?:SEVERITY_NUMBER_)?(UNSPECIFIED|(?:TRACE|DEBUG|INFO|WARN|ERROR|FATAL)[234]?)$/;

/** An enum by number, or by name: a name's number is its place in the pattern's alternatives. */
function enumOf(value: unknown, names: RegExp, field: string): number {
  if (typeof value !== "string" || /^\d+$/.test(value)) return countOf(value, field);
  const name = names.exec(value)?.[1];
  if (name === undefined) throw new BadRecord(`${field}: no such name`);
  if (names === severities) return severityOf(name);
  return names.source.slice(names.source.lastIndexOf("(")).match(/[A-Z]+/g)!.indexOf(name);
}

/** TRACE is 1, TRACE2 2, DEBUG 5 and so on by fours. */
function severityOf(name: string): number {
  if (name === "UNSPECIFIED") return 0;
  const levels = ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"];
  return levels.indexOf(name.replace(/\d/, "")) * 4 + Number(/\d/.exec(name)?.[0] ?? 1);
}

function objectOf(value: unknown, field: string): Json {
  if (typeof value === "object" && value !== null && !Array.isArray(value)) return value as Json;
  throw new BadRequest(`${field}: expected an object`);
}

function optionalObject(value: unknown, field: string): Json {
  if (value === undefined || value === null) return {};
  if (typeof value !== "object" || Array.isArray(value)) {
    throw new BadRecord(`${field}: expected an object`);
  }
  return value as Json;
}

function listOf(value: unknown, field: string): unknown[] {
  if (value === undefined || value === null) return [];
  if (Array.isArray(value)) return value;
  throw new BadRequest(`${field}: expected an array`);
}

function orBadRequest<T>(at: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof BadRecord) throw new BadRequest(`${at}.${cause.message}`);
    throw cause;
  }
}

function textOf(value: unknown, field: string): string {
  if (value === undefined || value === null) return "";
  if (typeof value === "string") return value;
  throw new BadRecord(`${field}: expected a string`);
}

function idOf(value: unknown, field: string): string {
  return textOf(value, field).toLowerCase();
}

function countOf(value: unknown, field: string): number {
  if (value === undefined || value === null) return 0;
  const number = typeof value === "string" ? Number(value) : value;
  if (typeof number === "number" && Number.isInteger(number) && number >= 0 && number < 2 ** 32) {
    return number;
  }
  throw new BadRecord(`${field}: expected a number of 32 bits`);
}

function timeOf(value: unknown, field: string): Instant {
  if (value === undefined || value === null) return { ms: 0, nanos: 0 };
  const text = typeof value === "number" ? String(value) : value;
  if (typeof text === "string" && /^\d{1,20}$/.test(text)) {
    const nanos = BigInt(text);
    if (nanos < 2n ** 64n) return toInstant(Number(nanos >> 32n), Number(nanos & 0xffffffffn));
  }
  throw new BadRecord(`${field}: expected nanoseconds of 64 bits`);
}

function attributesOf(value: unknown, field: string): Attributes {
  const attributes = noAttributes();
  for (const item of listOf(value, field)) {
    const { key, value } = objectOf(item, field);
    attributes[textOf(key, `${field}: a key`)] = valueOf(value);
  }
  return attributes;
}

/** AnyValue: `{"stringValue": …}` and its alternatives; anything else is no value. */
function valueOf(json: unknown): Value {
  if (json === undefined || json === null) return null;
  const any = objectOf(json, "a value");
  if (typeof any.stringValue === "string") return any.stringValue;
  if (any.intValue !== undefined) return integerOf(any.intValue);
  if (typeof any.boolValue === "boolean") return any.boolValue;
  if (any.doubleValue !== undefined) return doubleOf(any.doubleValue);
  if (any.arrayValue !== undefined) {
    return listOf(optionalObject(any.arrayValue, "arrayValue").values, "arrayValue").map(valueOf);
  }
  if (any.kvlistValue !== undefined) {
    return attributesOf(optionalObject(any.kvlistValue, "kvlistValue").values, "kvlistValue");
  }
  if (typeof any.bytesValue === "string") return any.bytesValue;
  return null;
}

function integerOf(value: unknown): Value {
  if (typeof value === "number") return value;
  if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) {
    return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  }
  throw new BadRecord("intValue: expected an integer of 64 bits");
}

/** Numbers that JSON lacks come as "NaN", "Infinity" and "-Infinity", and stay so. */
function doubleOf(value: unknown): Value {
  if (typeof value === "number") return value;
  if (value === "NaN" || value === "Infinity" || value === "-Infinity") return value;
  if (typeof value === "string" && value.trim() !== "" && Number.isFinite(Number(value))) {
    return Number(value);
  }
  throw new BadRecord("doubleValue: expected a number");
}
