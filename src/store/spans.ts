/**
 * Writes batches of spans: one row a span, one row a trace, the same state under any repetition and
 * any order. Everything here runs inside a transaction of the caller, who says how it ended.
 */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { spanStatuses, spanTypes, type ImportedSpan, type TraceHeader } from "../contract/v1.ts";
import { cachedSpanFacts } from "../limits.ts";
import { fromCell, toCell, type Cell } from "./codec.ts";
import { createNames } from "./names.ts";
import { createPayloadWriter, type PayloadWriter } from "./payloads.ts";
import {
  contentColumns,
  spanKeyOf,
  spanKeyRange,
  toContentCells,
  usageColumns,
  usageOf,
  type CellValue,
} from "./rows.ts";
import { summedCounts, Tally, type SpanFacts } from "./tally.ts";

/** A span with the trace-level fields that it was sent with. */
export interface SentSpan {
  span: ImportedSpan;
  header: TraceHeader;
}

export interface TraceSpans {
  traceId: string;
  /** No id comes twice. */
  spans: SentSpan[];
}

/** Checked spans of one request, or a part of them. */
export interface Batch {
  projectId: number;
  receivedAt: number;
  source: string;
  traces: TraceSpans[];
}

export interface SpanWriter {
  /** Adds a batch's spans to the open transaction. */
  apply(batch: Batch): void;
  /** Writes the rows of all traces touched since the last end. To be called before the commit. */
  flush(): void;
  /** Says that the transaction is durable. */
  committed(): void;
  /** Says that the transaction is gone, and with it all that was learnt in it. */
  rolledBack(): void;
  /** Takes a trace out of sight; its rows are collected later. False where there is none. */
  deleteTrace(traceKey: number): boolean;
}

interface TraceState {
  key: number;
  projectId: number;
  traceId: string;
  source: string;
  receivedAt: number;
  lastReceivedAt: number;
  /** The start time in the row, or null where there is no row yet. */
  storedStartTime: number | null;
  tally: Tally;
}

const insertColumns = ["key", "receivedAt", ...contentColumns, "lists"];

const tallyColumns = [
  "lastReceivedAt",
  "endTime",
  "status",
  "rootCount",
  "spanCount",
  "llmCount",
  "toolCount",
  "errorCount",
  "models",
  "ttftMs",
  ...summedCounts,
  "traceName",
  "agentName",
  "workflowName",
  "workflowRunId",
  "sessionId",
  "customer",
  "metadata",
];
const identityColumns = ["key", "projectId", "traceId", "source", "receivedAt", "startTime"];

const placeholders = (columns: readonly string[]) => columns.map(() => "?").join(", ");

