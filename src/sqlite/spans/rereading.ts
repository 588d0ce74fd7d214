/** Maps stored spans anew, from what was kept of them. What a user set stays as it is. */
import type { Database } from "bun:sqlite";
import { and, between, gt } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { type MapAgain, type Rereading, type ReadLogs } from "../../backend/writer.ts";
import { type Payloads } from "../../contract/fields.ts";
import type { ImportedSpan, TraceHeader } from "../../contract/v1.ts";
import { spanKeyRange } from "../../tally/numbers.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import type { Names } from "../db/names.ts";
import { spans } from "../db/schema.ts";
import type { Settler } from "../rollups/settle.ts";
import { withLogs, withoutReport } from "./logs.ts";
import { wholeSpanOf } from "./rows.ts";
import type { TraceState, TraceStates } from "./traces.ts";

export interface RereadStep extends Rereading {
  /** From which span of the trace on to go on; null at its end. */
  next: number | null;
}

/** Maps some spans of a trace anew, from a key on. */
export type Reread = (traceKey: number, from: number, map: MapAgain) => RereadStep;

/** A span of 1 MB takes some 10 ms. */
const spansAtOnce = 20;
/** After each step the trace is tallied anew, which takes as long as it is. */
const mostSteps = 200;
/** UTF-16 code units of all texts that are read in one step. */
const mostLength = 8 * 2 ** 20;

interface Row {
  lists: Uint8Array | null;
  texts: Payloads;
}

export function createRereading<Stored extends Row>({
  db,
  names,
  traces,
  readLogs,
  readStored,
  put,
  settler,
}: {
  db: Database;
  names: Names;
  traces: TraceStates;
  readLogs: ReadLogs;
  settler: Settler;
  readStored: (key: number) => Stored;
  /** @returns false where the row says the same already. */
  put: (
    state: TraceState,
    span: ImportedSpan,
    header: TraceHeader,
    batch: { receivedAt: number; source: string },
    stored: Stored,
  ) => boolean;
}): Reread {
  const rows = drizzle(db);
  const selectTraceId = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "SELECT projectId, traceId FROM traces WHERE key = ?",
  );

  /** @returns how long its texts are. */
  function readAgain(
    state: TraceState,
    row: typeof spans.$inferSelect,
    map: MapAgain,
    result: RereadStep,
  ): number {
    const stored = readStored(row.key);
    const length = Object.values(stored.texts).reduce((sum, text) => sum + text.length, 0);
    const { span, x } = wholeSpanOf(row, stored.texts, names);
    // Of log records alone: a later record of its session makes it anew.
    if (x.isFromLogs) return length;
    const mapped = map(withoutReport({ ...span, x }), state.traceId);
    if (!mapped) return length;
    result.spans++;
    const whole = withLogs(mapped.span, [], readLogs);
    // Looked for again once it is written; mostly it is the same.
    if (x.isModelInherited && whole.modelId === undefined && span.modelId !== undefined) {
      whole.modelId = span.modelId;
      whole.x = { ...whole.x, isModelInherited: true };
    }
    const { receivedAt, source } = x;
    if (put(state, whole, mapped.header, { receivedAt, source }, stored)) result.changedSpans++;
    return length;
  }

  return (traceKey, from, map) => {
    const result: RereadStep = { spans: 0, changedSpans: 0, next: null };
    const found = selectTraceId.get(traceKey);
    const state = found && traces.find(found.projectId, fromCell(found.traceId));
    if (!state) return result;
    const most = Math.max(spansAtOnce, state.tally.size / mostSteps);
    let readLength = 0;
    let next: number | null = from;
    for (let read = 0; next !== null && read < most; read += spansAtOnce) {
      const some = rows
        .select()
        .from(spans)
        .where(and(between(spans.key, ...spanKeyRange(traceKey)), gt(spans.key, next)))
        .orderBy(spans.key)
        .limit(spansAtOnce)
        .all();
      for (const row of some) readLength += readAgain(state, row, map, result);
      next = some.length === spansAtOnce ? some.at(-1)!.key : null;
      if (readLength > mostLength) break;
    }
    result.next = next;
    settler.pause(next === null ? null : traceKey);
    return result;
  };
}
