/**
 * Writes batches of spans: one row a span, one row a trace, the same state under any repetition and
 * any order. Everything here runs inside a transaction of the caller, who says how it ended.
 */
import { type Batch, type Fresh, type SentSpan, type SpanLog } from "../../backend/batch.ts";
import type { Database } from "bun:sqlite";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { ImportedSpan, TraceHeader } from "../../contract/v1.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { createInheritance, passageOf } from "../../tally/inherit.ts";
import { createNames } from "../db/names.ts";
import { createStoredReader, droppedLogsOf, isSame, type Stored } from "./stored.ts";
import { createRereading, type Reread } from "./rereading.ts";
import type { Change, CostOf, Meaning, Previews } from "../../backend/writer.ts";
import { createWaitingLogs, logsIn, withLogs } from "./logs.ts";
import { costCells, createRepricing, type Reprice } from "./repricing.ts";
import { createPayloadWriter, type PayloadWriter } from "../payload/payloads.ts";
import { setPinned } from "./pins.ts";
import { rowColumns, toContent, toRow, wholeSpanOf } from "./rows.ts";
import { spanKeyOf } from "../../tally/numbers.ts";
import { payloadFields, payloadsOf } from "../../contract/fields.ts";
import { prepareInsert } from "../db/columns.ts";
import { deletions, spans } from "../db/schema.ts";
import type { Place } from "../../joining/assemble.ts";
import { factsOf } from "../../tally/spanfacts.ts";
import { createSettler, type Settler } from "../rollups/settle.ts";
import { createTraceStates, type TraceState } from "./traces.ts";
import { createUnitStore, type Owner } from "./units.ts";

export interface SpanWriter {
  /** Adds a batch's spans to the open transaction. */
  apply(batch: Batch): Fresh;
  /** Writes the rows of all traces touched since the last end. To be called before the commit. */
  flush(): void;
  /** Says that the transaction is durable. @returns the traces that it changed or removed. */
  committed(): Change;
  /** Says that the transaction is gone, and with it all that was learnt in it. */
  rolledBack(): void;
  /** Forgets what it keeps to be fast, between two transactions. It is read again at need. */
  rest(): void;
  reprice: Reprice;
  reread: Reread;
  /** Gives quiet traces their facets and statistics. */
  settling: Pick<Settler, "hasWork" | "step">;
  /** Takes a trace out of sight; its rows are collected later. False where there is none. */
  deleteTrace(traceKey: number): boolean;
  /** Marks a trace as one to keep, or no longer. False where there is none. */
  pin(traceKey: number, isPinned: boolean): boolean;
}

type LogReaders = Pick<Meaning, "readLogs" | "makeSpan">;

/** For spans without log records. */
export const noLogReaders: LogReaders = {
  readLogs: () => ({}),
  makeSpan: () => {
    throw new Error("nothing reads log records");
  },
};

const noPreviews: Previews = { input: () => null, output: () => null };

