/** Lists of traces, and finding one by its id or key. */
import { and, desc, eq, gte, lt, sql, type SQL } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { AppError } from "../errors.ts";
import { staleAfterMs } from "../limits.ts";
import { projects, traces } from "../store/schema.ts";
import { usdOf } from "./costs.ts";
import { parseCursor, toCursor } from "./cursor.ts";
import type { Summary, TracePage, TraceState } from "./views.ts";

export interface TraceQuery {
  limit: number;
  cursor?: string | undefined;
  /** Epoch ms; a trace belongs to the window in which it started. */
  since?: number | undefined;
  until?: number | undefined;
  projectId?: number | undefined;
}

/** A trace by the key of its summary, or by the sender's id and, where needed, the project. */
export type TraceRef = { key: number } | { traceId: string; projectId?: number | undefined };

export type TraceRow = typeof traces.$inferSelect;

/** Newest first. A trace that was there at the first page is on some page. */
export function listTraces(db: BunSQLiteDatabase, query: TraceQuery, nowMs: number): TracePage {
  const conditions: SQL[] = [];
  if (query.projectId !== undefined) conditions.push(eq(traces.projectId, query.projectId));
  if (query.since !== undefined) conditions.push(gte(traces.startTime, query.since));
  if (query.until !== undefined) conditions.push(lt(traces.startTime, query.until));
  if (query.cursor !== undefined) {
    const [startTime, key] = parseCursor(query.cursor, 2);
    conditions.push(sql`(${traces.startTime}, ${traces.key}) < (${startTime}, ${key})`);
  }
  const rows = db
    .select({ trace: traces, project: projects.name })
    .from(traces)
    .innerJoin(projects, eq(projects.id, traces.projectId))
    .where(and(...conditions))
    .orderBy(desc(traces.startTime), desc(traces.key))
    .limit(query.limit + 1)
    .all();
  const shown = rows.slice(0, query.limit);
  const last = shown.at(-1);
  return {
    traces: shown.map(({ trace, project }) => toSummary(trace, project, nowMs)),
    nextCursor:
      last && rows.length > query.limit ? toCursor([last.trace.startTime, last.trace.key]) : null,
  };
}

/** @throws AppError `not_found`; `conflict` with the list where several projects have the id. */
export function findTrace(
  db: BunSQLiteDatabase,
  ref: TraceRef,
): { trace: TraceRow; project: string } {
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
  if (!found[0]) throw new AppError("not_found", "no such trace");
  return found[0];
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
    state: toState(row, nowMs),
    spanCount: row.spanCount,
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
    pricedSpanCount: row.pricedSpanCount,
    priceableSpanCount: row.priceableSpanCount,
    inputPreview: row.inputPreview,
    outputPreview: row.outputPreview,
  };
}

function toState(row: TraceRow, nowMs: number): TraceState {
  if (row.rootCount > 0) return "ended";
  return nowMs - row.lastReceivedAt > staleAfterMs ? "stale" : "open";
}

// Placeholders until the filter is there.
export function listMatchingKeys(
  _source: unknown,
  _query: object,
  _after: number | null,
  _limit: number,
): { keys: number[]; next: number | null } {
  return { keys: [], next: null };
}
export function matches(_source: unknown, keys: number[], _filter: string): Set<number> {
  return new Set(keys);
}
export function summariesOf(
  { db }: { db: BunSQLiteDatabase },
  keys: number[],
  nowMs: number,
): Summary[] {
  return keys.map((key) => {
    const { trace, project } = findTrace(db, { key });
    return toSummary(trace, project, nowMs);
  });
}
