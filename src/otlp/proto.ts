/**
 * OTLP's messages from protobuf, straight to the records. Field numbers are those of
 * opentelemetry-proto 1.9; unknown fields, and known ones of another type, are skipped. Scopes were
 * instrumentation libraries until 2022, with the same numbers, and for some versions beside them as 1000.
 */
import {
  noAttributes,
  notUnderstood,
  toDouble,
  toInstant,
  toInteger,
  type Attributes,
  type BadRecord,
  type EventRecord,
  type Group,
  type Instant,
  type LinkRecord,
  type LogRecord,
  type Records,
  type Resource,
  type Scope,
  type SpanRecord,
  type Value,
} from "./records.ts";
import { bytes, fixed32, fixed64, Reader, varint } from "./wire.ts";

/** ExportTraceServiceRequest. @throws MalformedMessage */
export function readTraces(message: Uint8Array): Group<SpanRecord | BadRecord>[] {
  return readGroups(message, "Spans", readSpan);
}

/** ExportLogsServiceRequest. @throws MalformedMessage */
export function readLogs(message: Uint8Array): Group<LogRecord | BadRecord>[] {
  return readGroups(message, "Logs", readLog);
}

/** ExportMetricsServiceRequest, whose metrics are only counted. @throws MalformedMessage */
export function readMetrics(message: Uint8Array): Group<null | BadRecord>[] {
  return readGroups(message, "Metrics", (reader) => {
    reader.budget.record();
    const outer = reader.enter();
    for (let tag; (tag = reader.next());) reader.skip(tag);
    reader.leave(outer);
    return null;
  });
}

/** The three requests share their frame: resources of scopes of records, under the same numbers. */
function readGroups<R>(
  message: Uint8Array,
  kind: Records,
  readRecord: (reader: Reader) => R,
): Group<R | BadRecord>[] {
  const reader = new Reader(message);
  const groups: Group<R>[] = [];
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) readResourceGroup(reader, readRecord, groups);
    else reader.skipUnknown(tag);
  }
  const isEmpty = groups.every(({ records }) => records.length === 0);
  return isEmpty && reader.hasUnknown ? [...groups, notUnderstood(kind)] : groups;
}

function readResourceGroup<R>(
  reader: Reader,
  readRecord: (reader: Reader) => R,
  groups: Group<R>[],
): void {
  reader.budget.record();
  // Fields come in any order, so the resource may follow what it holds for.
  const resource: Resource = { attributes: noAttributes(), schemaUrl: "" };
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) readResource(reader, resource);
    else if (tag === bytes(2) || tag === bytes(1000)) {
      groups.push(readScopeGroup(reader, resource, readRecord));
    } else if (tag === bytes(3)) resource.schemaUrl = reader.string();
    else reader.skipUnknown(tag);
  }
  reader.leave(outer);
}

function readResource(reader: Reader, { attributes }: Resource): void {
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) readKeyValue(reader, attributes);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readScopeGroup<R>(
  reader: Reader,
  resource: Resource,
  readRecord: (reader: Reader) => R,
): Group<R> {
  reader.budget.record();
  const scope: Scope = { name: "", version: "", attributes: noAttributes(), schemaUrl: "" };
  const records: R[] = [];
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) readScope(reader, scope);
    else if (tag === bytes(2)) records.push(readRecord(reader));
    else if (tag === bytes(3)) scope.schemaUrl = reader.string();
    else reader.skipUnknown(tag);
  }
  reader.leave(outer);
  return { resource, scope, records };
}

