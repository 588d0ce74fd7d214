/** Maps one OTLP span to the contract; the files beside it map its parts. */
import {
  spanKinds,
  type ImportedSpan,
  type SpanExtension,
  type TraceHeader,
} from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { takeContent } from "./content.ts";
import { detailsOf } from "./details.ts";
import {
  errorMessageOf,
  fitting,
  headerOf,
  metadataOf,
  modelsOf,
  nameOf,
  ownersOf,
} from "./identity.ts";
import type { Messages } from "./messages.ts";
import { providerOf } from "./provider.ts";
import { dialectOf, originOf, saysGenAi, type Origin } from "./recognise.ts";
import { toNanosText, type Group, type SpanRecord } from "./records.ts";
import type { Scope } from "./sender.ts";
import { reportedCostOf, ttftOf, usageOf } from "./usage.ts";
import { textOf } from "./values.ts";

/** Attributes in which a tool's span names the call it ran. */
const toolCallKeys = [
  "gen_ai.tool.call.id",
  "gen_ai.tool.call_id",
  "ai.toolCall.id",
  "tool_call.id",
  "tool.call_id",
  "tool_call_id",
  "call_id",
  "tool_use_id",
];

/** What all spans of a group share. */
export interface Surroundings {
  scope: Scope;
  serviceName: string;
  origin: Origin;
  /** Agent and workflow for spans that do not name them. */
  owners: ReturnType<typeof ownersOf>;
  /** Resource and scope as JSON text; absent if empty. */
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
  const serviceName = textOf(resource.attributes, ["service.name"]) ?? "";
  const origin = originOf(name, serviceName);
  return {
    scope: { scopeName: name },
    serviceName,
    origin,
    owners: ownersOf(resource.attributes, origin.dialect.keys),
    resource: text === "{}" ? undefined : text,
  };
}

/** @returns why a span cannot be stored; null if it can. */
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

/** The AI SDK records request headers, which can contain secrets. */
const headerPrefix = "ai.request.headers.";
const secretHeader = /auth|cookie|key|token|secret|password|credential/i;

const noTexts: ReadonlySet<keyof Messages> = new Set();

/**
 * Maps a valid span. Modifies the record, which must not be used afterwards.
 *
 * @param settled texts that the span already has, which are not searched for.
 * @returns the span and its trace-level fields; null for a span that only announces another.
 */
export function mapSpan(
  record: SpanRecord,
  { scope, serviceName, origin, owners, resource }: Surroundings,
  settled: ReadonlySet<keyof Messages> = noTexts,
): { span: ImportedSpan; header: TraceHeader } | null {
  const { scopeName } = scope;
  const dialect = dialectOf(record, origin);
  if (dialect.isAnnouncement(record)) return null;
  if (!/[^0]/.test(record.parentSpanId)) record.parentSpanId = "";
  const { attributes } = record;
  for (const key in attributes) {
    if (key.startsWith(headerPrefix) && secretHeader.test(key.slice(headerPrefix.length))) {
      delete attributes[key];
    }
  }
  const { start, end, isStartMissing, isReversed } = timesOf(record);
  const { modelId, requestModelId } = modelsOf(record, dialect);
  const named = providerOf(attributes, dialect, modelId);
  const details = detailsOf(attributes);
  const isRepeated = dialect.repeatsUsage(record) === true;
  const usage = isRepeated ? undefined : usageOf(record, dialect, named, scope, details);
  const hasModel = modelId !== undefined;
  const hasTokens = (usage?.inputTokens ?? usage?.outputTokens ?? usage?.totalTokens) !== undefined;
  const isUsed = hasModel || hasTokens;
  const provider = named ?? (isUsed ? dialect.provider(record) : undefined);
  const spanType = dialect.spanType(record, { scopeName, hasModel, hasTokens }) ?? "other";
  // An embedding uses only input.
  if (spanType === "embedding" && usage?.totalTokens !== undefined) {
    usage.inputTokens ??= usage.totalTokens;
  }
  const status = dialect.status(record) ?? "ok";
  const errorMessage = errorMessageOf(record, status, dialect.keys);
  const ttftMs = isRepeated ? undefined : ttftOf(record, dialect);
  const metadata = metadataOf(attributes, dialect);
  const reportedCostUsd = reportedCostOf(record, dialect);
  const name = nameOf(record, spanType, dialect, modelId, scopeName);
  const header = headerOf(record, spanType, name, dialect, serviceName, owners);
  const isCall = spanType === "llm" || spanType === "embedding";
  const responseId = isCall
    ? fitting(textOf(attributes, dialect.keys.responseId), wire.responseIdLength)
    : undefined;
  const toolCallKey =
    spanType === "tool"
      ? toolCallKeys.find((key) => textOf(attributes, [key]) !== undefined)
      : undefined;
  const toolCallId = toolCallKey && fitting(textOf(attributes, [toolCallKey]), wire.idLength);
  const isRuntime = spanType === "other" && !saysGenAi(record);
  const { messages, textKeys, wholeLengths } = takeContent(record, spanType, dialect, settled);
  const events = eventsText(record);
  const kind = spanKinds[record.kind - 1];
  // Assigned one by one: conditional spreads would take a fifth of the mapping's time.
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
  // An error without an explicit code counts as having the error code.
  const isTold = record.statusCode === (status === "error" ? 2 : 0);
  if (!isTold && record.statusCode <= 2) x.statusCode = record.statusCode;
  if (hasKeys(messages)) x.textKeys = textKeys;
  if (hasKeys(wholeLengths)) x.wholeLengths = wholeLengths;
  if (isStartMissing) x.isStartMissing = true;
  if (isRuntime) x.isRuntime = true;
  if (responseId !== undefined) x.responseId = responseId;
  if (requestModelId !== undefined) x.requestModelId = requestModelId;
  if (toolCallId) {
    x.toolCallId = toolCallId;
    x.toolCallKey = toolCallKey!;
  }
  if ((isCall || toolCallId) && scopeName)
    x.instrumentation = scopeName.slice(0, wire.instrumentationLength);
  if (reportedCostUsd !== undefined) x.reportedCostUsd = reportedCostUsd;
  if (details.usageDetails) x.usageDetails = details.usageDetails;
  if (details.serviceTier) x.serviceTier = details.serviceTier;
  const span: ImportedSpan = {
    spanId: record.spanId,
    spanType,
    name,
    startTime: start.ms,
    endTime: end.ms,
    status,
    ...messages,
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

/** Without a start, the start is the end; an end before the start is moved to the start. */
function timesOf({ start, end }: SpanRecord) {
  const isStartMissing = start.ms === 0 && start.nanos === 0 && end.ms > 0;
  const isReversed = end.ms < start.ms || (end.ms === start.ms && end.nanos < start.nanos);
  return {
    start: isStartMissing ? end : start,
    end: isReversed ? start : end,
    isStartMissing,
    isReversed,
  };
}

/** Events and links as a JSON array; the store deduplicates its elements. */
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
