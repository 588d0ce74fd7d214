/** Between a span of the wire and its row: its cells, and what stands in `extra`. */
import { usageOf, isRuntime, type Payloads } from "../../contract/fields.ts";
import {
  spanStatuses,
  spanTypes,
  type ImportedSpan,
  type Span,
  type SpanExtension,
  type TraceHeader,
} from "../../contract/v1.ts";
import { cellOf, toCell } from "../db/cells.ts";
import { columnsBut, type Cells } from "../db/columns.ts";
import { spans } from "../db/schema.ts";

/** Fields that nothing filters or sums by: kept as JSON in `extra`, so that a row stays lean. */
export const extraFields = [
  "modelCallMs",
  "responseTimeMs",
  "reasoningDurationMs",
  "effectiveOutputTps",
  "effectiveTotalTps",
  "outputTps",
  "inputTps",
  "chunkJitter",
  "systemFingerprint",
  "safetyMetadata",
  "rateLimit",
] as const satisfies (keyof Span)[];

/** What v1 lacks and nothing filters by, from `x`: kept under that name in `extra`. */
const extensionFields = [
  "spanName",
  "kind",
  "traceState",
  "flags",
  "statusMessage",
  "droppedAttributesCount",
  "droppedEventsCount",
  "droppedLinksCount",
  "droppedLogsCount",
  "endTimeUnixNano",
  "reportedCostUsd",
  "usageDetails",
  "serviceTier",
  "toolCallId",
  "toolCallKey",
  "isModelInherited",
  "statusCode",
  "isStartMissing",
  "fromLogs",
  "beforeLogs",
  "isFromLogs",
  "wholeLengths",
] as const satisfies (keyof SpanExtension)[];

/** Where and when a span is stored, and its payloads. */
const placeColumns = ["key", "receivedAt", "lists"] as const;

/** What a span cost by the prices as they stood: it changes without the span. */
export const costColumns = ["priceId", "cost", "isCostEstimated"] as const;

/** What follows from the spans beside it: it is written once they are. */
export const markColumns = ["repeats", "shownBy"] as const;

/** The columns that say what a span is. */
export const contentColumns = columnsBut(spans, [...placeColumns, ...costColumns, ...markColumns]);

export const rowColumns = columnsBut(spans, markColumns);

export type SpanContent = Cells<typeof spans, (typeof contentColumns)[number]>;
export type CostCells = Cells<typeof spans, (typeof costColumns)[number]>;
type Place = Cells<typeof spans, (typeof placeColumns)[number]>;

/** The ids that stand for a span's texts. */
export interface SpanIds {
  source: number;
  header: number;
  name: number;
  provider: number | null;
  model: number | null;
  requestModel: number | null;
  instrumentation: number | null;
  textKeys: number | null;
}

export function toContent(span: ImportedSpan, ids: SpanIds): SpanContent {
  const usage = span.usage ?? {};
  return {
    spanId: toCell(span.spanId),
    parentSpanId: cellOf(span.parentSpanId),
    spanType: spanTypes.indexOf(span.spanType),
    status: span.status === undefined ? null : spanStatuses.indexOf(span.status),
    startTime: span.startTime,
    durationMs: span.endTime - span.startTime,
    startNanos: span.x?.startNanos ?? null,
    endNanos: span.x?.endNanos ?? null,
    sourceId: ids.source,
    headerId: ids.header,
    nameId: ids.name,
    providerId: ids.provider,
    modelId: ids.model,
    errorMessage: cellOf(span.errorMessage),
    inputTokens: usage.inputTokens ?? null,
    outputTokens: usage.outputTokens ?? null,
    totalTokens: usage.totalTokens ?? null,
    reasoningTokens: usage.reasoningTokens ?? null,
    cachedInputTokens: usage.cachedInputTokens ?? null,
    cacheWriteInputTokens: usage.cacheWriteInputTokens ?? null,
    imageCount: usage.imageCount ?? null,
    webSearchCount: usage.webSearchCount ?? null,
    requestCount: usage.requestCount ?? null,
    ttftMs: span.ttftMs ?? null,
    metadata: span.metadata === undefined ? null : JSON.stringify(span.metadata),
    extra: toExtra(span),
    requestModelId: ids.requestModel,
    responseId: cellOf(span.x?.responseId),
    instrumentationId: ids.instrumentation,
    textKeysId: ids.textKeys,
    isRuntime: Number(isRuntime(span)),
  };
}

