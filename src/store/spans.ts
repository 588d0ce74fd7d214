/**
 * Writes batches of spans: one row a span, one row a trace, the same state under any repetition and
 * any order. Everything here runs inside a transaction of the caller, who says how it ended.
 */
import type { Database, SQLQueryBindings } from "bun:sqlite";
import { between, eq } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { ImportedSpan, TraceHeader } from "../contract/v1.ts";
import { fromCell, reportedPico, toFigure, type Cell, type Figure } from "./codec.ts";
import { createNames } from "./names.ts";
import { createWaitingLogs, logsIn, withLogs, type ReadLogs, type SpanLog } from "./logs.ts";
import { createPayloadWriter, type PayloadWriter } from "./payloads.ts";
import { setPinned } from "./pins.ts";
import {
  contentColumns,
  costColumns,
  extensionOf,
  payloadFields,
  payloadsOf,
  placeholdersOf,
  spanKeyOf,
  spanKeyRange,
  spanOf,
  toContentCells,
  wholeSpanOf,
  type CellValue,
  type PayloadField,
  type Payloads,
} from "./rows.ts";
import { spans } from "./schema.ts";
import { createSettler, type Settler } from "./settle.ts";
import { isModelCall, reportsUsage, type SpanFacts } from "./tally.ts";
import { createTraceStates, type TraceState } from "./traces.ts";

/** A span with the trace-level fields that it was sent with. */
export interface SentSpan {
  span: ImportedSpan;
  header: TraceHeader;
}

export interface TraceSpans {
  traceId: string;
  /** No id comes twice. */
  spans: SentSpan[];
  /** Log records of spans that came before, come with them or will come. */
  logs?: SpanLog[];
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
  /** Says that the transaction is durable. @returns the keys of the traces that it changed or removed. */
  committed(): { changed: number[]; gone: number[] };
  /** Says that the transaction is gone, and with it all that was learnt in it. */
  rolledBack(): void;
  /**
   * Reckons the costs of a trace's spans anew.
   *
   * @param isMeant which spans to look at.
   * @param isDry true: only says what would change.
   * @returns null where there is no such trace.
   */
  reprice(
    traceKey: number,
    isMeant: (span: ImportedSpan) => boolean,
    isDry: boolean,
  ): Repricing | null;
  /** Gives quiet traces their facets and statistics. */
  settling: Pick<Settler, "hasWork" | "step">;
  /** Takes a trace out of sight; its rows are collected later. False where there is none. */
  deleteTrace(traceKey: number): boolean;
  /** Marks a trace as one to keep, or no longer. False where there is none. */
  pin(traceKey: number, isPinned: boolean): boolean;
}

/** What a span's row holds before it is written anew. */
interface Stored {
  key: number;
  content: CellValue[];
  lists: Uint8Array | null;
  texts: Payloads;
  damaged: PayloadField[];
}

function droppedLogsOf({ content }: Stored): number {
  const extra = content[contentColumns.indexOf("extra")];
  return typeof extra === "string" ? (JSON.parse(extra).x?.droppedLogsCount ?? 0) : 0;
}

export interface Repricing {
  spans: number;
  changedSpans: number;
  /** Pico-dollars of the spans looked at; what has no price counts as none. */
  before: bigint;
  after: bigint;
}

/** What a span cost in pico-dollars, and by which price, as JSON. */
export interface Cost {
  price: string;
  amount: bigint;
  /** True where it may be billed otherwise. */
  isEstimated: boolean;
}

/**
 * Of a span of any type: whether its usage counts is known only with the spans below.
 *
 * @returns null where the span has no price, or none is known.
 */
export type CostOf = (span: ImportedSpan) => Cost | null;

/** What lists show of an input and of an output, null where that is nothing. */
export type Previews = Record<"input" | "output", (text: string) => string | null>;

const noPreviews: Previews = { input: () => null, output: () => null };

type CostCells = [priceId: number | null, cost: Figure | null, isCostEstimated: 1 | null];
const insertColumns = ["key", "receivedAt", ...contentColumns, "lists", ...costColumns];

