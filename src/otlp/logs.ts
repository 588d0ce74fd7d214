/** Log records of spans: the form in which they are kept with their span, and what they say of it. */
import { wire } from "../limits.ts";
import { messagesOf, type MessageEvent, type Messages } from "./messages.ts";
import { toNanosText, type Attributes, type LogRecord } from "./records.ts";
import { hasKeys, isId } from "./span.ts";
import { isMap, textOf } from "./values.ts";

/** Whether a record names the span that it belongs to. */
export function belongsToSpan({ traceId, spanId }: LogRecord): boolean {
  return isId(traceId, 32) && isId(spanId, 16);
}

/** A log record as an entry among its span's events. */
export function logText(record: LogRecord): string {
  const { attributes, body, severity, severityNumber } = record;
  return JSON.stringify({
    type: "log",
    name: eventNameOf(record),
    timeUnixNano: toNanosText(record.time),
    ...(severity && { severity }),
    ...(severityNumber && { severityNumber }),
    ...(body !== null && { body }),
    ...(hasKeys(attributes) && { attributes }),
  });
}

/** Newer senders have a field for it, others an attribute, others the body. */
function eventNameOf({ eventName, attributes, body }: LogRecord): string {
  // Codex fills the field with a place in its own sources.
  if (eventName && !eventName.startsWith("event ")) return eventName;
  const named = textOf(attributes, ["event.name"]);
  if (named) return named;
  return typeof body === "string" && /^[\w.]{1,100}$/.test(body) ? body : eventName;
}

/** @param entries log records as `logText` wrote them, the earliest first; an import may hold others. */
export function readLogs(entries: object[]): Messages {
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
