/**
 * Log records of spans: they become part of their span, and wait where it has not come yet. The same
 * records and the same span give the same row, whichever comes first and however often.
 */
import type { Database } from "bun:sqlite";
import type { SpanLog } from "../../backend/batch.ts";
import type { ReadLogs } from "../../backend/writer.ts";
import {
  loggedFields,
  type ImportedSpan,
  type LoggedField,
  type LogReport,
  type SpanExtension,
} from "../../contract/v1.ts";
import { waitingLogs as limits, logsPerSpan } from "../../limits.ts";
import { recordRejects } from "../accounts/rejects.ts";
import { fromCell, toCell, type Cell } from "../db/cells.ts";
import { columnsBut, prepareInsert } from "../db/columns.ts";
import { waitingLogs as table } from "../db/schema.ts";
import { keptTimes } from "./expiry.ts";

type Entry = { type: string; timeUnixNano?: string };

/** The log records among a span's events. */
export function logsIn(events: string | undefined): string[] {
  if (!events?.includes('"log"')) return [];
  return entriesOf(events)
    .filter(({ type }) => type === "log")
    .map((entry) => JSON.stringify(entry));
}

/** An import's events may be any text; what is no list of entries has none. */
function entriesOf(events: string): Entry[] {
  try {
    const entries: unknown = JSON.parse(events);
    return Array.isArray(entries) ? entries.filter((entry) => entry instanceof Object) : [];
  } catch {
    return [];
  }
}

/**
 * A span with these log records beside those that it has, and with what only they say.
 *
 * @param droppedBefore how many an earlier version of it had too many.
 * @param removed records that are no longer its own.
 */
export function withLogs(
  span: ImportedSpan,
  logs: string[],
  read: ReadLogs,
  droppedBefore = 0,
  removed: ReadonlySet<string> = new Set(),
): ImportedSpan {
  const { droppedLogsCount = droppedBefore, events = "[]" } = span.x ?? {};
  const others = entriesOf(events).filter(({ type }) => type !== "log");
  const all = [...new Set([...logsIn(events), ...logs])]
    .filter((json) => !removed.has(json))
    .map((json) => ({ json, entry: JSON.parse(json) as Entry }))
    .sort((a, b) => compareTimes(a.entry, b.entry) || (a.json < b.json ? -1 : 1));
  const kept: Entry[] = [];
  let length = 0;
  for (const { json, entry } of all) {
    if (kept.length === logsPerSpan.count || length + json.length > logsPerSpan.length) continue;
    kept.push(entry);
    length += json.length;
  }
  // At least so many: those dropped before may be among these again.
  const dropped = Math.max(droppedLogsCount, all.length - kept.length);
  const own = withoutReport(span);
  const { events: _, droppedLogsCount: __, ...x } = own.x ?? {};
  const entries = [...others, ...kept];
  return withReport(
    {
      ...own,
      x: {
        ...x,
        ...(entries.length > 0 && { events: JSON.stringify(entries) }),
        ...(dropped > 0 && { droppedLogsCount: dropped }),
      },
    },
    read(kept, span.spanType),
  );
}

/** The span as it was sent. */
export function withoutReport(span: ImportedSpan): ImportedSpan {
  const { fromLogs = [], beforeLogs, isModelInherited, ...x } = span.x ?? {};
  const own: ImportedSpan = { ...span, x };
  if (isModelInherited) delete own.modelId;
  for (const field of fromLogs) {
    if (field === "reportedCostUsd" || field === "responseId") delete x[field];
    else delete own[field];
  }
  return Object.assign(own, beforeLogs);
}

/** What the span lacks, its usage where that says less, and its status where it is not sure of it. */
function withReport(span: ImportedSpan, report: LogReport): ImportedSpan {
  const x: SpanExtension = { ...span.x };
  const whole: ImportedSpan = { ...span, x };
  const fromLogs: LoggedField[] = [];
  const beforeLogs: NonNullable<SpanExtension["beforeLogs"]> = {};
  for (const field of loggedFields) {
    if (!isNews(field, span, report)) continue;
    fromLogs.push(field);
    if (field === "usage" || field === "status" || field === "input") {
      if (span[field] !== undefined) Object.assign(beforeLogs, { [field]: span[field] });
    }
    Object.assign(field in wholeOfX ? x : whole, { [field]: report[field] });
  }
  if (fromLogs.length > 0) x.fromLogs = fromLogs;
  if (Object.keys(beforeLogs).length > 0) x.beforeLogs = beforeLogs;
  return whole;
}

const wholeOfX = { reportedCostUsd: true, responseId: true };

function isNews(field: LoggedField, span: ImportedSpan, report: LogReport): boolean {
  const said = report[field];
  if (said === undefined || said === "") return false;
  if (field === "usage") {
    return Object.keys(report.usage!).length > Object.keys(span.usage ?? {}).length;
  }
  if (field === "status") {
    // An explicit OK stands.
    return span.x?.statusCode !== 1 && (span.status ?? "ok") === "ok" && said !== "ok";
  }
  if (field === "input" && span.input !== undefined) {
    return span.spanType === "tool" && holds(report.input!, span.input);
  }
  if (field === "reportedCostUsd" || field === "responseId") return span.x?.[field] === undefined;
  return span[field] === undefined;
}

