/**
 * OTLP's messages from JSON to the records, as tolerant as the specification asks: ids in hex of any
 * case, 64-bit integers as strings or numbers, enums as numbers or names, unknown fields ignored. Fields
 * may have the names of the .proto file (`trace_id`), as in any JSON of protobuf, and those that scopes
 * had until 2022 (`instrumentationLibrarySpans`).
 * A field of a wrong type makes its record bad, not the request. Values are read by recursion: whoever
 * calls has checked how deep the text nests.
 *
 * https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding
 * https://protobuf.dev/programming-guides/json/
 */
import { isObject, parseRequests, type Json } from "./jsontext.ts";
import {
  BadRecord,
  BadRequest,
  Budget,
  noAttributes,
  notUnderstood,
  refusedAs,
  requestNames,
  type Attributes,
  type Group,
  type Instant,
  type LogRecord,
  type Records,
  type Resource,
  type Scope,
  type SpanRecord,
  type Value,
} from "./records.ts";

/** @throws BadRequest */
export function readTraces(text: string): Group<SpanRecord | BadRecord>[] {
  return readAll(text, "Spans", readSpan);
}

/** @throws BadRequest */
export function readLogs(text: string): Group<LogRecord | BadRecord>[] {
  return readAll(text, "Logs", readLog);
}

/** Metrics are only counted. @throws BadRequest */
export function readMetrics(text: string): Group<null | BadRecord>[] {
  return readAll(text, "Metrics", () => null);
}

type ReadRecord<R> = (json: Json, budget: Budget) => R;

/** Where records are in their scope; logs had a name of their own until 2022. */
const recordFields: Record<Records, string[]> = {
  Spans: ["spans"],
  Logs: ["logRecords", "logs"],
  Metrics: ["metrics"],
};

function readAll<R>(
  text: string,
  kind: Records,
  readRecord: ReadRecord<R>,
): Group<R | BadRecord>[] {
  const budget = new Budget((what) => new BadRequest(what));
  const requests = parseRequests(text);
  // The Collector writes the requests of all signals into one file: the lines of others are told.
  if (requests.length > 1) {
    return requests.flatMap((request) => {
      budget.record();
      const other = otherThan(kind, request);
      return other
        ? [refusedAs(`a line of ${other}, not resource${kind}`)]
        : readGroups(request, kind, readRecord, budget);
    });
  }
  const [request] = requests;
  const other = otherThan(kind, request);
  if (other) throw new BadRequest(`${other}, not resource${kind}`);
  return readGroups(request, kind, readRecord, budget);
}

/** The field of another signal that a request has instead. */
function otherThan(kind: Records, request: unknown): string | undefined {
  if (!isObject(request) || `resource${kind}` in request) return undefined;
  return Object.keys(requestNames)
    .map((other) => `resource${other}`)
    .find((field) => field in request);
}

function readGroups<R>(
  json: unknown,
  kind: Records,
  readRecord: ReadRecord<R>,
  budget: Budget,
): Group<R | BadRecord>[] {
  // Other formats are lists of spans: Zipkin's, for one.
  if (Array.isArray(json) && json.length > 0) return [notUnderstood(kind)];
  const groups: Group<R | BadRecord>[] = [];
  const names = {
    resources: [`resource${kind}`],
    scopes: [`scope${kind}`, `instrumentationLibrary${kind}`],
    records: recordFields[kind],
  };
  let hasUnknown = false;
  try {
    const request = objectOf(json, "the request");
    note(request, names.resources);
    for (const [ofResource, at] of itemsOf(request, names.resources)) {
      budget.record();
      const resource = readResource(ofResource, at, budget);
      note(ofResource, ["resource", "schemaUrl", ...names.scopes]);
      for (const [ofScope, scopeAt] of itemsOf(ofResource, names.scopes, at)) {
        budget.record();
        const scope = readScope(ofScope, scopeAt, budget);
        note(ofScope, ["scope", "instrumentationLibrary", "schemaUrl", ...names.records]);
        const records = names.records.flatMap((name) =>
          listOf(ofScope[name], `${scopeAt}.${name}`),
        );
        groups.push({ resource, scope, records: records.map((record) => tryRead(record)) });
      }
    }
  } catch (cause) {
    if (cause instanceof BadRecord) throw new BadRequest(cause.message);
    throw cause;
  }
  const isEmpty = groups.every(({ records }) => records.length === 0);
  return isEmpty && hasUnknown ? [...groups, notUnderstood(kind)] : groups;

  function note(message: Json, known: string[]): void {
    hasUnknown ||= Object.keys(message).some((name) => !known.includes(name));
  }

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

/** The messages in these lists of a message, each with where it stands. */
function itemsOf(message: Json, names: string[], at?: string): [Json, string][] {
  return names.flatMap((name) => {
    const list = at === undefined ? name : `${at}.${name}`;
    return listOf(message[name], list).map((item, i): [Json, string] => [
      objectOf(item, `${list}[${i}]`),
      `${list}[${i}]`,
    ]);
  });
}

function readResource(json: Json, at: string, budget: Budget): Resource {
  const resource = optionalObject(json.resource, `${at}.resource`);
  return {
    attributes: attributesOf(resource.attributes, `${at}.resource.attributes`, budget),
    schemaUrl: textOf(json.schemaUrl, `${at}.schemaUrl`),
  };
}

function readScope(json: Json, at: string, budget: Budget): Scope {
  const scope = optionalObject(json.scope ?? json.instrumentationLibrary, `${at}.scope`);
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
  if (isObject(value)) return value;
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
  if (/^[\da-f]*$/i.test(id)) return id.toLowerCase();
  // What JSON of protobuf has for bytes; OTLP differs there.
  const isBase64 = /^(?:[\w+/-]{22}==|[\w+/-]{11}=)$/.test(id);
  throw new BadRecord(`${field}: expected an id in hex${isBase64 ? ", not in base64" : ""}`);
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
    const isWithin = text.length < 20 || BigInt(text) < 2n ** 64n;
    if (isWithin) return { ms: Number(text.slice(0, -6)), nanos: Number(text.slice(-6)) };
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