/** Completes a row in place: a copy of it by a spread takes several times as long as all else here. */
export function toRow(content: SpanContent, place: Place, cost: CostCells) {
  const row = content as SpanContent & Place & CostCells;
  row.key = place.key;
  row.receivedAt = place.receivedAt;
  row.lists = place.lists;
  row.priceId = cost.priceId;
  row.cost = cost.cost;
  row.isCostEstimated = cost.isCostEstimated;
  return row;
}

function toExtra(span: ImportedSpan): string | null {
  let extra: Record<string, unknown> | null = null;
  for (const field of extraFields) {
    if (span[field] !== undefined) (extra ??= {})[field] = span[field];
  }
  // An empty object has no column to stand in, yet was sent.
  if (span.usage && Object.keys(span.usage).length === 0) (extra ??= {}).usage = {};
  if (span.x) {
    let x: Record<string, unknown> | null = null;
    for (const field of extensionFields) {
      if (span.x[field] !== undefined) (x ??= {})[field] = span.x[field];
    }
    if (x) (extra ??= {}).x = x;
  }
  return extra && JSON.stringify(extra);
}

type Row = typeof spans.$inferSelect;

/** The texts behind a row's ids. */
export interface NameLookup {
  nameOf(id: number): string;
  /** The id of a text, null where no row has it. */
  findId(text: string): number | null;
  headerOf(id: number): TraceHeader;
}

/** A row as the wire has it, less its payloads. Absent stays absent. */
export function spanOf(row: Row, names: NameLookup): Span {
  const usage = usageOf(row);
  const { x: _, ...extra } = row.extra === null ? {} : JSON.parse(row.extra);
  return {
    spanId: row.spanId,
    ...(row.parentSpanId !== null && { parentSpanId: row.parentSpanId }),
    spanType: spanTypes[row.spanType]!,
    name: names.nameOf(row.nameId),
    startTime: row.startTime,
    endTime: row.startTime + row.durationMs,
    ...(row.status !== null && { status: spanStatuses[row.status]! }),
    ...(row.errorMessage !== null && { errorMessage: row.errorMessage }),
    ...(row.providerId !== null && { provider: names.nameOf(row.providerId) }),
    ...(row.modelId !== null && { modelId: names.nameOf(row.modelId) }),
    ...(usage && { usage }),
    ...(row.ttftMs !== null && { ttftMs: row.ttftMs }),
    ...(row.metadata !== null && { metadata: JSON.parse(row.metadata) }),
    ...extra,
  };
}

/** What of a row's `x` stands neither in its payloads nor in other columns. */
export function extensionOf(row: Row, names: NameLookup): SpanExtension {
  const { responseId, requestModelId, instrumentationId, textKeysId } = row;
  return {
    ...(responseId !== null && { responseId }),
    ...(requestModelId !== null && { requestModelId: names.nameOf(requestModelId) }),
    ...(instrumentationId !== null && { instrumentation: names.nameOf(instrumentationId) }),
    ...(textKeysId !== null && { textKeys: JSON.parse(names.nameOf(textKeysId)) }),
    ...(row.extra !== null && JSON.parse(row.extra).x),
  };
}

/** A row with its payloads, and with what v1 has no field for under `x`. */
export function wholeSpanOf(
  row: Row,
  { attributes, resource, events, traceAttributes, ...sent }: Payloads,
  names: NameLookup,
) {
  const x: SpanExtension & { source: string; receivedAt: number } = {
    source: names.nameOf(row.sourceId),
    receivedAt: row.receivedAt,
    ...(row.startNanos !== null && { startNanos: row.startNanos }),
    ...(row.endNanos !== null && { endNanos: row.endNanos }),
    ...(row.isRuntime === 1 && { isRuntime: true as const }),
    ...(attributes !== undefined && { attributes }),
    ...(resource !== undefined && { resource }),
    ...(events !== undefined && { events }),
    ...(traceAttributes !== undefined && { traceAttributes }),
    ...extensionOf(row, names),
  };
  return { span: { ...spanOf(row, names), ...sent }, x };
}
