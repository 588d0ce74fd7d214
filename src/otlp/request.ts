/**
 * From the bytes of an OTLP request to spans in terms of the contract. Each record stands for itself:
 * good ones are taken, bad ones are counted with the reason, and what we do not keep is counted, too.
 */
import { excessOf } from "../contract/scan.ts";
import type { Claim, LogPiece } from "../contract/units.ts";
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";
import { compareVersions, type SpanVersion } from "../contract/version.ts";
import { AppError } from "../errors.ts";
import { maxOtlpBodyBytes, wire } from "../limits.ts";
import { claimReaderOf, pieceOf, type GroupSource } from "./agents.ts";
import * as json from "./json.ts";
import { belongsToSpan, eventNameOf, logText } from "./logs.ts";
import * as proto from "./proto.ts";
import { BadRecord, BadRequest, requestNames, type Group, type Records } from "./records.ts";
import { mapSpan, problemOf, surroundingsOf, type Surroundings } from "./span.ts";
import { MalformedMessage } from "./wire.ts";

export const signals = ["traces", "logs", "metrics"] as const;
export type Signal = (typeof signals)[number];
export type Encoding = "protobuf" | "json";

export interface MappedTrace {
  traceId: string;
  /** No id comes twice. */
  spans: { span: ImportedSpan; header: TraceHeader; claim?: Claim }[];
  logs?: { spanId: string; json: string }[];
  /** Log records that say what an agent did. */
  pieces?: LogPiece[];
}

export interface Mapped {
  traces: MappedTrace[];
  /** Records that are stored. */
  accepted: number;
  /** Records that cannot be stored, by reason. */
  refused: Map<string, number>;
  /** Records that are none of ours: metrics, and logs of no span. */
  dropped: number;
}

/** @throws AppError `invalid_otlp`. */
export function readRequest(signal: Signal, encoding: Encoding, body: Uint8Array): Mapped {
  switch (signal) {
    case "traces":
      return mapSpans(decode(signal, encoding, body, json.readTraces, proto.readTraces));
    case "logs":
      return mapLogs(decode(signal, encoding, body, json.readLogs, proto.readLogs));
    case "metrics":
      return countMetrics(decode(signal, encoding, body, json.readMetrics, proto.readMetrics));
  }
}

/** What each path takes. */
const expected: Record<Signal, Records> = { traces: "Spans", logs: "Logs", metrics: "Metrics" };

function decode<J, P>(
  signal: Signal,
  encoding: Encoding,
  body: Uint8Array,
  fromJson: (text: string) => J,
  fromProto: (bytes: Uint8Array) => P,
): J | P {
  try {
    if (encoding === "protobuf") return fromProto(body);
    const text = new TextDecoder().decode(body);
    const excess = excessOf(text);
    if (excess !== null) throw new BadRequest(excess);
    return fromJson(text);
  } catch (cause) {
    if (cause instanceof MalformedMessage || cause instanceof BadRequest) {
      const what = encoding === "protobuf" ? "malformed protobuf message" : "malformed request";
      const hint = `${signal} are an ${requestNames[expected[signal]]}`;
      throw new AppError("invalid_otlp", `${what}: ${cause.message}`, { hint, cause });
    }
    throw cause;
  }
}

