/**
 * What a backend answers to who reads: all of one moment, as of the start of the question.
 *
 * The methods are synchronous, since whoever asks computes over what it gets and asks for more: a reader
 * lives on a thread of its own (src/threads), which may wait for a disk or a network without holding anybody up.
 */
import type { PayloadField } from "../contract/fields.ts";
import type { Filter } from "../filter/parse.ts";
import type { StoredValues, ValuesQuery } from "./completion.ts";
import type { Stats } from "./figures.ts";
import type { UsedPrompt } from "./prompt.ts";
import type { SpanField, SpanQuery, SpanRecord, SpanRef, Texts, WholeSpan } from "./spans.ts";
import type { GroupPage, GroupQuery, LatestPage, LatestQuery, StatsQuery } from "./stats.ts";
import type { RejectPage, StoreCounts, StoredView } from "./store.ts";
import type { ListFold, Token } from "./texts.ts";
import type {
  KeysPart,
  KeysPosition,
  TraceList,
  TraceListQuery,
  TraceRecord,
  TraceRef,
  TraceScope,
} from "./traces.ts";

/**
 * A method that takes the key of a trace is asked of one that was found in the same question: of what was
 * deleted since it may still say something.
 *
 * @param nowMs where a method has one: what decides which traces without a root are stale.
 */
export interface Reader {
  /** @throws AppError `not_found`; `conflict` with the list where several projects have the id. */
  findTrace(ref: TraceRef, nowMs: number): TraceRecord;
  /** Of these traces, in this order; one that is gone is left out. */
  traces(keys: readonly number[], nowMs: number): TraceRecord[];
  /**
   * A page of the traces that match. A trace that was there at the first page is on some page, although
   * what it is sorted by may change meanwhile: after all others come those that have changed since the
   * first page and were not shown as they were then. One that has changed may so come twice.
   *
   * @throws AppError `bad_request` for a cursor that is none of this query.
   */
  listTraces(query: TraceListQuery, nowMs: number): TraceList;
  /**
   * A part of the keys of the traces that match, the one that started last first. Each part looks at a
   * bounded number of traces, so that it may be empty although more follow.
   *
   * @param after `next` of the part before, null for the first.
   */
  listKeys(scope: TraceScope, after: KeysPosition | null, limit: number, nowMs: number): KeysPart;
  /** Which of these traces match. */
  matching(keys: readonly number[], filter: Filter, nowMs: number): Set<number>;

  /** @throws AppError `not_found`, `conflict`. */
  findSpan(trace: TraceRef, span: SpanRef): SpanRecord & { traceKey: number };
  /** The spans of one trace that a query asks for. To read few fields costs less. */
  spans<F extends SpanField>(query: SpanQuery, fields: readonly F[]): Iterable<Pick<SpanRecord, F>>;
  /** Spans with their texts, by key, from behind one on. */
  wholeSpans(traceKey: number, afterKey: number | null, limit: number): Iterable<WholeSpan>;
  /** @throws AppError `not_found`. */
  wholeSpan(traceKey: number, key: number): WholeSpan;
  /** Spans of other traces that report the same model call: the same response at the same time. */
  sameCalls(traceKey: number, key: number, limit: number): SpanPlace[];
  /** What senders say of the trace under names of their own, as JSON; null where they say nothing, or too much. */
  traceAttributes(traceKey: number): string | null;
  /** The system prompt that a trace begins with; null where it has none. */
  promptOf(trace: Pick<TraceRecord, "key" | "version">): UsedPrompt | null;

  /** Which texts a span has. */
  fieldsOf(texts: Texts): PayloadField[];
  /** One text, the others left alone; undefined where the span has none. One that is damaged says so in its place. */
  textOf(texts: Texts, field: PayloadField): string | undefined;
  isDamaged(texts: Texts, field: PayloadField): boolean;
  /** The tokens of a text; null where the span has none, or it is kept in another way. @throws DamagedText. */
  tokensOf(texts: Texts, field: PayloadField): Token[] | null;
  /** @throws DamagedText. */
  textOfTokens(tokens: readonly Token[]): string;
  /**
   * @returns makes of the list of a span's text what `fold` says; null where the span has none. Lists that
   *   others stand on are folded once. A list that is damaged is as if it were empty.
   */
  foldLists<T>(
    traceKey: number,
    field: PayloadField,
    fold: ListFold<T>,
  ): (texts: Texts) => T | null;

  /** What stored traces have under a key of filters. */
  complete(query: ValuesQuery): StoredValues;
  /** @throws AppError `bad_request` for a range that cannot be. */
  stats(query: StatsQuery, nowMs: number): Stats;
  groups(query: GroupQuery, nowMs: number): GroupPage;
  latest(query: LatestQuery, nowMs: number): LatestPage;

  counts(): StoreCounts;
  rejects(limit: number, cursor: string | undefined): RejectPage;
  views(): StoredView[];
}

/** A span and its trace, to find both. */
export interface SpanPlace {
  traceKey: number;
  traceId: string;
  key: number;
  spanId: string;
}

/** Opens readers of one store. To be used by one thread. */
export interface ReadBackend {
  /**
   * Reads as of one moment. Not to be called within itself; what is read step by step, as `spans`, has to be
   * read before `work` returns.
   *
   * @throws AppError `storage_unavailable`, `store_damaged` where it cannot.
   */
  read<T>(work: (reader: Reader) => T): T;
  /** Lets go of what is kept only to be fast. */
  rest(): void;
  close(): void;
}
