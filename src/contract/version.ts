/**
 * Which of two versions of a span with the same end is kept. It is a function of what was sent alone, so
 * that any store comes to the same answer, in whatever order the versions came.
 */
import type { ImportedSpan, TraceHeader } from "./v1.ts";

export interface SpanVersion {
  /** Without what its log records and the spans around it gave it. */
  span: ImportedSpan;
  header: TraceHeader;
  /** Where the span's `x` names no other. */
  source: string;
}

/**
 * The content of a version: `{header, source, span}` as canonical JSON (RFC 8785: no whitespace, keys in
 * the order of their UTF-16 code units; lone surrogates as escapes). Left out is what is no part of what was
 * sent: log records, which every version of the span gets, when it was received, and what is concluded from
 * the rest.
 */
export function contentOf({ span, header, source }: SpanVersion): string {
  const { events, receivedAt: _, droppedLogsCount: __, isRuntime: ___, ...x } = span.x ?? {};
  const own = { ...x, events: events && withoutLogs(events), source: undefined };
  const hasMore = Object.values(own).some((value) => value !== undefined);
  return canonical({
    header,
    source: x.source ?? source,
    span: { ...span, x: hasMore ? own : undefined },
  });
}

/**
 * Below 0 where `a` is the lesser version, 0 where both say the same: the one with more bytes of content
 * (as UTF-8) is the greater, else the one whose content has the greater SHA-256.
 */
export function compareVersions(a: SpanVersion, b: SpanVersion): number {
  const [first, second] = [contentOf(a), contentOf(b)];
  if (first === second) return 0;
  const more = Buffer.byteLength(first) - Buffer.byteLength(second);
  return more || Buffer.compare(sha256(first), sha256(second));
}

function sha256(text: string): Buffer {
  return new Bun.CryptoHasher("sha256").update(text).digest();
}

/** Undefined where there is nothing else. An import's events may be any text: what is no list stays. */
function withoutLogs(events: string): string | undefined {
  let entries: unknown;
  try {
    entries = JSON.parse(events);
  } catch {
    return events;
  }
  if (!Array.isArray(entries)) return events;
  const others = entries.filter((entry) => entry instanceof Object && entry.type !== "log");
  return others.length > 0 ? JSON.stringify(others) : undefined;
}

function canonical(value: unknown): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(canonical).join()}]`;
  const fields = Object.entries(value)
    .filter(([, field]) => field !== undefined)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, field]) => `${JSON.stringify(name)}:${canonical(field)}`);
  return `{${fields.join()}}`;
}