export function createSpanWriter(
  db: Database,
  payloads: PayloadWriter = createPayloadWriter(db),
): SpanWriter {
  const names = createNames(db);

  const insertSpan = db.query<null, SQLQueryBindings[]>(
    `INSERT OR REPLACE INTO spans (${insertColumns}) VALUES (${placeholders(insertColumns)})`,
  );
  const selectContent = db.query<null, [number]>(
    `SELECT ${[...contentColumns, "lists"]} FROM spans WHERE key = ?`,
  );
  const selectFacts = db.query<FactsRow, [number, number]>(
    `SELECT key, spanId, parentSpanId, spanType, status, startTime, durationMs, ttftMs, modelId, headerId,
       ${usageColumns} FROM spans WHERE key BETWEEN ? AND ? ORDER BY key`,
  );
  const selectTrace = db.query<StoredTrace, [number, Cell]>(
    `SELECT key, source, receivedAt, lastReceivedAt, startTime FROM traces WHERE projectId = ? AND traceId = ?`,
  );
  const insertTrace = db.query<null, SQLQueryBindings[]>(
    `INSERT INTO traces (${[...identityColumns, ...tallyColumns]})
     VALUES (${placeholders([...identityColumns, ...tallyColumns])})`,
  );
  const updateTrace = db.query<null, SQLQueryBindings[]>(
    `UPDATE traces SET ${tallyColumns.map((column) => `${column} = ?`)} WHERE key = ?`,
  );
  // Apart, because naming an indexed column in an UPDATE rewrites its index entries each time.
  const updateStartTime = db.query<null, [number, number]>(
    "UPDATE traces SET startTime = ? WHERE key = ?",
  );
  const removeTrace = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "DELETE FROM traces WHERE key = ? RETURNING projectId, traceId",
  );
  const queueDeletion = db.query<null, [number]>("INSERT INTO deletions (traceKey) VALUES (?)");

  /** The traces in memory, the one used longest ago first. */
  const states = new Map<string, TraceState>();
  const touched = new Set<TraceState>();
  let factsInMemory = 0;
  let lastHeader: { header: TraceHeader; id: number } | null = null;
  let nextTraceKey = lastTraceKey(db) + 1;

  function stateOf(batch: Batch, traceId: string): TraceState {
    const id = stateId(batch.projectId, traceId);
    let state = states.get(id);
    if (state) states.delete(id);
    else {
      state = load(batch.projectId, traceId) ?? start(batch, traceId);
      factsInMemory += state.tally.size;
    }
    states.set(id, state);
    return state;
  }

  function forget(state: TraceState): void {
    states.delete(stateId(state.projectId, state.traceId));
    factsInMemory -= state.tally.size;
  }

  function start(batch: Batch, traceId: string): TraceState {
    return {
      key: nextTraceKey++,
      projectId: batch.projectId,
      traceId,
      source: batch.source,
      receivedAt: batch.receivedAt,
      lastReceivedAt: batch.receivedAt,
      storedStartTime: null,
      tally: new Tally(),
    };
  }

  function load(projectId: number, traceId: string): TraceState | null {
    const row = selectTrace.get(projectId, toCell(traceId));
    if (!row) return null;
    const tally = new Tally();
    for (const facts of selectFacts.all(...spanKeyRange(row.key))) tally.put(factsOf(facts));
    return { ...row, projectId, traceId, storedStartTime: row.startTime, tally };
  }

  function factsOf(row: FactsRow): SpanFacts {
    return {
      key: row.key,
      spanId: fromCell(row.spanId),
      parentSpanId: row.parentSpanId === null ? undefined : fromCell(row.parentSpanId),
      spanType: spanTypes[row.spanType]!,
      status: spanStatuses[row.status ?? 0]!,
      startTime: row.startTime,
      endTime: row.startTime + row.durationMs,
      ttftMs: row.ttftMs ?? undefined,
      modelId: row.modelId === null ? undefined : names.nameOf(row.modelId),
      usage: usageOf(row),
      header: names.headerOf(row.headerId),
    };
  }

  function write(state: TraceState, { span, header }: SentSpan, batch: Batch): void {
    const known = state.tally.get(span.spanId);
    // The later end wins, on a tie the later arrival.
    if (known && span.endTime < known.endTime) return;
    const content = toContentCells(span, {
      source: names.idOf(span.x?.source ?? batch.source),
      header: headerIdOf(header),
      name: names.idOf(span.name),
      provider: span.provider === undefined ? null : names.idOf(span.provider),
      model: span.modelId === undefined ? null : names.idOf(span.modelId),
    });
    const { input, output, toolCatalog, sources, x } = span;
    const texts = { input, output, toolCatalog, sources, attributes: x?.attributes };
    const key = known?.key ?? spanKeyOf(state.key, state.tally.size);
    let before: Uint8Array | null = null;
    let isDamaged = false;
    if (known) {
      const stored = selectContent.values(key)[0] as CellValue[];
      before = stored.at(-1) as Uint8Array | null;
      const holds = payloads.holds(key, before, texts);
      if (holds && isSame(content, stored)) return;
      isDamaged = holds === null;
    }
    const isTraceNew = state.storedStartTime === null;
    const place = { key, projectId: state.projectId, isTraceNew, isDamaged };
    const lists = payloads.put(place, texts, before);
    const receivedAt = x?.receivedAt ?? batch.receivedAt;
    insertSpan.run(key, receivedAt, ...(content as SQLQueryBindings[]), lists);
    if (!known) factsInMemory++;
    state.tally.put({
      key,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      spanType: span.spanType,
      status: span.status ?? "ok",
      startTime: span.startTime,
      endTime: span.endTime,
      ttftMs: span.ttftMs,
      modelId: span.modelId,
      usage: span.usage,
      header,
    });
    if (state.storedStartTime === null) state.receivedAt = Math.min(state.receivedAt, receivedAt);
    state.lastReceivedAt = Math.max(state.lastReceivedAt, receivedAt);
    touched.add(state);
  }

  /** Spans of one batch share the object, so most need no look at what it says. */
  function headerIdOf(header: TraceHeader): number {
    if (header !== lastHeader?.header) lastHeader = { header, id: names.headerIdOf(header) };
    return lastHeader.id;
  }

  function save(state: TraceState): void {
    const row = state.tally.row();
    const { header, usage } = row;
    const cells = [
      state.lastReceivedAt,
      row.endTime,
      row.status,
      row.rootCount,
      row.spanCount,
      row.llmCount,
      row.toolCount,
      row.errorCount,
      JSON.stringify(row.models),
      row.ttftMs,
      ...summedCounts.map((field) => usage[field] ?? null),
      cellOf(header.traceName),
      cellOf(header.agentName),
      cellOf(header.workflowName),
      cellOf(header.workflowRunId),
      cellOf(header.sessionId),
      header.customer ? JSON.stringify(header.customer) : null,
      header.metadata ? JSON.stringify(header.metadata) : null,
    ];
    if (state.storedStartTime === null) {
      const identity = [
        state.key,
        state.projectId,
        toCell(state.traceId),
        state.source,
        state.receivedAt,
        row.startTime,
      ];
      insertTrace.run(...identity, ...cells);
    } else {
      updateTrace.run(...cells, state.key);
      if (row.startTime !== state.storedStartTime) updateStartTime.run(row.startTime, state.key);
    }
    state.storedStartTime = row.startTime;
  }

  return {
    apply(batch) {
      for (const { traceId, spans } of batch.traces) {
        const state = stateOf(batch, traceId);
        for (const sent of spans) write(state, sent, batch);
      }
    },
    flush() {
      for (const state of touched) save(state);
      payloads.flush();
    },
    committed() {
      payloads.committed();
      touched.clear();
      for (const state of states.values()) {
        // The trace used last stays, however large: it would be loaded again for each part.
        if (factsInMemory <= cachedSpanFacts || states.size === 1) break;
        forget(state);
      }
    },
    rolledBack() {
      payloads.rolledBack();
      touched.clear();
      states.clear();
      factsInMemory = 0;
      names.forget();
      lastHeader = null;
    },
    deleteTrace(traceKey) {
      const removed = removeTrace.get(traceKey);
      if (!removed) return false;
      const state = states.get(stateId(removed.projectId, fromCell(removed.traceId)));
      if (state) forget(state);
      payloads.close(traceKey);
      queueDeletion.run(traceKey);
      return true;
    },
  };
}

function isSame(content: CellValue[], stored: CellValue[]): boolean {
  return content.every((cell, i) => {
    const other = stored[i]!;
    if (cell instanceof Uint8Array)
      return other instanceof Uint8Array && Buffer.compare(cell, other) === 0;
    return cell === other;
  });
}

function stateId(projectId: number, traceId: string): string {
  return `${projectId} ${traceId}`;
}

function cellOf(text: string | undefined): Cell | null {
  return text === undefined ? null : toCell(text);
}

function lastTraceKey(db: Database): number {
  const row = db.query("SELECT seq FROM sqlite_sequence WHERE name = 'traces'").get() as {
    seq: number;
  } | null;
  return row?.seq ?? 0;
}

interface StoredTrace {
  key: number;
  source: string;
  receivedAt: number;
  lastReceivedAt: number;
  startTime: number;
}

type FactsRow = Record<(typeof usageColumns)[number], number | null> & {
  key: number;
  spanId: Cell;
  parentSpanId: Cell | null;
  spanType: number;
  status: number | null;
  startTime: number;
  durationMs: number;
  ttftMs: number | null;
  modelId: number | null;
  headerId: number;
};
