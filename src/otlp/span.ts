/** One span of OTLP in terms of the contract; see the rooms beside it for each of its parts. */
import {
  spanKinds,
  type ImportedSpan,
  type SpanExtension,
  type TraceHeader,
} from "../contract/v1.ts";
import { takeContent } from "./content.ts";
import {
  errorMessageOf,
  headerOf,
  metadataOf,
  modelIdOf,
  nameOf,
  ownersOf,
  providerOf,
  providerOfService,
} from "./identity.ts";
import { spanTypeOf, statusOf } from "./kind.ts";
import { toNanosText, type Group, type SpanRecord } from "./records.ts";
import { reportedCostOf, ttftOf, usageOf } from "./usage.ts";
import { textOf } from "./values.ts";

/** What all spans of a group share. */
export interface Surroundings {
  scopeName: string;
  serviceName: string;
  /** Whose spans these are where the spans themselves do not say it. */
  owners: ReturnType<typeof ownersOf>;
  /** Resource and scope as JSON text; absent where they say nothing. */
  resource: string | undefined;
}

export function surroundingsOf({ resource, scope }: Group<unknown>): Surroundings {
  const { name, version, attributes, schemaUrl } = scope;
  const text = JSON.stringify({
    ...(hasKeys(resource.attributes) && { attributes: resource.attributes }),
    ...(resource.schemaUrl && { schemaUrl: resource.schemaUrl }),
    ...((name || version || schemaUrl || hasKeys(attributes)) && {
      scope: {
        name,
        ...(version && { version }),
        ...(hasKeys(attributes) && { attributes }),
        ...(schemaUrl && { schemaUrl }),
      },
    }),
  });
  return {
    scopeName: scope.name,
    serviceName: textOf(resource.attributes, ["service.name"]) ?? "",
    owners: ownersOf(resource.attributes),
    resource: text === "{}" ? undefined : text,
  };
}

/** @returns why a span cannot be stored; null where it can. */
export function problemOf({ traceId, spanId, parentSpanId }: SpanRecord): string | null {
  if (!isId(traceId, 32)) return "traceId: expected 16 bytes that are not all zero";
  if (!isId(spanId, 16)) return "spanId: expected 8 bytes that are not all zero";
  if (/[^0]/.test(parentSpanId) && !isId(parentSpanId, 16)) {
    return "parentSpanId: expected 8 bytes or none";
  }
  return null;
}

export function isId(id: string, length: 16 | 32): boolean {
  return id.length === length && /^[0-9a-f]*$/.test(id) && /[^0]/.test(id);
}

/** pydantic-ai announces each span by one of these; the span itself follows. */
export function isAnnouncement({ attributes }: SpanRecord): boolean {
  return attributes["logfire.span_type"] === "pending_span";
}

/** Secrets that the AI SDK records with the headers of its requests. */
const headerPrefix = "ai.request.headers.";
const secretHeader = /auth|cookie|key|token|secret|password|credential/i;

/**
 * Maps a span that has no problem. Takes the record apart: it must not be used afterwards.
 *
 * @returns the span, and the trace-level fields that it carries.
 */
export function mapSpan(
  record: SpanRecord,
  { scopeName, serviceName, owners, resource }: Surroundings,
): { span: ImportedSpan; header: TraceHeader } {
  if (!/[^0]/.test(record.parentSpanId)) record.parentSpanId = "";
  const { attributes, start } = record;
  for (const key in attributes) {
    if (key.startsWith(headerPrefix) && secretHeader.test(key.slice(headerPrefix.length))) {
      delete attributes[key];
    }
  }
  const modelId = modelIdOf(attributes);
  const named = providerOf(attributes, modelId);
  const usage = usageOf(record, scopeName, named);
  const hasModel = modelId !== undefined;
  const hasTokens = (usage?.inputTokens ?? usage?.outputTokens ?? usage?.totalTokens) !== undefined;
  const provider = named ?? (hasModel || hasTokens ? providerOfService(serviceName) : undefined);
  const spanType = spanTypeOf(record, { scopeName, serviceName, hasModel, hasTokens });
  const status = statusOf(record);
  const isReversed =
    record.end.ms < start.ms || (record.end.ms === start.ms && record.end.nanos < start.nanos);
  const end = isReversed ? start : record.end;
  const errorMessage = errorMessageOf(record, status);
  const ttftMs = ttftOf(record, scopeName);
  const metadata = metadataOf(attributes);
  const reportedCostUsd = reportedCostOf(attributes);
  const name = nameOf(record, spanType, scopeName);
  const header = headerOf(record, spanType, name, { serviceName, ...owners });
  const content = takeContent(record, spanType);
  const events = eventsText(record);
  const kind = spanKinds[record.kind - 1];
  // Set one by one: as many conditional spreads take a fifth of the mapping's time.
  const x: SpanExtension = { startNanos: start.nanos, endNanos: end.nanos };
  if (hasKeys(attributes)) x.attributes = JSON.stringify(attributes);
  if (resource !== undefined) x.resource = resource;
  if (events !== undefined) x.events = events;
  if (name !== record.name) x.spanName = record.name;
  if (kind) x.kind = kind;
  if (record.traceState) x.traceState = record.traceState;
  if (record.flags) x.flags = record.flags;
  if (record.statusMessage && record.statusMessage !== errorMessage) {
    x.statusMessage = record.statusMessage;
  }
  if (record.droppedAttributesCount) x.droppedAttributesCount = record.droppedAttributesCount;
  if (record.droppedEventsCount) x.droppedEventsCount = record.droppedEventsCount;
  if (record.droppedLinksCount) x.droppedLinksCount = record.droppedLinksCount;
  if (isReversed) x.endTimeUnixNano = toNanosText(record.end);
  if (reportedCostUsd !== undefined) x.reportedCostUsd = reportedCostUsd;
  const span: ImportedSpan = {
    spanId: record.spanId,
    spanType,
    name,
    startTime: start.ms,
    endTime: end.ms,
    status,
    ...content,
    x,
  };
  if (record.parentSpanId) span.parentSpanId = record.parentSpanId;
  if (errorMessage !== undefined) span.errorMessage = errorMessage;
  if (provider !== undefined) span.provider = provider;
  if (modelId !== undefined) span.modelId = modelId;
  if (usage) span.usage = usage;
  if (ttftMs !== undefined) span.ttftMs = ttftMs;
  if (metadata) span.metadata = metadata;
  return { span, header };
}

/** Events and links as JSON: an array, whose elements the store keeps once each. */
function eventsText({ events, links }: SpanRecord): string | undefined {
  if (events.length === 0 && links.length === 0) return undefined;
  return JSON.stringify([
    ...links.map(({ attributes, traceState, flags, droppedAttributesCount, ...link }) => ({
      type: "link",
      ...link,
      ...(traceState && { traceState }),
      ...(flags && { flags }),
      ...(hasKeys(attributes) && { attributes }),
      ...(droppedAttributesCount && { droppedAttributesCount }),
    })),
    ...events.map(({ name, time, attributes, droppedAttributesCount }) => ({
      type: "event",
      name,
      timeUnixNano: toNanosText(time),
      ...(hasKeys(attributes) && { attributes }),
      ...(droppedAttributesCount && { droppedAttributesCount }),
    })),
  ]);
}

export function hasKeys(map: object): boolean {
  for (const _ in map) return true;
  return false;
}
