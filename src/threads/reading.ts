/**
 * The reading thread: no read, however long, delays the HTTP event loop or a commit. Answers leave as JSON
 * text: a string crosses threads in 10 µs, a tree of objects costs twenty times that, and HTTP wants text
 * anyway.
 */
import type { ReadBackend, Reader } from "../backend/reader.ts";
import type { SpanRef } from "../backend/spans.ts";
import type { GroupQuery, LatestQuery, StatsQuery } from "../backend/stats.ts";
import type { Inspection } from "../backend/store.ts";
import type { KeysPosition, TraceRef } from "../backend/traces.ts";
import type { PayloadField } from "../contract/fields.ts";
import { readBreakdown } from "../query/breakdown.ts";
import { readTraceColumns } from "../query/columns.ts";
import { readComparedPair, type SpanAt } from "../query/comparepair.ts";
import { findComparable, readComparison } from "../query/comparison.ts";
import { complete, type CompletionQuery } from "../query/completion.ts";
import { exportPage } from "../query/export.ts";
import { readGists } from "../query/gists.ts";
import { toJson } from "../query/json.ts";
import { readPage, type ListQuery, type ScopeQuery } from "../query/lists.ts";
import { inScopes, readSummaries, type LiveScope } from "../query/live.ts";
import { withNamed } from "../query/named.ts";
import { readMedia, readNews, readSpanMessages } from "../query/news.ts";
import { listPromptVersions, readPromptDiff, type PromptQuery } from "../query/prompts.ts";
import { listRemoval } from "../query/removal.ts";
import { readTrace, type SpansQuery } from "../query/skeleton.ts";
import { readPayload, readSpan, type PayloadPart } from "../query/span.ts";
import { readGroups, readLatest, readStats, type WithText } from "../query/statistics.ts";
import type { TextDiff } from "../query/textdiff.ts";
import { readTraceNews, type NewsQuery } from "../query/tracenews.ts";
import { readTranscript, type TranscriptQuery } from "../query/transcript.ts";
import { openReader } from "../sqlite/backend/reader.ts";
import { giveNotice, serveThread } from "./host.ts";

export type ReaderMethods = typeof methods;

let backend: (ReadBackend & Inspection) | null = null;

function opened(): ReadBackend & Inspection {
  if (!backend) throw new Error("the store is not open");
  return backend;
}

/** @param work given the time at which it begins. */
function read<T>(work: (reader: Reader, nowMs: number) => T): T {
  return opened().read((reader) => work(reader, Date.now()));
}

/** The same, of an answer in JSON. */
function answer(work: (reader: Reader, nowMs: number) => unknown): string {
  return read((reader, nowMs) => toJson(work(reader, nowMs)));
}

const pagesPerCleanup = 8;
let pagesExported = 0;

const methods = {
  open(dataDir: string): void {
    backend = openReader(dataDir, giveNotice);
  },
  traces: ({ columns, ...query }: ListQuery & { columns?: string | undefined }) =>
    answer((reader, nowMs) => withNamed(reader, readPage(reader, query, nowMs), columns, nowMs)),
  complete: (query: CompletionQuery) => answer((reader) => complete(reader, query)),
  trace: (ref: TraceRef, query: SpansQuery) =>
    answer((reader, nowMs) => readTrace(reader, ref, query, nowMs)),
  traceColumns: (ref: TraceRef, query: SpansQuery) =>
    answer((reader, nowMs) => readTraceColumns(reader, ref, query, nowMs)),
  breakdown: (ref: TraceRef) => answer((reader, nowMs) => readBreakdown(reader, ref, nowMs)),
  traceNews: (ref: TraceRef, query: NewsQuery) =>
    answer((reader, nowMs) => readTraceNews(reader, ref, query, nowMs)),
  gists: (ref: TraceRef, keys: readonly number[]) =>
    answer((reader, nowMs) => readGists(reader, ref, keys, nowMs)),
  payload: (trace: TraceRef, span: SpanRef, field: PayloadField, part: PayloadPart) =>
    read((reader) => readPayload(reader, trace, span, field, part)),
  span: (trace: TraceRef, span: SpanRef) =>
    answer((reader, nowMs) => readSpan(reader, trace, span, nowMs)),
  news: (trace: TraceRef, span: SpanRef) => answer((reader) => readNews(reader, trace, span)),
  messages: (trace: TraceRef, span: SpanRef) =>
    answer((reader) => readSpanMessages(reader, trace, span)),
  media: (trace: TraceRef, span: SpanRef, name: string) =>
    read((reader) => readMedia(reader, trace, span, name)),
  transcript: (ref: TraceRef, query: TranscriptQuery) =>
    answer((reader, nowMs) => readTranscript(reader, ref, query, nowMs)),
  comparison: (a: TraceRef, b: TraceRef) =>
    answer((reader, nowMs) => readComparison(reader, a, b, nowMs)),
  comparedPair: (a: SpanAt, b: SpanAt, unit?: TextDiff["unit"]) =>
    answer((reader) => readComparedPair(reader, a, b, unit)),
  comparable: (ref: TraceRef) => answer((reader, nowMs) => findComparable(reader, ref, nowMs)),
  promptVersions: (query: PromptQuery) =>
    answer((reader, nowMs) => listPromptVersions(reader, query, nowMs)),
  promptDiff: (query: PromptQuery, versions: Parameters<typeof readPromptDiff>[2]) =>
    answer((reader, nowMs) => readPromptDiff(reader, query, versions, nowMs)),
  spanCount: (ref: TraceRef) =>
    read((reader, nowMs) => reader.findTrace(ref, nowMs).summary.spanCount),
  /** The key of a trace, for what changes it. */
  traceKey: (ref: TraceRef) => read((reader, nowMs) => reader.findTrace(ref, nowMs).key),
  exportPage(ref: TraceRef, after: number | null, full: boolean) {
    // The engine does not know how large the texts of the pages before are, and would keep them for long.
    if (after !== null && ++pagesExported % pagesPerCleanup === 0) Bun.gc(true);
    return read((reader, nowMs) => exportPage(reader, ref, after, full, nowMs));
  },
  rejects: (limit: number, cursor: string | undefined) =>
    answer((reader) => reader.rejects(limit, cursor)),
  stats: (query: WithText<StatsQuery>) =>
    answer((reader, nowMs) => readStats(reader, query, nowMs)),
  groups: (query: WithText<GroupQuery>) =>
    answer((reader, nowMs) => readGroups(reader, query, nowMs)),
  latest: (query: WithText<LatestQuery>) =>
    answer((reader, nowMs) => readLatest(reader, query, nowMs)),
  summaries: (keys: number[]) => read((reader, nowMs) => readSummaries(reader, keys, nowMs)),
  inScopes: (keys: number[], scopes: LiveScope[]) =>
    read((reader, nowMs) => inScopes(reader, keys, scopes, nowMs)),
  removal: (query: ScopeQuery, after: KeysPosition | null, nowMs: number) =>
    read((reader) => listRemoval(reader, query, after, nowMs)),
  views: () => read((reader) => reader.views()),
  counts: () => read((reader) => reader.counts()),
  parts: () => opened().parts(),
  check: (part: string) => opened().check(part),
  areas: () => opened().areas(),
  bytesOf: (area: string) => opened().bytesOf(area),
  totals: () => opened().totals(),
  shares: (spanBytes: number) => opened().shares(spanBytes),
  close: () => backend?.close(),
};

serveThread(methods, () => backend?.rest());