/** Whether the arguments of a tool are those of another, and more. */
function holds(more: string, less: string): boolean {
  const [whole, part] = [mapIn(more), mapIn(less)];
  if (!whole || !part || Object.keys(whole).length <= Object.keys(part).length) return false;
  return Object.entries(part).every(
    ([key, value]) => JSON.stringify(whole[key]) === JSON.stringify(value),
  );
}

function mapIn(text: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(text);
    return value instanceof Object && !Array.isArray(value)
      ? (value as Record<string, unknown>)
      : null;
  } catch {
    return null;
  }
}

function compareTimes(a: Entry, b: Entry): number {
  const [first, second] = [a.timeUnixNano ?? "0", b.timeUnixNano ?? "0"];
  // Decimal digits without leading zeros: the longer one is the larger.
  if (first.length !== second.length) return first.length - second.length;
  return first < second ? -1 : first > second ? 1 : 0;
}

export interface WaitingLogs {
  put(projectId: number, traceId: string, logs: SpanLog[], receivedAt: number): void;
  /** The records of a span, of too many the first that came; none of them waits any longer. */
  take(projectId: number, traceId: string, spanId: string): string[];
  /** Forgets those of a trace. */
  drop(projectId: number, traceId: string): void;
  /** To be called after a rollback. */
  forget(): void;
}

/** Everything but opening it happens inside a transaction of the caller. */
export function createWaitingLogs(db: Database): WaitingLogs {
  const insert = prepareInsert(db, table, columnsBut(table, ["id"]));
  const ofSpan = "waitingLogs WHERE traceId = ? AND projectId = ? AND spanId = ?";
  const select = db.query<{ json: Cell }, [Cell, number, Cell]>(`SELECT json FROM ${ofSpan}`);
  const remove = db.query<null, [Cell, number, Cell]>(`DELETE FROM ${ofSpan}`);
  const removeTrace = db.query<null, [Cell, number]>(
    "DELETE FROM waitingLogs WHERE traceId = ? AND projectId = ?",
  );
  /** The traces that may have some, so that all other spans need no look at the table. */
  let known: Set<string> | null = waitingTraces(db);
  const traces = () => (known ??= waitingTraces(db));
  /** Most that were put have none any longer, so that now and then the set is made anew. */
  let puts = 0;

  return {
    put(projectId, traceId, logs, receivedAt) {
      for (const { spanId, json } of logs) {
        insert({
          projectId,
          traceId: toCell(traceId),
          spanId: toCell(spanId),
          receivedAt,
          json: toCell(json),
        });
      }
      traces().add(`${projectId} ${traceId}`);
      if (++puts % limits.maxCount === 0) known = null;
    },
    take(projectId, traceId, spanId) {
      if (traces().size === 0 || !traces().has(`${projectId} ${traceId}`)) return [];
      const found = new Set<string>();
      let length = 0;
      // One at a time: of all senders' records together there may be far more than memory.
      for (const { json } of select.iterate(toCell(traceId), projectId, toCell(spanId))) {
        const text = fromCell(json);
        if (found.has(text)) continue;
        found.add(text);
        length += text.length;
        // One more than enough, so that the span can tell that there were more.
        if (found.size > logsPerSpan.count || length > logsPerSpan.length) break;
      }
      remove.run(toCell(traceId), projectId, toCell(spanId));
      return [...found];
    },
    drop(projectId, traceId) {
      if (traces().delete(`${projectId} ${traceId}`)) removeTrace.run(toCell(traceId), projectId);
    },
    forget() {
      known = null;
    },
  };
}

function waitingTraces(db: Database): Set<string> {
  const rows = db
    .query<{ projectId: number; traceId: Cell }, []>(
      "SELECT DISTINCT projectId, traceId FROM waitingLogs",
    )
    .all();
  return new Set(rows.map(({ projectId, traceId }) => `${projectId} ${fromCell(traceId)}`));
}

/**
 * Gives up on records whose span has not come in a day, and on the oldest where there are too many:
 * some of them in each step, inside a transaction of the caller. They are counted with what else was
 * refused.
 */
export function expireLogs(db: Database, nowMs: number): void {
  const oldest = oldestWaiting(db)!.id;
  const { changes } = db
    .query("DELETE FROM waitingLogs WHERE id <= ? AND (receivedAt NOT BETWEEN ? AND ? OR id <= ?)")
    .run(oldest + limits.expirePerStep, ...keptTimes(nowMs, limits.maxAgeMs), lastKept(db));
  recordRejects(db, [], [{ code: "log_without_span", status: 200, count: changes }]);
}

/** Whether a step is due. */
export function hasExpiredLogs(db: Database, nowMs: number): boolean {
  const oldest = oldestWaiting(db);
  if (!oldest) return false;
  const [fromMs, toMs] = keptTimes(nowMs, limits.maxAgeMs);
  const isKept = oldest.receivedAt >= fromMs && oldest.receivedAt <= toMs;
  return !isKept || oldest.id <= lastKept(db);
}

function oldestWaiting(db: Database) {
  return db
    .query<{ id: number; receivedAt: number }, []>(
      "SELECT id, receivedAt FROM waitingLogs ORDER BY id LIMIT 1",
    )
    .get();
}

function lastKept(db: Database): number {
  const row = db.query<{ last: number }, []>("SELECT max(id) AS last FROM waitingLogs").get()!;
  return row.last - limits.maxCount;
}
