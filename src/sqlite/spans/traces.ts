/**
 * The traces that the writer works on: what it knows of each in memory, and the row that says it. All
 * of it follows from the rows of the spans, and is loaded from them at need.
 */
import type { Database } from "bun:sqlite";
import { cachedSpanFacts } from "../../limits.ts";
import { spanKeyOf } from "../../tally/numbers.ts";
import { type SpanFacts } from "../../tally/spanfacts.ts";
import { Tally } from "../../tally/tally.ts";
import { cellOf, toCell, type Cell } from "../db/cells.ts";
import { columnsBut, prepareInsert, prepareUpdate, type Cells } from "../db/columns.ts";
import { spans, traces } from "../db/schema.ts";
import { createTallyReader } from "./facts.ts";
import { markColumns, type NameLookup } from "./rows.ts";

export interface TraceState {
  key: number;
  projectId: number;
  traceId: string;
  source: string;
  receivedAt: number;
  lastReceivedAt: number;
  /** The start time in the row, or null where there is no row yet. */
  storedStartTime: number | null;
  /** In which step facets and statistics took it in (settle.ts), null where they have not. */
  settledStep: number | null;
  /** True where the row was written by an earlier version, which counted otherwise. */
  isOld: boolean;
  tally: Tally;
  /** The number that the next new span gets: those of removed ones stay free. */
  nextSpanNumber: number;
  previews: Record<PreviewField, Preview>;
}

type PreviewField = "input" | "output";

interface Preview {
  /** The key of the span whose text it is of; null where that is to be read again. */
  from: number | null;
  text: string | null;
}

/** What lists show of a span's input or output. */
export type PreviewOf = (field: PreviewField, spanKey: number) => string | null;

/** What a trace is started with. */
interface First {
  projectId: number;
  receivedAt: number;
  source: string;
}

export interface TraceStates {
  /** A trace that is there already, in memory or stored. */
  find(projectId: number, traceId: string): TraceState | null;
  /** The same, for who only looks: what was not in memory is not kept there. */
  peek(projectId: number, traceId: string): TraceState | null;
  /** A trace that `find` did not find. */
  start(first: First, traceId: string): TraceState;
  putFacts(state: TraceState, facts: SpanFacts): void;
  removeFacts(state: TraceState, facts: SpanFacts): void;
  /** Writes the trace's row. */
  save(state: TraceState): void;
  /** Takes away the row of a trace without spans. */
  remove(state: TraceState): void;
  forget(projectId: number, traceId: string): void;
  /** Forgets the traces used longest ago, where there are too many to keep in memory. */
  trim(): void;
  /** Forgets all. */
  clear(): void;
}

const identityColumns = ["projectId", "traceId", "source", "receivedAt"] as const;
/** Of settling and of pins, which write them. */
const otherColumns = ["isSettled", "settledStep", "isPinned"] as const;

const rowColumns = columnsBut(traces, otherColumns);
const tallyColumns = columnsBut(traces, ["key", "startTime", ...identityColumns, ...otherColumns]);

const storedColumns = [
  "key",
  "source",
  "receivedAt",
  "lastReceivedAt",
  "startTime",
  "settledStep",
  "isOld",
  "inputPreview",
  "outputPreview",
] as const;

