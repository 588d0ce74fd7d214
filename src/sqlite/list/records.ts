/** Traces by their key or the sender's id, as the rows that they are and as records that others read. */
import { and, eq, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { usdOf } from "../../backend/costs.ts";
import type { TraceRecord, TraceRef } from "../../backend/traces.ts";
import { TraceState, type Summary } from "../../backend/views.ts";
import { AppError } from "../../errors.ts";
import { staleAfterMs } from "../../limits.ts";
import { projects, traces } from "../db/schema.ts";
import type { Source } from "../source.ts";
import { storedIdOf } from "./ids.ts";

export type TraceRow = typeof traces.$inferSelect;

interface Found {
  trace: TraceRow;
  project: string;
}

/** Of these traces, in this order; one that is gone is left out. */
export function readRows({ db }: Pick<Source, "db">, keys: readonly number[]): Found[] {
  const rows = db
    .select({ trace: traces, project: projects.name })
    .from(traces)
    .innerJoin(projects, eq(projects.id, traces.projectId))
    .where(sql`${traces.key} IN (SELECT value FROM json_each(${JSON.stringify(keys)}))`)
    .all();
  const byKey = new Map(rows.map((row) => [row.trace.key, row]));
  return keys.flatMap((key) => byKey.get(key) ?? []);
}

/** @throws AppError `not_found`; `conflict` with the list where several projects have the id. */
export function findTrace(db: BunSQLiteDatabase, ref: TraceRef): Found {
  const conditions =
    "key" in ref
      ? [eq(traces.key, ref.key)]
      : [
          eq(traces.traceId, ref.traceId),
          ref.projectId === undefined ? undefined : eq(traces.projectId, ref.projectId),
        ];
  const found = db
    .select({ trace: traces, project: projects.name })
    .from(traces)
    .innerJoin(projects, eq(projects.id, traces.projectId))
    .where(and(...conditions))
    .all();
  if (found.length > 1) {
    throw new AppError("conflict", "several projects have a trace of this id", {
      hint: "add ?project=<name>, or address it by ~<key>",
      extra: { projects: found.map(({ project }) => project) },
    });
  }
  if (found[0]) return found[0];
  const stored = "key" in ref ? null : storedIdOf(ref.traceId);
  if (stored !== null) return findTrace(db, { ...ref, traceId: stored });
  throw new AppError("not_found", "no such trace");
}

export function toRecord({ trace, project }: Found, nowMs: number): TraceRecord {
  return {
    key: trace.key,
    projectId: trace.projectId,
    summary: toSummary(trace, project, nowMs),
    metadata: trace.metadata === null ? null : JSON.parse(trace.metadata),
    cost: trace.cost,
    version: versionOf(trace),
  };
}

/** What changes is settled anew, in a later step. */
export function versionOf({
  isSettled,
  settledStep,
}: Pick<TraceRow, "isSettled" | "settledStep">): number | null {
  return isSettled === 1 ? settledStep : null;
}

export function toSummary(row: TraceRow, project: string, nowMs: number): Summary {
  return {
    key: row.key,
    project,
    traceId: row.traceId,
    name: row.traceName ?? row.agentName,
    traceName: row.traceName,
    agentName: row.agentName,
    workflowName: row.workflowName,
    workflowRunId: row.workflowRunId,
    sessionId: row.sessionId,
    customer: row.customer === null ? null : JSON.parse(row.customer),
    source: row.source,
    startTime: row.startTime,
    endTime: row.endTime,
    durationMs: row.endTime - row.startTime,
    receivedAt: row.receivedAt,
    lastReceivedAt: row.lastReceivedAt,
    status: row.status as Summary["status"],
    state: stateOf(row, nowMs),
    spanCount: row.spanCount,
    internalSpanCount: row.internalSpanCount,
    isInternal: row.isInternal === 1,
    llmCount: row.llmCount,
    toolCount: row.toolCount,
    errorCount: row.errorCount,
    models: JSON.parse(row.models),
    ttftMs: row.ttftMs,
    inputTokens: row.inputTokens,
    outputTokens: row.outputTokens,
    totalTokens: row.totalTokens,
    cachedInputTokens: row.cachedInputTokens,
    cacheWriteInputTokens: row.cacheWriteInputTokens,
    reasoningTokens: row.reasoningTokens,
    costUsd: usdOf(row.cost),
    isCostEstimated: row.estimatedSpanCount > 0,
    reportedCostUsd: usdOf(row.reportedCost),
    pricedSpanCount: row.pricedSpanCount,
    priceableSpanCount: row.priceableSpanCount,
    inputPreview: row.inputPreview,
    outputPreview: row.outputPreview,
    pinned: row.isPinned === 1,
  };
}

export interface StateRow {
  rootCount: number;
  lastReceivedAt: number;
}

/** Whether a trace goes on. */
export function stateOf({ rootCount, lastReceivedAt }: StateRow, nowMs: number): TraceState {
  if (rootCount > 0) return "ended";
  // Also where the clock was set back since.
  return Math.abs(nowMs - lastReceivedAt) > staleAfterMs ? "stale" : "open";
}