/** @param readLogs what log records say of their span. */
export function createSpanWriter(
  db: Database,
  payloads: PayloadWriter = createPayloadWriter(db),
  readLogs: ReadLogs = () => ({}),
  costOf: CostOf = () => null,
  previews: Previews = noPreviews,
): SpanWriter {
  const names = createNames(db);
  const traces = createTraceStates(db, names, previewOf);
  const settler = createSettler(db, names, traces);
  const waitingLogs = createWaitingLogs(db);
  const rows = drizzle(db);

  const insertSpan = db.query<null, SQLQueryBindings[]>(
    `INSERT OR REPLACE INTO spans (${insertColumns}) VALUES (${placeholdersOf(insertColumns)})`,
  );
  const selectContent = db.query<null, [number]>(
    `SELECT ${[...contentColumns, "lists"]} FROM spans WHERE key = ?`,
  );
  const updateCost = db.query<null, [...CostCells, number]>(
    `UPDATE spans SET ${costColumns.map((column) => `${column} = ?`)} WHERE key = ?`,
  );
  const selectTraceId = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "SELECT projectId, traceId FROM traces WHERE key = ?",
  );
  const removeTrace = db.query<{ projectId: number; traceId: Cell }, [number]>(
    "DELETE FROM traces WHERE key = ? RETURNING projectId, traceId",
  );
  const queueDeletion = db.query<null, [number]>("INSERT INTO deletions (traceKey) VALUES (?)");

  const touched = new Set<TraceState>();
  /** Changed otherwise, and removed, in this transaction. */
  let changed: number[] = [];
  let gone: number[] = [];
  /** The texts of the spans that this transaction wrote: few previews need one to be read again. */
  const written = new Map<number, Pick<SentSpan["span"], "input" | "output">>();
  let lastHeader: { header: TraceHeader; id: number } | null = null;
  function write(state: TraceState, { span, header }: SentSpan, batch: Batch): void {
    const known = state.tally.get(span.spanId);
    // The later end wins, on a tie the later arrival.
    if (known && span.endTime < known.endTime) return;
    const stored = known && readStored(known.key);
    const logs = [
      ...logsIn(stored?.texts.events),
      ...waitingLogs.take(state.projectId, state.traceId, span.spanId),
    ];
    const whole =
      logs.length > 0 ? withLogs(span, logs, readLogs, stored && droppedLogsOf(stored)) : span;
    put(state, whole, header, batch, stored);
  }

  function addLogs(batch: Batch, traceId: string, logs: SpanLog[]): void {
    const state = traces.find(batch.projectId, traceId);
    for (const [spanId, ofSpan] of Map.groupBy(logs, ({ spanId }) => spanId)) {
      const known = state?.tally.get(spanId);
      if (!state || !known) {
        waitingLogs.put(batch.projectId, traceId, ofSpan, batch.receivedAt);
        continue;
      }
      const stored = readStored(known.key);
      const row = rows.select().from(spans).where(eq(spans.key, known.key)).get()!;
      const { span, x } = wholeSpanOf(row, stored.texts, names);
      const { receivedAt: _, ...rest } = x;
      const added = ofSpan.map(({ json }) => json);
      put(state, withLogs({ ...span, x: rest }, added, readLogs), known.header, batch, stored);
    }
  }

  function previewOf(field: "input" | "output", key: number): string | null {
    const texts = written.get(key);
    const stored = texts ? null : readStored(key);
    const text = (texts ?? stored!.texts)[field];
    const isThere = text !== undefined && !stored?.damaged.includes(field);
    return isThere ? previews[field](text) : null;
  }

  function readStored(key: number): Stored {
    const content = selectContent.values(key)[0] as CellValue[];
    const lists = content.at(-1) as Uint8Array | null;
    return { key, content, lists, ...payloads.get(key, lists) };
  }

  /** Writes a span's row, in the place of the version that is `stored`. */
  function put(
    state: TraceState,
    span: ImportedSpan,
    header: TraceHeader,
    batch: Batch,
    stored: Stored | undefined,
  ): void {
    const content = toContentCells(span, {
      source: names.idOf(span.x?.source ?? batch.source),
      header: headerIdOf(header),
      name: names.idOf(span.name),
      provider: span.provider === undefined ? null : names.idOf(span.provider),
      model: span.modelId === undefined ? null : names.idOf(span.modelId),
    });
    const texts = payloadsOf(span);
    const isDamaged = stored !== undefined && stored.damaged.length > 0;
    if (
      stored &&
      !isDamaged &&
      isSame(content, stored.content) &&
      payloadFields.every((field) => texts[field] === stored.texts[field])
    ) {
      return;
    }
    const key = stored?.key ?? spanKeyOf(state.key, state.tally.size);
    const isTraceNew = state.storedStartTime === null;
    const place = { key, projectId: state.projectId, isTraceNew, isDamaged };
    const lists = payloads.put(place, texts, stored?.lists ?? null);
    const receivedAt = span.x?.receivedAt ?? batch.receivedAt;
    const cost = costOf(span);
    written.set(key, span);
    insertSpan.run(key, receivedAt, ...(content as SQLQueryBindings[]), lists, ...costCells(cost));
    settler.unsettle(state);
    traces.putFacts(state, {
      key,
      spanId: span.spanId,
      parentSpanId: span.parentSpanId,
      spanType: span.spanType,
      status: span.status ?? "ok",
      startTime: span.startTime,
      endTime: span.endTime,
      ttftMs: span.ttftMs,
      toolName: span.spanType === "tool" ? span.name : undefined,
      provider: span.provider,
      modelId: span.modelId,
      usage: span.usage,
      hasInput: texts.input !== undefined,
      hasOutput: texts.output !== undefined,
      cost: cost?.amount,
      isCostEstimated: cost?.isEstimated ?? false,
      reportedCost: reportedPico(span.x?.reportedCostUsd),
      header,
    });
    if (state.storedStartTime === null) state.receivedAt = Math.min(state.receivedAt, receivedAt);
    state.lastReceivedAt = Math.max(state.lastReceivedAt, receivedAt);
    touched.add(state);
  }

  function costCells(cost: Cost | null): CostCells {
    if (!cost) return [null, null, null];
    return [names.idOf(cost.price), toFigure(cost.amount), cost.isEstimated ? 1 : null];
  }

  /** Spans of one batch share the object, so most need no look at what it says. */
  function headerIdOf(header: TraceHeader): number {
    if (header !== lastHeader?.header) lastHeader = { header, id: names.headerIdOf(header) };
    return lastHeader.id;
  }

  function endTransaction(): void {
    touched.clear();
    written.clear();
    changed = [];
    gone = [];
  }

  return {
    apply(batch) {
      for (const { traceId, spans, logs } of batch.traces) {
        if (spans.length > 0) {
          const state = traces.find(batch.projectId, traceId) ?? traces.start(batch, traceId);
          for (const sent of spans) write(state, sent, batch);
        }
        if (logs) addLogs(batch, traceId, logs);
      }
    },
    flush() {
      for (const state of touched) traces.save(state);
      settler.flush();
      payloads.flush();
    },
    committed() {
      payloads.committed();
      for (const { key } of touched) changed.push(key);
      const change = { changed, gone };
      endTransaction();
      traces.trim();
      return change;
    },
    rolledBack() {
      payloads.rolledBack();
      endTransaction();
      traces.clear();
      settler.forget();
      names.forget();
      waitingLogs.forget();
      lastHeader = null;
    },
    reprice(traceKey, isMeant, isDry) {
      const found = selectTraceId.get(traceKey);
      const state = found && traces.find(found.projectId, fromCell(found.traceId));
      if (!state) return null;
      const result: Repricing = { spans: 0, changedSpans: 0, before: 0n, after: 0n };
      const all = rows
        .select()
        .from(spans)
        .where(between(spans.key, ...spanKeyRange(traceKey)))
        .all();
      // Taken over at once: the tally is built anew after each, to say what counts.
      const changes: SpanFacts[] = [];
      for (const row of all) {
        const facts = state.tally.get(row.spanId)!;
        const isCall = isModelCall(facts);
        if (!isCall && !reportsUsage(facts)) continue;
        const x = extensionOf(row);
        const span: ImportedSpan = { ...spanOf(row, names), ...(x && { x }) };
        if (!isMeant(span)) continue;
        const cost = costOf(span);
        const before = facts.cost;
        const priceBefore = row.priceId === null ? null : names.nameOf(row.priceId);
        const isChanged =
          cost?.amount !== before ||
          (cost?.price ?? null) !== priceBefore ||
          (cost?.isEstimated ?? false) !== facts.isCostEstimated;
        // What an agent repeats of its calls has a price, too, which counts nowhere.
        if (isCall || state.tally.counts(facts)) {
          result.spans++;
          result.before += before ?? 0n;
          result.after += cost?.amount ?? 0n;
          if (isChanged) result.changedSpans++;
        }
        if (!isChanged || isDry) continue;
        updateCost.run(...costCells(cost), row.key);
        const isCostEstimated = cost?.isEstimated ?? false;
        changes.push({ ...facts, cost: cost?.amount, isCostEstimated });
      }
      if (changes.length === 0) return result;
      settler.unsettle(state);
      for (const facts of changes) traces.putFacts(state, facts);
      touched.add(state);
      return result;
    },
    settling: settler,
    deleteTrace(traceKey) {
      const found = selectTraceId.get(traceKey);
      const state = found && traces.peek(found.projectId, fromCell(found.traceId));
      if (state) settler.unsettle(state);
      const removed = removeTrace.get(traceKey);
      if (!removed) return false;
      const traceId = fromCell(removed.traceId);
      traces.forget(removed.projectId, traceId);
      waitingLogs.drop(removed.projectId, traceId);
      payloads.close(traceKey);
      queueDeletion.run(traceKey);
      gone.push(traceKey);
      return true;
    },
    pin(traceKey, isPinned) {
      const isThere = setPinned(db, traceKey, isPinned);
      if (isThere) changed.push(traceKey);
      return isThere;
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