export function createTraceStates(
  db: Database,
  names: NameLookup,
  previewOf: PreviewOf,
): TraceStates {
  const readTally = createTallyReader(db, names);
  const selectTrace = db.query<
    Cells<typeof traces, (typeof storedColumns)[number]>,
    [number, Cell]
  >(`SELECT ${storedColumns} FROM traces WHERE projectId = ? AND traceId = ?`);
  const insertTrace = prepareInsert(db, traces, rowColumns);
  const updateTrace = prepareUpdate(db, traces, tallyColumns, "key");
  // Apart, because naming an indexed column in an UPDATE rewrites its index entries each time.
  const updateStartTime = prepareUpdate(db, traces, ["startTime"], "key");
  const removeRow = db.query<null, [number]>("DELETE FROM traces WHERE key = ?");
  const spendKey = db.query<null, [number]>(
    "UPDATE sqlite_sequence SET seq = max(seq, ?) WHERE name = 'traces'",
  );
  const spendFirstKey = db.query<null, [number]>(
    "INSERT INTO sqlite_sequence (name, seq) VALUES ('traces', ?)",
  );
  const updateMark = prepareUpdate(db, spans, markColumns, "key");
  /** The one used longest ago first. */
  const states = new Map<string, TraceState>();
  let factsInMemory = 0;
  let nextTraceKey = lastTraceKey(db) + 1;

  function load(projectId: number, traceId: string): TraceState | null {
    const row = selectTrace.get(projectId, toCell(traceId));
    if (!row) return null;
    const tally = readTally(row.key);
    const { inputPreview, outputPreview, ...stored } = row;
    const { inputFrom, outputFrom } = tally.row();
    const previews = {
      // None may be stored because an earlier version made none.
      input: { from: inputPreview === null ? null : inputFrom, text: inputPreview },
      output: { from: outputPreview === null ? null : outputFrom, text: outputPreview },
    };
    let nextSpanNumber = 0;
    for (const { key } of tally.facts()) {
      nextSpanNumber = Math.max(nextSpanNumber, key - spanKeyOf(row.key, 0) + 1);
    }
    const read = { storedStartTime: row.startTime, isOld: row.isOld === 1, nextSpanNumber };
    return { ...stored, ...read, projectId, traceId, tally, previews };
  }

  /** The text is looked at only where another span speaks for the trace than before. */
  function preview(
    { previews }: TraceState,
    field: PreviewField,
    from: number | null,
  ): string | null {
    if (from === null || previews[field].from !== from) {
      previews[field] = { from, text: from === null ? null : previewOf(field, from) };
    }
    return previews[field].text;
  }

  function forget(id: string): void {
    const state = states.get(id);
    if (!state) return;
    states.delete(id);
    factsInMemory -= state.tally.size;
  }

  return {
    find(projectId, traceId) {
      const id = stateId(projectId, traceId);
      let state = states.get(id);
      if (state) {
        states.delete(id);
      } else {
        const loaded = load(projectId, traceId);
        if (!loaded) return null;
        state = loaded;
        factsInMemory += state.tally.size;
      }
      states.set(id, state);
      return state;
    },
    peek: (projectId, traceId) =>
      states.get(stateId(projectId, traceId)) ?? load(projectId, traceId),
    start({ projectId, receivedAt, source }, traceId) {
      const state: TraceState = {
        key: nextTraceKey++,
        projectId,
        traceId,
        source,
        receivedAt,
        lastReceivedAt: receivedAt,
        storedStartTime: null,
        settledStep: null,
        isOld: false,
        tally: new Tally(),
        nextSpanNumber: 0,
        previews: { input: { from: null, text: null }, output: { from: null, text: null } },
      };
      states.set(stateId(projectId, traceId), state);
      return state;
    },
    putFacts({ tally, previews: { input, output } }, facts) {
      if (!tally.get(facts.spanId)) factsInMemory++;
      tally.put(facts);
      if (input.from === facts.key) input.from = null;
      if (output.from === facts.key) output.from = null;
    },
    removeFacts({ tally, previews: { input, output } }, { spanId, key }) {
      factsInMemory--;
      tally.remove(spanId);
      if (input.from === key) input.from = null;
      if (output.from === key) output.from = null;
    },
    save(state) {
      const row = state.tally.row();
      const { header, usage } = row;
      const { startTime } = row;
      const cells: Cells<typeof traces, (typeof rowColumns)[number]> = {
        key: state.key,
        projectId: state.projectId,
        traceId: toCell(state.traceId),
        source: state.source,
        receivedAt: state.receivedAt,
        lastReceivedAt: state.lastReceivedAt,
        startTime,
        endTime: row.endTime,
        status: row.status,
        rootCount: row.rootCount,
        spanCount: row.spanCount,
        internalSpanCount: row.internalSpanCount,
        isInternal: Number(row.isInternal),
        llmCount: row.llmCount,
        toolCount: row.toolCount,
        errorCount: row.errorCount,
        models: JSON.stringify(row.models),
        ttftMs: row.ttftMs,
        inputTokens: usage.inputTokens ?? null,
        outputTokens: usage.outputTokens ?? null,
        totalTokens: usage.totalTokens ?? null,
        reasoningTokens: usage.reasoningTokens ?? null,
        cachedInputTokens: usage.cachedInputTokens ?? null,
        cacheWriteInputTokens: usage.cacheWriteInputTokens ?? null,
        cost: row.cost,
        reportedCost: row.reportedCost,
        pricedSpanCount: row.pricedSpanCount,
        priceableSpanCount: row.priceableSpanCount,
        estimatedSpanCount: row.estimatedSpanCount,
        traceName: cellOf(header.traceName),
        agentName: cellOf(header.agentName),
        workflowName: cellOf(header.workflowName),
        workflowRunId: cellOf(header.workflowRunId),
        sessionId: cellOf(header.sessionId),
        customer: header.customer ? JSON.stringify(header.customer) : null,
        metadata: header.metadata ? JSON.stringify(header.metadata) : null,
        inputPreview: preview(state, "input", row.inputFrom),
        outputPreview: preview(state, "output", row.outputFrom),
        isOld: 0,
      };
      if (state.storedStartTime === null) {
        insertTrace(cells);
      } else {
        updateTrace(cells);
        if (startTime !== state.storedStartTime) updateStartTime(cells);
      }
      state.storedStartTime = startTime;
      state.isOld = false;
      for (const { key, mark } of state.tally.takeMarks()) {
        updateMark({ key, ...mark! });
      }
    },
    remove({ key }) {
      removeRow.run(key);
      // The key is spent, also where no row had it: what the trace sent first is collected by it.
      if (spendKey.run(key).changes === 0) spendFirstKey.run(key);
    },
    forget: (projectId, traceId) => forget(stateId(projectId, traceId)),
    trim() {
      for (const id of states.keys()) {
        // The trace used last stays, however large: it would be loaded again for each part.
        if (factsInMemory <= cachedSpanFacts || states.size === 1) break;
        forget(id);
      }
    },
    clear() {
      states.clear();
      factsInMemory = 0;
    },
  };
}

function stateId(projectId: number, traceId: string): string {
  return `${projectId} ${traceId}`;
}

function lastTraceKey(db: Database): number {
  const row = db.query("SELECT seq FROM sqlite_sequence WHERE name = 'traces'").get() as {
    seq: number;
  } | null;
  return row?.seq ?? 0;
}