function mapSpans(groups: ReturnType<typeof json.readTraces>): Mapped {
  const byTrace = new Map<string, Map<string, MappedTrace["spans"][number]>>();
  const refused = new Map<string, number>();
  // Spans that say the same of their trace share one object, which the store looks up once.
  const headers = new Map<string, TraceHeader>();
  let accepted = 0;
  let dropped = 0;
  let resourceLength = 0;
  for (const group of groups) {
    const surroundings = surroundingsOf(group);
    // Each span gets it: 1 MB of resource for 1,600 spans would be 4 GB out of 14 KB of gzip.
    resourceLength += (surroundings.resource?.length ?? 0) * group.records.length;
    if (resourceLength > maxOtlpBodyBytes) {
      throw new AppError("invalid_otlp", "the resources are too large for so many spans", {
        hint: "send fewer spans at once, or shorter resource attributes",
      });
    }
    const claimOf = claimReaderOf(sourceOf(group, surroundings));
    for (const record of group.records) {
      const problem = record instanceof BadRecord ? record.message : problemOf(record);
      if (record instanceof BadRecord || problem !== null) {
        count(refused, problem!);
        continue;
      }
      const { traceId, spanId } = record;
      const claim = claimOf?.(record);
      const mapped = mapSpan(record, surroundings);
      if (!mapped) {
        dropped++;
        continue;
      }
      accepted++;
      const { span, header } = mapped;
      const key = JSON.stringify(header);
      let shared = headers.get(key);
      if (!shared) headers.set(key, (shared = header));
      let spans = byTrace.get(traceId);
      if (!spans) byTrace.set(traceId, (spans = new Map()));
      const before = spans.get(spanId);
      if (before && compare(before, mapped) > 0) continue;
      const isSure = claim && claimTypes[claim.kind] === span.spanType;
      spans.set(spanId, { span, header: shared, ...(isSure && { claim }) });
    }
  }
  const traces = [...byTrace].map(([traceId, spans]) => ({ traceId, spans: [...spans.values()] }));
  return { traces, accepted, refused, dropped };
}

/** By the same rule as the store. */
function compare(a: Omit<SpanVersion, "source">, b: typeof a): number {
  const source = "otlp";
  return a.span.endTime - b.span.endTime || compareVersions({ ...a, source }, { ...b, source });
}

function mapLogs(groups: ReturnType<typeof json.readLogs>): Mapped {
  const byTrace = new Map<string, { spanId: string; json: string }[]>();
  const pieces: LogPiece[] = [];
  const refused = new Map<string, number>();
  let accepted = 0;
  let dropped = 0;
  for (const group of groups) {
    const surroundings = surroundingsOf(group);
    const source = sourceOf(group, surroundings);
    const { resource = "{}" } = surroundings;
    for (const record of group.records) {
      if (record instanceof BadRecord) {
        count(refused, record.message);
        continue;
      }
      const isOfSpan = belongsToSpan(record);
      // Else its span would be looked for by half a name.
      if (!isOfSpan) record.traceId = record.spanId = "";
      const said = pieceOf(record, eventNameOf(record), source);
      if (!said && !isOfSpan) {
        dropped++;
        continue;
      }
      const text = logText(record, said?.agent);
      if (text.length > wire.payloadLength) {
        count(refused, `log record: more than ${wire.payloadLength} characters`);
        continue;
      }
      if (said && resource.length > maxResourceLength) {
        count(refused, `log record: a resource of more than ${maxResourceLength} characters`);
        continue;
      }
      accepted++;
      if (said) {
        pieces.push({ ...said.piece, json: text, resource });
        continue;
      }
      let logs = byTrace.get(record.traceId);
      if (!logs) byTrace.set(record.traceId, (logs = []));
      logs.push({ spanId: record.spanId, json: text });
    }
  }
  const traces: MappedTrace[] = [...byTrace].map(([traceId, logs]) => ({
    traceId,
    spans: [],
    logs,
  }));
  if (pieces.length > 0) traces.push({ traceId: "", spans: [], pieces });
  return { traces, accepted, refused, dropped };
}

function countMetrics(groups: ReturnType<typeof json.readMetrics>): Mapped {
  const refused = new Map<string, number>();
  let dropped = 0;
  for (const record of recordsOf(groups)) {
    if (record) count(refused, record.message);
    else dropped++;
  }
  return { traces: [], accepted: 0, refused, dropped };
}

function recordsOf<R>(groups: Group<R>[]): R[] {
  return groups.flatMap(({ records }) => records);
}

/** Each record is kept with it: 1 MB of resource for 10,000 records would be 10 GB. */
const maxResourceLength = 64 * 1024;

function sourceOf({ resource }: Group<unknown>, { scope, serviceName }: Surroundings): GroupSource {
  return { scopeName: scope.scopeName, serviceName, resource: resource.attributes };
}

/** What a span has to be, to say what records say. */
const claimTypes = { turn: "agent", call: "llm", tool: "tool" };

function count(counts: Map<string, number>, reason: string): void {
  counts.set(reason, (counts.get(reason) ?? 0) + 1);
}