export function createSpanWriter(
  db: Database,
  payloads: PayloadWriter = createPayloadWriter(db),
  { readLogs, makeSpan }: LogReaders = noLogReaders,
  costOf: CostOf = () => null,
  previews: Previews = noPreviews,
): SpanWriter {
  const names = createNames(db);
  const traces = createTraceStates(db, names, previewOf);
  const settler = createSettler(db, names, traces);
  const waitingLogs = createWaitingLogs(db);
  const rows = drizzle(db);
  const readStored = createStoredReader(db, payloads);

  const insertSpan = prepareInsert(db, spans, rowColumns, { or: "REPLACE" });
  const selectTraceId = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "SELECT projectId, traceId FROM traces WHERE key = ?",
  );
  const removeTrace = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "DELETE FROM traces WHERE key = ? RETURNING projectId, traceId",
  );
  const removeSpan = db.query<null, [number]>("DELETE FROM spans WHERE key = ?");
  const queueDeletion = prepareInsert(db, deletions, ["traceKey"]);

  const touched = new Set<TraceState>();
  /** Changed otherwise, and removed, in this transaction. */
  let changed: number[] = [];
  let gone: number[] = [];
  /** The texts of the spans that this transaction wrote: few previews need one to be read again. */
  const written = new Map<number, Pick<SentSpan["span"], "input" | "output">>();
  let lastHeader: { header: TraceHeader; id: number } | null = null;
  const inheritance = createInheritance(inheritModel);
  const units = createUnitStore(db, makeSpan, {
    has: (projectId, { traceId, spanId }) =>
      traces.find(projectId, traceId)?.tally.get(spanId) !== undefined,
    make,
    unmake,
    join: changeLogs,
  });

  /** @returns whether there was no such span before. */
  function write(state: TraceState, { span, header }: SentSpan, batch: Batch): boolean {
    const known = state.tally.get(span.spanId);
    // The later end wins, on a tie the later arrival.
    if (known && span.endTime < known.endTime) return false;
    if (!known) units.spanCame(batch, state.traceId);
    const stored = known && readStored(known.key);
    const logs = [
      ...logsIn(stored?.texts.events),
      ...waitingLogs.take(state.projectId, state.traceId, span.spanId),
    ];
    const whole =
      logs.length > 0 ? withLogs(span, logs, readLogs, stored && droppedLogsOf(stored)) : span;
    put(state, whole, header, batch, stored);
    return !known;
  }

  function addLogs(batch: Batch, traceId: string, logs: SpanLog[]): void {
    for (const [spanId, ofSpan] of Map.groupBy(logs, ({ spanId }) => spanId)) {
      const added = ofSpan.map(({ json }) => json);
      if (changeLogs(batch, { traceId, spanId }, added, [])) continue;
      waitingLogs.put(batch.projectId, traceId, ofSpan, batch.receivedAt);
    }
  }

  /** @returns false where there is no such span. */
  function changeLogs(owner: Owner, place: Place, added: string[], removed: string[]): boolean {
    const state = traces.find(owner.projectId, place.traceId);
    const known = state?.tally.get(place.spanId);
    if (!state || !known) return false;
    const stored = readStored(known.key);
    const row = rows.select().from(spans).where(eq(spans.key, known.key)).get()!;
    const { span, x } = wholeSpanOf(row, stored.texts, names);
    const { receivedAt: _, ...rest } = x;
    const whole = withLogs({ ...span, x: rest }, added, readLogs, 0, new Set(removed));
    put(state, whole, known.header, { source: x.source, receivedAt: owner.receivedAt }, stored);
    return true;
  }

  /** The row of the version before it, if any, stays its row. */
  function make(owner: Owner, traceId: string, { span, header }: SentSpan, logs: string[]): void {
    const batch = { projectId: owner.projectId, receivedAt: owner.receivedAt, source: "otlp" };
    const state = traces.find(owner.projectId, traceId) ?? traces.start(batch, traceId);
    const known = state.tally.get(span.spanId);
    const whole = withLogs(span, logs, () => ({}));
    put(state, whole, header, batch, known && readStored(known.key));
  }

  function inheritModel(state: TraceState, spanId: string, modelId: string | undefined): void {
    const known = state.tally.get(spanId)!;
    const stored = readStored(known.key);
    const row = rows.select().from(spans).where(eq(spans.key, known.key)).get()!;
    const { span, x } = wholeSpanOf(row, stored.texts, names);
    const { modelId: _, ...own } = span;
    const { isModelInherited: __, ...rest } = x;
    const whole: ImportedSpan = modelId
      ? { ...own, modelId, x: { ...rest, isModelInherited: true } }
      : { ...own, x: rest };
    put(state, whole, known.header, x, stored);
  }

  function unmake(owner: Owner, { traceId, spanId }: Place): void {
    const state = traces.find(owner.projectId, traceId);
    const known = state?.tally.get(spanId);
    if (!state || !known) return;
    settler.unsettle(state);
    removeSpan.run(known.key);
    payloads.remove(known.key);
    written.delete(known.key);
    traces.removeFacts(state, known);
    state.lastReceivedAt = Math.max(state.lastReceivedAt, owner.receivedAt);
    touched.add(state);
  }

  /** Takes a trace out of sight whose row is gone. */
  function letGo({ key, projectId, traceId }: Pick<TraceState, "key" | "projectId" | "traceId">) {
    traces.forget(projectId, traceId);
    payloads.close(key);
    queueDeletion({ traceKey: key });
    gone.push(key);
  }

  function previewOf(field: "input" | "output", key: number): string | null {
    const texts = written.get(key);
    const stored = texts ? null : readStored(key);
    const text = (texts ?? stored!.texts)[field];
    const isThere = text !== undefined && !stored?.damaged.includes(field);
    return isThere ? previews[field](text) : null;
  }

  /**
   * Writes a span's row, in the place of the version that is `stored`.
   *
   * @returns false where that says the same.
   */
  function put(
    state: TraceState,
    span: ImportedSpan,
    header: TraceHeader,
    batch: Pick<Batch, "receivedAt" | "source">,
    stored: Stored | undefined,
  ): boolean {
    const content = toContent(span, {
      source: names.idOf(span.x?.source ?? batch.source),
      header: headerIdOf(header),
      name: names.idOf(span.name),
      provider: idOf(span.provider),
      model: idOf(span.modelId),
      requestModel: idOf(span.x?.requestModelId),
      instrumentation: idOf(span.x?.instrumentation),
      textKeys: idOf(span.x?.textKeys && JSON.stringify(span.x.textKeys)),
    });
    const texts = payloadsOf(span);
    const isDamaged = stored !== undefined && stored.damaged.length > 0;
    if (
      stored &&
      !isDamaged &&
      isSame(content, stored.content) &&
      payloadFields.every((field) => texts[field] === stored.texts[field])
    ) {
      return false;
    }
    const key = stored?.key ?? spanKeyOf(state.key, state.nextSpanNumber++);
    const isTraceNew = state.storedStartTime === null;
    const place = {
      key,
      projectId: state.projectId,
      isTraceNew,
      isDamaged,
      isPassing: span.x?.isFromLogs === true,
    };
    const lists = payloads.put(place, texts, stored?.lists ?? null);
    const receivedAt = span.x?.receivedAt ?? batch.receivedAt;
    const cost = costOf(span);
    written.set(key, span);
    insertSpan(toRow(content, { key, receivedAt, lists }, costCells(cost, names)));
    settler.unsettle(state);
    const known = state.tally.get(span.spanId);
    const before = known && passageOf(known);
    const facts = factsOf(span, { key, header, texts, cost });
    traces.putFacts(state, facts);
    inheritance.note(state, facts, before);
    if (state.storedStartTime === null) state.receivedAt = Math.min(state.receivedAt, receivedAt);
    state.lastReceivedAt = Math.max(state.lastReceivedAt, receivedAt);
    touched.add(state);
    return true;
  }

  function idOf(text: string | undefined): number | null {
    return text === undefined ? null : names.idOf(text);
  }

  /** Spans of one batch share the object, so most need no look at what it says. */
  function headerIdOf(header: TraceHeader): number {
    if (header !== lastHeader?.header) lastHeader = { header, id: names.headerIdOf(header) };
    return lastHeader.id;
  }

  function endTransaction(): void {
    inheritance.forget();
    touched.clear();
    written.clear();
    changed = [];
    gone = [];
  }

  function forget(): void {
    payloads.rolledBack();
    endTransaction();
    traces.clear();
    settler.forget();
    names.forget();
    waitingLogs.forget();
    units.forget();
    lastHeader = null;
  }

  return {
    apply(batch) {
      const fresh: Fresh = { traces: 0, spans: 0 };
      for (const { traceId, spans, logs, pieces } of batch.traces) {
        if (spans.length > 0) {
          const known = traces.find(batch.projectId, traceId);
          const state = known ?? traces.start(batch, traceId);
          if (!known) fresh.traces++;
          for (const sent of spans) {
            if (write(state, sent, batch)) fresh.spans++;
            if (sent.claim) units.claim(batch, { traceId, spanId: sent.span.spanId }, sent.claim);
          }
        }
        if (logs) addLogs(batch, traceId, logs);
        if (pieces) units.put(batch, pieces);
      }
      return fresh;
    },
    flush() {
      units.flush();
      inheritance.flush();
      for (const state of touched) if (state.tally.size > 0) traces.save(state);
      settler.flush();
      payloads.flush();
      // What was made of log records stands elsewhere now.
      for (const state of touched) if (state.tally.size === 0) (traces.remove(state), letGo(state));
    },
    committed() {
      payloads.committed();
      for (const { key } of touched) changed.push(key);
      const change = { changed, gone };
      endTransaction();
      traces.trim();
      return change;
    },
    rolledBack: forget,
    rest: forget,
    reprice: createRepricing({ db, names, traces, settler, touched, costOf }),
    reread: createRereading({ db, names, traces, settler, readLogs, readStored, put }),
    settling: settler,
    deleteTrace(traceKey) {
      const found = selectTraceId.get(traceKey);
      const state = found && traces.peek(found.projectId, fromCell(found.traceId));
      if (state) settler.unsettle(state);
      const removed = removeTrace.get(traceKey);
      if (!removed) return false;
      const traceId = fromCell(removed.traceId);
      waitingLogs.drop(removed.projectId, traceId);
      units.dropTrace(removed.projectId, traceId);
      letGo({ key: traceKey, projectId: removed.projectId, traceId });
      return true;
    },
    pin(traceKey, isPinned) {
      const isThere = setPinned(db, traceKey, isPinned);
      if (isThere) changed.push(traceKey);
      return isThere;
    },
  };
}
