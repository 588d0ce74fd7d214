/**
 * Writes batches of spans: one row a span, one row a trace, the same state under any repetition and
 * any order. Everything here runs inside a transaction of the caller, who says how it ended.
 */
import type { Database } from "bun:sqlite";
import { eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Batch, Fresh, SentSpan, SpanLog } from "../../backend/batch.ts";
import type { Change, CostOf, Meaning, Previews } from "../../backend/writer.ts";
import { payloadsOf } from "../../contract/fields.ts";
import type { ImportedSpan, TraceHeader } from "../../contract/v1.ts";
import { compareVersions } from "../../contract/version.ts";
import type { Place } from "../../joining/assemble.ts";
import { createInheritance, passageOf } from "../../tally/inherit.ts";
import { spanKeyOf } from "../../tally/numbers.ts";
import { factsOf, type SpanFacts } from "../../tally/spanfacts.ts";
import { fromCell, type Cell } from "../db/cells.ts";
import { prepareInsert } from "../db/columns.ts";
import { createNames } from "../db/names.ts";
import { deletions, spans } from "../db/schema.ts";
import { createPayloadWriter, type PayloadWriter } from "../payload/payloads.ts";
import { createSettler, type Settler } from "../rollups/settle.ts";
import { createWaitingLogs, logsIn, withLogs, withoutReport } from "./logs.ts";
import { setPinned } from "./pins.ts";
import { costCells, createRepricing, type Reprice } from "./repricing.ts";
import { createRereading, type Reread } from "./rereading.ts";
import { rowColumns, toContent, toRow, wholeSpanOf } from "./rows.ts";
import { createStoredReader, droppedLogsOf, type Stored, isStored } from "./stored.ts";
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
  function write(state: TraceState, sent: SentSpan, batch: Batch): boolean {
    const { span, header, claim } = sent;
    const { traceId } = state;
    const place = { traceId, spanId: span.spanId };
    const known = state.tally.get(span.spanId);
    if (!known) units.spanCame(batch, traceId);
    const isLater = !known || span.endTime > known.endTime;
    const stored = known && span.endTime >= known.endTime ? readStored(known.key) : undefined;
    const order = isLater ? 1 : stored ? compareToStored(sent, batch, known, stored) : -1;
    // An import's span may have log records that are every version's.
    const ownLogs = order > 0 ? [] : logsIn(span.x?.events);
    if (ownLogs.length > 0) changeLogs(batch, place, ownLogs, []);
    if (order > 0) {
      const logs = [
        ...logsIn(stored?.texts.events),
        ...waitingLogs.take(state.projectId, traceId, span.spanId),
      ];
      const whole =
        logs.length > 0 ? withLogs(span, logs, readLogs, stored && droppedLogsOf(stored)) : span;
      put(state, whole, header, batch, stored);
    }
    // A claim goes with the version that is stored.
    if (order > 0 ? known || claim : order === 0 && claim) units.claim(batch, place, claim);
    return !known;
  }

  /** Of a version that ends when the stored one does: above 0 where it takes its place, 0 where it is the same. */
  function compareToStored(
    { span, header }: SentSpan,
    batch: Batch,
    known: SpanFacts,
    stored: Stored,
  ): number {
    if (stored.damaged.length > 0) return 1;
    // Few re-sends need a closer look.
    if (isStored(contentOf(span, header, batch), payloadsOf(span), stored)) return 0;
    const whole = readWhole(known.key, stored);
    return compareVersions(
      { span: withoutReport(span), header, source: batch.source },
      { span: withoutReport(whole.span), header: known.header, source: whole.source },
    );
  }

  /** A stored span, less when it was received. */
  function readWhole(key: number, stored: Stored): { span: ImportedSpan; source: string } {
    const row = rows.select().from(spans).where(eq(spans.key, key)).get()!;
    const { span, x } = wholeSpanOf(row, stored.texts, names);
    const { receivedAt: _, ...rest } = x;
    return { span: { ...span, x: rest }, source: x.source };
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
    const { span, source } = readWhole(known.key, stored);
    const whole = withLogs(span, added, readLogs, 0, new Set(removed));
    put(state, whole, known.header, { source, receivedAt: owner.receivedAt }, stored);
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
    const content = contentOf(span, header, batch);
    const texts = payloadsOf(span);
    const isDamaged = stored !== undefined && stored.damaged.length > 0;
    if (stored && !isDamaged && isStored(content, texts, stored)) return false;
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

  function contentOf(span: ImportedSpan, header: TraceHeader, batch: Pick<Batch, "source">) {
    return toContent(span, {
      source: names.idOf(span.x?.source ?? batch.source),
      header: headerIdOf(header),
      name: names.idOf(span.name),
      provider: idOf(span.provider),
      model: idOf(span.modelId),
      requestModel: idOf(span.x?.requestModelId),
      instrumentation: idOf(span.x?.instrumentation),
      textKeys: idOf(span.x?.textKeys && JSON.stringify(span.x.textKeys)),
    });
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
          for (const sent of spans) if (write(state, sent, batch)) fresh.spans++;
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
      for (const state of touched) {
        if (state.tally.size > 0) continue;
        traces.remove(state);
        letGo(state);
      }
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
