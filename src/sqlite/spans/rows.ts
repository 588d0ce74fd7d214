/** Between a span of the wire and its row: the columns in order, and what stands in `extra`. */
import { usageOf, isRuntime, usageColumns, type Payloads } from "../../contract/fields.ts";
import {
  spanStatuses,
  spanTypes,
  type ImportedSpan,
  type Span,
  type SpanExtension,
  type TraceHeader,
} from "../../contract/v1.ts";
import { toCell, type Cell } from "../db/cells.ts";
import type { spans } from "../db/schema.ts";

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

/** The columns of a span that say what it is; the rest say where and when it was stored. */
export const contentColumns = [
  "spanId",
  "parentSpanId",
  "spanType",
  "status",
  "startTime",
  "durationMs",
  "startNanos",
  "endNanos",
  "sourceId",
  "headerId",
  "nameId",
  "providerId",
  "modelId",
  "errorMessage",
  ...usageColumns,
  "ttftMs",
  "metadata",
  "extra",
  "requestModelId",
  "responseId",
  "instrumentationId",
  "textKeysId",
  "isRuntime",
] as const;

/** What a span cost by the prices as they stood: it changes without the span. */
export const costColumns = ["priceId", "cost", "isCostEstimated"] as const;

export const placeholdersOf = (columns: readonly string[]) => columns.map(() => "?").join(", ");

export type CellValue = Cell | number | null;

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

/** The cells of `contentColumns`, in that order. */
export function toContentCells(span: ImportedSpan, ids: SpanIds): CellValue[] {
  const usage = span.usage ?? {};
  return [
    toCell(span.spanId),
    span.parentSpanId === undefined ? null : toCell(span.parentSpanId),
    spanTypes.indexOf(span.spanType),
    span.status === undefined ? null : spanStatuses.indexOf(span.status),
    span.startTime,
    span.endTime - span.startTime,
    span.x?.startNanos ?? null,
    span.x?.endNanos ?? null,
    ids.source,
    ids.header,
    ids.name,
    ids.provider,
    ids.model,
    span.errorMessage === undefined ? null : toCell(span.errorMessage),
    usage.inputTokens ?? null,
    usage.outputTokens ?? null,
    usage.totalTokens ?? null,
    usage.reasoningTokens ?? null,
    usage.cachedInputTokens ?? null,
    usage.cacheWriteInputTokens ?? null,
    usage.imageCount ?? null,
    usage.webSearchCount ?? null,
    usage.requestCount ?? null,
    span.ttftMs ?? null,
    span.metadata === undefined ? null : JSON.stringify(span.metadata),
    toExtra(span),
    ids.requestModel,
    span.x?.responseId === undefined ? null : toCell(span.x.responseId),
    ids.instrumentation,
    ids.textKeys,
    Number(isRuntime(span)),
  ];
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
