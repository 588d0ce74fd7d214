/** Rules about one span, as the design words them. */
import type { ReadLogs } from "../../../src/backend/writer.ts";
import { droppedFields, type ImportedSpan, type TraceHeader } from "../../../src/contract/v1.ts";

/** What a sender says: a span, the fields of its trace, and what it came by. */
export interface Content {
  sent: ImportedSpan;
  header: TraceHeader;
  source: string;
}

/** Without what is accepted and dropped, and without members that say nothing. */
export function plainly(span: ImportedSpan): ImportedSpan {
  const { x = {}, ...own } = span;
  const known = (fields: object) =>
    Object.entries(fields).filter(
      ([name, value]) => value !== undefined && !droppedFields.some((dropped) => dropped === name),
    );
  const { receivedAt: _, source: __, ...extension } = x;
  const more = Object.fromEntries(known(extension));
  return {
    ...(Object.fromEntries(known(own)) as ImportedSpan),
    ...(Object.keys(more).length > 0 && { x: more }),
  };
}

/** Of two versions the later end wins, on a tie the one with more bytes of content, then the greater hash. */
export function wins(one: Content, known: Content): boolean {
  const later = one.sent.endTime - known.sent.endTime;
  const [content, other] = [contentOf(one), contentOf(known)];
  if (later !== 0 || content === other) return later > 0;
  const richer = Buffer.byteLength(content) - Buffer.byteLength(other);
  return richer === 0 ? sha256(content) > sha256(other) : richer > 0;
}

const sha256 = (text: string) => new Bun.CryptoHasher("sha256").update(text).digest("hex");

/** What was sent as JSON with its keys in order, without what is concluded from the rest. */
function contentOf({ sent: { x, ...span }, header, source }: Content): string {
  const { isRuntime: _, ...more } = x ?? {};
  const content = {
    header,
    source,
    span: Object.keys(more).length > 0 ? { ...span, x: more } : span,
  };
  return JSON.stringify(content, (_, value) =>
    value?.constructor === Object ? Object.fromEntries(Object.entries(value).sort(byName)) : value,
  );
}

const byName = ([a]: [string, unknown], [b]: [string, unknown]) => (a < b ? -1 : 1);

export const isCall = ({ spanType }: Pick<ImportedSpan, "spanType">) =>
  spanType === "llm" || spanType === "embedding";

export const reportsUsage = ({ usage }: Pick<ImportedSpan, "usage">) =>
  usage !== undefined && Object.keys(usage).length > 0;

/** Whether it says no more than that a program ran. */
export function isRuntime(span: ImportedSpan): boolean {
  const { x, spanType, status = "ok", usage, input, output, toolCatalog, systemPrompt } = span;
  const says = [usage, input, output, toolCatalog, systemPrompt].some((said) => said !== undefined);
  return x?.isRuntime === true && spanType === "other" && status === "ok" && !says;
}

/** A call of OTLP that reports usage and names no model has that of the nearest span above which names one. */
export function withModelFromAbove(span: ImportedSpan, all: readonly ImportedSpan[]): ImportedSpan {
  const isOtlp = span.x?.instrumentation !== undefined;
  if (!isOtlp || span.modelId !== undefined || !isCall(span) || !reportsUsage(span)) return span;
  const parentOf = ({ parentSpanId }: ImportedSpan) =>
    parentSpanId === undefined ? undefined : all.find(({ spanId }) => spanId === parentSpanId);
  let above = parentOf(span);
  for (let level = 0; above && level < 64; level++, above = parentOf(above)) {
    const { modelId } = above;
    if (modelId) return { ...span, modelId, x: { ...span.x, isModelInherited: true } };
  }
  return span;
}

/** With its log records among its events, the earliest first, and with what only they say. */
export function withLogs(span: ImportedSpan, logs: string[], read: ReadLogs): ImportedSpan {
  if (logs.length === 0) return span;
  const timeOf = (json: string) => BigInt(JSON.parse(json).timeUnixNano ?? 0);
  const sorted = [...new Set(logs)].sort((a, b) => {
    const [timeA, timeB] = [timeOf(a), timeOf(b)];
    return timeA < timeB ? -1 : timeA > timeB ? 1 : a < b ? -1 : 1;
  });
  const entries = sorted.map((json) => JSON.parse(json) as object);
  const others = JSON.parse(span.x?.events ?? "[]") as object[];
  const whole: ImportedSpan = {
    ...span,
    x: { ...span.x, events: JSON.stringify([...others, ...entries]) },
  };
  // Of what records can say the tests have this alone; the rest is the logs' own test.
  const { output } = read(entries, span.spanType);
  if (output === undefined || span.output !== undefined) return whole;
  return { ...whole, output, x: { ...whole.x, fromLogs: ["output"] } };
}

/** How OTLP's ids are stored that are written in upper case, as a UUID, or with 0x; null for other ids. */
export function storedId(id: string): string | null {
  const digits = id.trim().toLowerCase().replace(/^0x/, "").replaceAll(/[-{}]/g, "");
  const isHex = /^[0-9a-f]+$/.test(digits) && [16, 32].includes(digits.length);
  return isHex && digits !== id ? digits : null;
}
