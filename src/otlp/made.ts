/** Spans made of log records: the same mapping as of spans that were sent, from the conventions' words. */
import type { UnitKind } from "../contract/units.ts";
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";
import { wire } from "../limits.ts";
import { identityOf, readUnit } from "./agents.ts";
import type { Reading } from "./events.ts";
import { originOf } from "./recognise.ts";
import { fromNanosText, type Attributes, type SpanRecord } from "./records.ts";
import { mapSpan } from "./span.ts";
import { surroundingsIn } from "./surroundings.ts";

/** The records of one unit. */
interface UnitRecords {
  agent: string;
  kind: UnitKind;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  startMs: number;
  endMs: number;
  /** As they are kept, the earliest first. */
  logs: string[];
  /** Resource and scope of the first, as JSON. */
  resource: string;
}

/** @returns the span without its records, and the trace-level fields that it carries. */
export function makeSpan(unit: UnitRecords): { span: ImportedSpan; header: TraceHeader } {
  const { agent, kind, resource, startMs, endMs } = unit;
  const entries = unit.logs.map((json) => JSON.parse(json) as Attributes);
  const reading = readUnit(agent, kind, entries);
  const last = Math.max(
    ...entries
      .map(({ timeUnixNano }) => fromNanosText(timeUnixNano))
      .filter(({ ms }) => ms === endMs)
      .map(({ nanos }) => nanos),
    0,
  );
  const record: SpanRecord = {
    ...plainRecord,
    traceId: unit.traceId,
    spanId: unit.spanId,
    parentSpanId: unit.parentSpanId ?? "",
    name: nameOf(agent, kind, reading),
    start: { ms: startMs, nanos: startMs === endMs ? last : 0 },
    end: { ms: endMs, nanos: last },
    attributes: attributesOf(agent, kind, entries, reading),
    events: [],
    links: [],
  };
  const surroundings = surroundingsIn(resource);
  // As of an unknown sender: this one is known for the words of its spans, and these have others.
  const mapped = mapSpan(record, { ...surroundings, origin: originOf("", "") })!;
  return { span: filled(mapped.span, reading), header: mapped.header };
}

const plainRecord = {
  traceState: "",
  flags: 0,
  kind: 1,
  statusCode: 0,
  statusMessage: "",
  droppedAttributesCount: 0,
  droppedEventsCount: 0,
  droppedLinksCount: 0,
};

const operations: Record<UnitKind, string> = {
  turn: "invoke_agent",
  call: "chat",
  tool: "execute_tool",
};

function nameOf(agent: string, kind: UnitKind, { name, model }: Reading): string {
  const of = kind === "turn" ? agent : kind === "call" ? model : name;
  return of ? `${operations[kind]} ${of}` : operations[kind];
}

function attributesOf(
  agent: string,
  kind: UnitKind,
  entries: Attributes[],
  { name, model, provider, responseId }: Reading,
): Attributes {
  return {
    ...identityOf(entries),
    "gen_ai.operation.name": operations[kind],
    ...(kind === "turn" && { "gen_ai.agent.name": agent }),
    ...(kind === "tool" && name !== undefined && { "gen_ai.tool.name": name }),
    ...(kind === "call" && model !== undefined && { "gen_ai.request.model": model }),
    ...(kind === "call" && provider !== undefined && { "gen_ai.provider.name": provider }),
    ...(kind === "call" && responseId !== undefined && { "gen_ai.response.id": responseId }),
  };
}

/** What the records say stands as it is: it needs no reading any more. */
function filled(span: ImportedSpan, reading: Reading): ImportedSpan {
  const { status, error, usage, ttftMs, input, output, toolCatalog, costUsd } = reading;
  const { usage: _, ...whole } = span;
  const x = { ...span.x, isFromLogs: true as const };
  if (costUsd !== undefined) x.reportedCostUsd = costUsd;
  return {
    ...whole,
    status: status ?? "ok",
    ...(error !== undefined && { errorMessage: error.slice(0, wire.errorMessageLength) }),
    ...(usage && { usage }),
    ...(ttftMs !== undefined && { ttftMs }),
    ...(input !== undefined && { input }),
    ...(output !== undefined && { output }),
    ...(toolCatalog !== undefined && { toolCatalog }),
    x,
  };
}
