/**
 * A stored span mapped anew by the rules of this version, from the attributes that were kept with it:
 * what an earlier version did not understand is understood, and nothing that was stored is lost.
 */
import {
  spanKinds,
  type ImportedSpan,
  type SpanExtension,
  type TraceHeader,
} from "../contract/v1.ts";
import { fieldOf } from "./messages.ts";
import {
  fromNanosText,
  noAttributes,
  toInstant,
  type Attributes,
  type EventRecord,
  type Instant,
  type SpanRecord,
} from "./records.ts";
import { mapSpan } from "./span.ts";
import { surroundingsIn } from "./surroundings.ts";
import { isMap, mapOf, parseJson } from "./values.ts";

const textFields = ["input", "output", "toolCatalog"] as const;
type TextField = (typeof textFields)[number];

/** What the mapping makes of `x`; all else in it stays as it is. */
const mappedFields = [
  "attributes",
  "spanName",
  "reportedCostUsd",
  "responseId",
  "requestModelId",
  "instrumentation",
  "textKeys",
  "wholeLengths",
  "usageDetails",
  "serviceTier",
  "isRuntime",
  "toolCallId",
  "toolCallKey",
] as const satisfies (keyof SpanExtension)[];

/**
 * @param span as it is stored, with its payloads; its log records are among its events.
 * @returns null where it did not come by OTLP, or nothing of it can be read again.
 */
export function rereadSpan(
  span: ImportedSpan,
  traceId: string,
): { span: ImportedSpan; header: TraceHeader } | null {
  const { x = {} } = span;
  const attributes = x.attributes === undefined ? noAttributes() : parseJson(x.attributes);
  if (x.source !== "otlp" || !isMap(attributes)) return null;
  const { textKeys } = x;
  const has = (field: TextField) => span[field] !== undefined && !x.fromLogs?.includes(field);
  const texts = textFields.filter(has);
  for (const field of texts) {
    const key = textKeys?.[field];
    if (key !== undefined) attributes[key] ??= span[field]!;
  }
  // A text that was made of several attributes stays: they are not there any more.
  const settled = new Set(texts.filter((field) => textKeys && textKeys[field] === undefined));
  const mapped = mapSpan(recordOf(span, traceId, attributes), surroundingsIn(x.resource), settled);
  if (!mapped) return null;
  const { x: found = {}, ...fresh } = mapped.span;
  const kept: SpanExtension = { ...x };
  for (const field of mappedFields) {
    delete kept[field];
    Object.assign(kept, found[field] !== undefined && { [field]: found[field] });
  }
  const result: ImportedSpan = { ...fresh, x: kept };
  if (texts.length > 0) kept.textKeys ??= {};
  for (const field of texts) {
    const before = span[field]!;
    if (textKeys?.[field] !== undefined || fresh[field] === before) continue;
    if (fresh[field] === undefined) result[field] = before;
    else displace(kept, field, before);
  }
  return { span: result, header: mapped.header };
}

/** What an earlier version took for a text, and another takes the place of, stays readable. */
function displace(x: SpanExtension, field: TextField, text: string): void {
  x.attributes = JSON.stringify({ ...mapOf(x.attributes), [`displaced.${field}`]: text });
}

function recordOf(span: ImportedSpan, traceId: string, attributes: Attributes): SpanRecord {
  const { x = {}, status = "ok" } = span;
  const start: Instant = { ms: span.startTime, nanos: x.startNanos ?? 0 };
  const end: Instant = { ms: span.endTime, nanos: x.endNanos ?? 0 };
  return {
    traceId,
    spanId: span.spanId,
    parentSpanId: span.parentSpanId ?? "",
    traceState: x.traceState ?? "",
    flags: x.flags ?? 0,
    name: x.spanName ?? span.name,
    kind: x.kind === undefined ? 0 : spanKinds.indexOf(x.kind) + 1,
    start: x.isStartMissing ? toInstant(0, 0) : start,
    end: x.endTimeUnixNano === undefined ? end : fromNanosText(x.endTimeUnixNano),
    attributes,
    events: eventsIn(span),
    links: [],
    statusCode: x.statusCode ?? (status === "error" ? 2 : 0),
    statusMessage: x.statusMessage ?? span.errorMessage ?? "",
    droppedAttributesCount: x.droppedAttributesCount ?? 0,
    droppedEventsCount: x.droppedEventsCount ?? 0,
    droppedLinksCount: x.droppedLinksCount ?? 0,
  };
}

/** Without the events whose message has become part of a text: they only say when it was. */
function eventsIn({ x = {}, ...span }: ImportedSpan): EventRecord[] {
  const entries = x.events === undefined ? [] : parseJson(x.events);
  if (!Array.isArray(entries)) return [];
  return entries.filter(isMap).flatMap((entry) => {
    const name = String(entry.name ?? "");
    const field = fieldOf(name);
    if (entry.type !== "event" || (field !== null && span[field] !== undefined)) return [];
    return [
      {
        name,
        time: fromNanosText(entry.timeUnixNano),
        attributes: mapOf(entry.attributes),
        droppedAttributesCount: 0,
      },
    ];
  });
}
