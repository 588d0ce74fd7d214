/** Log records of spans: the form in which they are kept with their span, and what they say of it. */
import type { UnitKind } from "../contract/units.ts";
import type { LogReport } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { readUnit } from "./agents.ts";
import { isAbort, type SpanType } from "./kind.ts";
import { messagesOf, type MessageEvent, type Messages } from "./messages.ts";
import { toNanosText, type Attributes, type LogRecord } from "./records.ts";
import { hasKeys, isId } from "./span.ts";
import { isMap, textOf } from "./values.ts";

/** Whether a record names the span that it belongs to. */
export function belongsToSpan({ traceId, spanId }: LogRecord): boolean {
  return isId(traceId, 32) && isId(spanId, 16);
}

/**
 * A log record as an entry among its span's events.
 *
 * @param agent whose record it is, where it says what that did.
 */
export function logText(record: LogRecord, agent?: string): string {
  const { attributes, body, severity, severityNumber } = record;
  return JSON.stringify({
    type: "log",
    ...(agent && { agent }),
    name: eventNameOf(record),
    timeUnixNano: toNanosText(record.time),
    ...(severity && { severity }),
    ...(severityNumber && { severityNumber }),
    ...(body !== null && { body }),
    ...(hasKeys(attributes) && { attributes }),
  });
}

/** Newer senders have a field for it, others an attribute, others the body. */
export function eventNameOf({ eventName, attributes, body }: LogRecord): string {
  // Codex fills the field with a place in its own sources.
  if (eventName && !eventName.startsWith("event ")) return eventName;
  const named = textOf(attributes, ["event.name"]);
  if (named) return named;
  return typeof body === "string" && /^[\w.]{1,100}$/.test(body) ? body : eventName;
}

const kinds: Partial<Record<SpanType, UnitKind>> = { agent: "turn", llm: "call", tool: "tool" };

/**
 * What log records say of their span.
 *
 * @param entries log records as `logText` wrote them, the earliest first; an import may hold others.
 */
export function readLogs(entries: object[], spanType: SpanType = "other"): LogReport {
  const told = (entries as Attributes[]).filter(({ agent }) => typeof agent === "string");
  const kind = kinds[spanType];
  const unit = told.length > 0 && kind ? readUnit(told[0]!.agent as string, kind, told) : {};
  const { error, model, costUsd, name: _, ...rest } = unit;
  return {
    ...failureOf(entries as Attributes[]),
    ...readMessages(entries),
    ...rest,
    ...(error !== undefined && { errorMessage: error.slice(0, wire.errorMessageLength) }),
    ...(model !== undefined && { modelId: model }),
    ...(costUsd !== undefined && { reportedCostUsd: costUsd }),
  };
}

/** From OpenTelemetry's ERROR on: what is handled is recorded below. */
const errorSeverity = 17;

/** Exceptions come as log records, too. */
function failureOf(entries: Attributes[]): Pick<LogReport, "status" | "errorMessage"> {
  const thrown = entries.findLast(
    ({ name, attributes }) => name === "exception" && isMap(attributes),
  );
  if (!thrown) return {};
  const attributes = thrown.attributes as Attributes;
  const type = textOf(attributes, ["exception.type"]);
  const message = textOf(attributes, ["exception.message"]) ?? type;
  const { severityNumber } = thrown;
  const isError = typeof severityNumber === "number" && severityNumber >= errorSeverity;
  const status = isAbort(type, message) ? "aborted" : isError ? "error" : undefined;
  return {
    ...(status && { status }),
    ...(message !== undefined && { errorMessage: message.slice(0, wire.errorMessageLength) }),
  };
}

function readMessages(entries: object[]): Messages {
  const events = (entries as Attributes[]).map(({ name, attributes, body }): MessageEvent => ({
    name: typeof name === "string" ? name : "",
    attributes: isMap(attributes) ? attributes : {},
    body: body ?? null,
  }));
  const messages = messagesOf(events);
  for (const field of ["input", "output", "toolCatalog"] as const) {
    if (messages[field]) messages[field] = messages[field].slice(0, wire.payloadLength);
  }
  return messages;
}
