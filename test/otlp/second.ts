/**
 * A second decoder of OTLP, on protobufjs and the schema beside this file: what the one by hand is
 * checked against. Slow and plain, 64-bit numbers as BigInt.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import protobuf, { type Type } from "protobufjs";
import type {
  Attributes,
  Group,
  Instant,
  LogRecord,
  SpanRecord,
  Value,
} from "../../src/otlp/records.ts";

const schema = readFileSync(join(import.meta.dir, "opentelemetry.proto"), "utf8");
const { root } = protobuf.parse(schema);
root.resolveAll();

export const requests = {
  Spans: root.lookupType("TracesRequest"),
  Logs: root.lookupType("LogsRequest"),
  Metrics: root.lookupType("MetricsRequest"),
};
export type Signal = keyof typeof requests;

export const recordsField = { Spans: "spans", Logs: "logRecords", Metrics: "metrics" } as const;

/** A decoded message; every field that is absent reads as its default, on the prototype. */
export type Message = Record<string, any>;

export function encode(type: Type, message: Message): Buffer {
  return Buffer.from(type.encode(type.fromObject(message)).finish());
}

export function tracesOf(request: Message): Group<SpanRecord>[] {
  return groupsOf(request, "Spans", spanOf);
}

export function logsOf(request: Message): Group<LogRecord>[] {
  return groupsOf(request, "Logs", logOf);
}

function groupsOf<R>(request: Message, signal: Signal, recordOf: (message: Message) => R) {
  return request[`resource${signal}`].flatMap((ofResource: Message) =>
    ofResource[`scope${signal}`].map((ofScope: Message): Group<R> => ({
      resource: {
        attributes: attributesOf(ofResource.resource?.attributes ?? []),
        schemaUrl: ofResource.schemaUrl,
      },
      scope: {
        name: ofScope.scope?.name ?? "",
        version: ofScope.scope?.version ?? "",
        attributes: attributesOf(ofScope.scope?.attributes ?? []),
        schemaUrl: ofScope.schemaUrl,
      },
      records: ofScope[recordsField[signal]].map(recordOf),
    })),
  );
}

function spanOf(span: Message): SpanRecord {
  return {
    traceId: hexOf(span.traceId),
    spanId: hexOf(span.spanId),
    parentSpanId: hexOf(span.parentSpanId),
    traceState: span.traceState,
    flags: span.flags,
    name: span.name,
    kind: span.kind,
    start: instantOf(span.startTimeUnixNano),
    end: instantOf(span.endTimeUnixNano),
    attributes: attributesOf(span.attributes),
    events: span.events.map((event: Message) => ({
      name: event.name,
      time: instantOf(event.timeUnixNano),
      attributes: attributesOf(event.attributes),
      droppedAttributesCount: event.droppedAttributesCount,
    })),
    links: span.links.map((link: Message) => ({
      traceId: hexOf(link.traceId),
      spanId: hexOf(link.spanId),
      traceState: link.traceState,
      attributes: attributesOf(link.attributes),
      flags: link.flags,
      droppedAttributesCount: link.droppedAttributesCount,
    })),
    statusCode: span.status?.code ?? 0,
    statusMessage: span.status?.message ?? "",
    droppedAttributesCount: span.droppedAttributesCount,
    droppedEventsCount: span.droppedEventsCount,
    droppedLinksCount: span.droppedLinksCount,
  };
}

function logOf(log: Message): LogRecord {
  const isTimed = String(log.timeUnixNano) !== "0";
  return {
    traceId: hexOf(log.traceId),
    spanId: hexOf(log.spanId),
    flags: log.flags,
    time: instantOf(isTimed ? log.timeUnixNano : log.observedTimeUnixNano),
    severity: log.severityText,
    severityNumber: log.severityNumber,
    eventName: log.eventName,
    body: valueOf(log.body),
    attributes: attributesOf(log.attributes),
  };
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function instantOf(time: unknown): Instant {
  const nanos = BigInt(String(time));
  return { ms: Number(nanos / 1_000_000n), nanos: Number(nanos % 1_000_000n) };
}

function attributesOf(pairs: Message[]): Attributes {
  const attributes: Attributes = Object.create(null);
  for (const { key, value } of pairs) attributes[key] = valueOf(value);
  return attributes;
}

function valueOf(any: Message | null): Value {
  if (!any?.value) return null;
  const value = any[any.value];
  switch (any.value) {
    case "intValue": {
      const integer = BigInt(String(value));
      return Number.isSafeInteger(Number(integer)) ? Number(integer) : String(integer);
    }
    case "doubleValue":
      return Number.isFinite(value) ? value : String(value);
    case "arrayValue":
      return value.values.map(valueOf);
    case "kvlistValue":
      return attributesOf(value.values);
    case "bytesValue":
      return Buffer.from(value).toString("base64");
    default:
      return value;
  }
}
