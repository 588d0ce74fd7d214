/** The facts of a trace's spans from their rows, for who writes the trace and for who counts it. */
import type { Database } from "bun:sqlite";
import { usageOf, payloadFields, usageColumns } from "../../contract/fields.ts";
import { spanStatuses, spanTypes } from "../../contract/v1.ts";
import { reportedPico } from "../../tally/figure.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { type SpanFacts } from "../../tally/spanfacts.ts";
import { Tally } from "../../tally/tally.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { type Cells } from "../db/columns.ts";
import { createCleanup } from "../db/open.ts";
import { type spans } from "../db/schema.ts";
import { readEntries } from "../payload/lists.ts";
import { type NameLookup } from "./rows.ts";

const inputSlot = payloadFields.indexOf("input") + 1;
const outputSlot = payloadFields.indexOf("output") + 1;

const columns = [
  "key",
  "spanId",
  "parentSpanId",
  "spanType",
  "status",
  "startTime",
  "durationMs",
  "ttftMs",
  "nameId",
  "providerId",
  "modelId",
  "headerId",
  "cost",
  "isCostEstimated",
  "requestModelId",
  "responseId",
  "instrumentationId",
  "repeats",
  "shownBy",
  "lists",
  "isRuntime",
  ...usageColumns,
] as const;

const ofExtra = (["reportedCostUsd", "isModelInherited", "toolCallId", "toolCallKey"] as const).map(
  (field) => `json_extract(extra, '$.x.${field}') AS ${field}`,
);

interface FactsRow extends Cells<typeof spans, (typeof columns)[number]> {
  reportedCostUsd: number | null;
  isModelInherited: number | null;
  toolCallId: Cell | null;
  toolCallKey: string | null;
}

/** @returns what reads the tally of a trace by its key. */
export function createTallyReader(db: Database, names: NameLookup): (traceKey: number) => Tally {
  const selectFacts = db.query<FactsRow, [number, number]>(
    `SELECT ${[...columns, ...ofExtra]} FROM spans WHERE key BETWEEN ? AND ? ORDER BY key`,
  );

  function factsOf(row: FactsRow): SpanFacts {
    const entries = row.lists ? readEntries(row.lists) : [];
    return {
      key: row.key,
      spanId: fromCell(row.spanId),
      parentSpanId: row.parentSpanId === null ? undefined : fromCell(row.parentSpanId),
      spanType: spanTypes[row.spanType]!,
      status: spanStatuses[row.status ?? 0]!,
      startTime: row.startTime,
      endTime: row.startTime + row.durationMs,
      ttftMs: row.ttftMs ?? undefined,
      toolName: spanTypes[row.spanType] === "tool" ? names.nameOf(row.nameId) : undefined,
      provider: row.providerId === null ? undefined : names.nameOf(row.providerId),
      modelId: row.modelId === null ? undefined : names.nameOf(row.modelId),
      isModelInherited: row.isModelInherited === 1,
      requestModelId: row.requestModelId === null ? undefined : names.nameOf(row.requestModelId),
      responseId: row.responseId === null ? undefined : fromCell(row.responseId),
      instrumentation:
        row.instrumentationId === null ? undefined : names.nameOf(row.instrumentationId),
      toolCallId: row.toolCallId === null ? undefined : fromCell(row.toolCallId),
      toolCallKey: row.toolCallKey ?? undefined,
      usage: usageOf(row),
      hasInput: entries.some(({ slot }) => slot === inputSlot),
      hasOutput: entries.some(({ slot }) => slot === outputSlot),
      isRuntime: row.isRuntime === 1,
      cost: row.cost === null ? undefined : BigInt(row.cost),
      isCostEstimated: row.isCostEstimated === 1,
      reportedCost: reportedPico(row.reportedCostUsd),
      header: names.headerOf(row.headerId),
      ...((row.repeats !== null || row.shownBy !== null) && {
        mark: { repeats: row.repeats, shownBy: row.shownBy },
      }),
    };
  }

  return (traceKey) => {
    const tally = new Tally();
    const cleanUp = createCleanup(db);
    for (const row of selectFacts.iterate(...spanKeyRange(traceKey))) {
      tally.put(factsOf(row));
      cleanUp();
    }
    return tally;
  };
}