function readScope(reader: Reader, scope: Scope): void {
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) scope.name = reader.string();
    else if (tag === bytes(2)) scope.version = reader.string();
    else if (tag === bytes(3)) readKeyValue(reader, scope.attributes);
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readSpan(reader: Reader): SpanRecord {
  reader.budget.record();
  const span: SpanRecord = {
    traceId: "",
    spanId: "",
    parentSpanId: "",
    traceState: "",
    flags: 0,
    name: "",
    kind: 0,
    start: { ms: 0, nanos: 0 },
    end: { ms: 0, nanos: 0 },
    attributes: noAttributes(),
    events: [],
    links: [],
    statusCode: 0,
    statusMessage: "",
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    switch (tag) {
      case bytes(1):
        span.traceId = reader.hex();
        break;
      case bytes(2):
        span.spanId = reader.hex();
        break;
      case bytes(3):
        span.traceState = reader.string();
        break;
      case bytes(4):
        span.parentSpanId = reader.hex();
        break;
      case bytes(5):
        span.name = reader.string();
        break;
      case varint(6):
        span.kind = reader.uint32();
        break;
      case fixed64(7):
        span.start = readTime(reader);
        break;
      case fixed64(8):
        span.end = readTime(reader);
        break;
      case bytes(9):
        readKeyValue(reader, span.attributes);
        break;
      case varint(10):
        span.droppedAttributesCount = reader.uint32();
        break;
      case bytes(11):
        span.events.push(readEvent(reader));
        break;
      case varint(12):
        span.droppedEventsCount = reader.uint32();
        break;
      case bytes(13):
        span.links.push(readLink(reader));
        break;
      case varint(14):
        span.droppedLinksCount = reader.uint32();
        break;
      case bytes(15):
        readStatus(reader, span);
        break;
      case fixed32(16):
        span.flags = reader.fixed32();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return span;
}

function readTime(reader: Reader): Instant {
  const low = reader.fixed64();
  return toInstant(reader.high, low);
}

function readEvent(reader: Reader): EventRecord {
  reader.budget.record();
  const event: EventRecord = {
    name: "",
    time: { ms: 0, nanos: 0 },
    attributes: noAttributes(),
    droppedAttributesCount: 0,
  };
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === fixed64(1)) event.time = readTime(reader);
    else if (tag === bytes(2)) event.name = reader.string();
    else if (tag === bytes(3)) readKeyValue(reader, event.attributes);
    else if (tag === varint(4)) event.droppedAttributesCount = reader.uint32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return event;
}

function readLink(reader: Reader): LinkRecord {
  reader.budget.record();
  const link: LinkRecord = {
    traceId: "",
    spanId: "",
    traceState: "",
    attributes: noAttributes(),
    flags: 0,
    droppedAttributesCount: 0,
  };
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) link.traceId = reader.hex();
    else if (tag === bytes(2)) link.spanId = reader.hex();
    else if (tag === bytes(3)) link.traceState = reader.string();
    else if (tag === bytes(4)) readKeyValue(reader, link.attributes);
    else if (tag === varint(5)) link.droppedAttributesCount = reader.uint32();
    else if (tag === fixed32(6)) link.flags = reader.fixed32();
    else reader.skip(tag);
  }
  reader.leave(outer);
  return link;
}

function readStatus(reader: Reader, span: SpanRecord): void {
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(2)) span.statusMessage = reader.string();
    else if (tag === varint(3)) span.statusCode = reader.uint32();
    else reader.skip(tag);
  }
  reader.leave(outer);
}

function readLog(reader: Reader): LogRecord {
  reader.budget.record();
  const log: LogRecord = {
    traceId: "",
    spanId: "",
    flags: 0,
    time: { ms: 0, nanos: 0 },
    severity: "",
    severityNumber: 0,
    eventName: "",
    body: null,
    attributes: noAttributes(),
  };
  let observed = log.time;
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    switch (tag) {
      case fixed64(1):
        log.time = readTime(reader);
        break;
      case varint(2):
        log.severityNumber = reader.uint32();
        break;
      case bytes(3):
        log.severity = reader.string();
        break;
      case bytes(5):
        log.body = readValue(reader);
        break;
      case bytes(6):
        readKeyValue(reader, log.attributes);
        break;
      case fixed32(8):
        log.flags = reader.fixed32();
        break;
      case bytes(9):
        log.traceId = reader.hex();
        break;
      case bytes(10):
        log.spanId = reader.hex();
        break;
      case fixed64(11):
        observed = readTime(reader);
        break;
      case bytes(12):
        log.eventName = reader.string();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  if (log.time.ms === 0 && log.time.nanos === 0) log.time = observed;
  return log;
}

function readKeyValue(reader: Reader, into: Attributes): void {
  let key = "";
  let value: Value = null;
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) key = reader.repeated();
    else if (tag === bytes(2)) value = readValue(reader);
    else reader.skip(tag);
  }
  reader.leave(outer);
  reader.budget.attribute(key);
  into[key] = value;
}

/** AnyValue: of its alternatives the last one on the wire holds. */
function readValue(reader: Reader): Value {
  let value: Value = null;
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    switch (tag) {
      case bytes(1):
        value = reader.string();
        break;
      case varint(2):
        value = reader.bool();
        break;
      case varint(3): {
        const low = reader.uint64();
        value = toInteger(reader.high | 0, low);
        break;
      }
      case fixed64(4):
        value = toDouble(reader.double());
        break;
      case bytes(5):
        value = readArray(reader);
        break;
      case bytes(6):
        value = readMap(reader);
        break;
      case bytes(7):
        value = reader.base64();
        break;
      default:
        reader.skip(tag);
    }
  }
  reader.leave(outer);
  return value;
}

function readArray(reader: Reader): Value[] {
  const values: Value[] = [];
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) values.push(readValue(reader));
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}

function readMap(reader: Reader): Attributes {
  const values = noAttributes();
  const outer = reader.enter();
  for (let tag; (tag = reader.next());) {
    if (tag === bytes(1)) readKeyValue(reader, values);
    else reader.skip(tag);
  }
  reader.leave(outer);
  return values;
}
