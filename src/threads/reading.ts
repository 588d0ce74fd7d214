/**
 * The reading thread: a read-only connection, so that no read, however long, delays the HTTP event
 * loop or a commit. Answers leave as JSON text: a string crosses threads in 10 µs, a tree of objects
 * costs twenty times that, and HTTP wants text anyway.
 */
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createPieceReader } from "../sqlite/payload/blocks.ts";
import { createNameLookup } from "../sqlite/db/names.ts";
import { checkTable, listTables, openReader, reading, shrinkMemory } from "../sqlite/db/open.ts";
import { createPayloadReader } from "../sqlite/payload/payloads.ts";
import type { PayloadField } from "../contract/fields.ts";
import { bytesOfTree, listTrees, readPageBytes } from "../sqlite/db/sizes.ts";
import { isDamage, toReadTrouble } from "../sqlite/db/trouble.ts";
import { listViews } from "../sqlite/accounts/views.ts";
import { giveNotice, serveThread } from "./host.ts";
import { countStore, listRejects } from "../query/admin.ts";
import { readBreakdown } from "../query/breakdown.ts";
import { readTraceColumns } from "../query/columns.ts";
import { findComparable, readComparison } from "../query/comparison.ts";
import { readComparedPair, type SpanAt } from "../query/comparepair.ts";
import { complete, type CompleteQuery } from "../sqlite/list/complete.ts";
import { readGists } from "../query/gists.ts";
import { listGroups, type GroupQuery } from "../sqlite/stats/groups.ts";
import { toJson } from "../query/json.ts";
import { listLatest, type LatestQuery } from "../sqlite/stats/latest.ts";
import { inScope, readSummaries, type LiveScope } from "../query/live.ts";
import { withNamed } from "../query/named.ts";
import { readMedia, readNews, readSpanMessages } from "../query/news.ts";
import { listPromptVersions, readPromptDiff, type PromptQuery } from "../query/prompts.ts";
import { listRemoval } from "../query/removal.ts";
import { readShares } from "../query/sizes.ts";
import type { TextDiff } from "../query/textdiff.ts";
import { readTrace, type SpansQuery } from "../sqlite/trace/skeleton.ts";
import { readStats, type StatsQuery } from "../sqlite/stats/stats.ts";
import {
  exportPage,
  readPayload,
  readSpan,
  type PayloadPart,
  type Source,
  type SpanRef,
} from "../sqlite/trace/trace.ts";
import {
  findTrace,
  listTraces,
  type KeysPosition,
  type KeysQuery,
  type TraceQuery,
  type TraceRef,
} from "../sqlite/list/traces.ts";
import { readTraceNews, type NewsQuery } from "../query/tracenews.ts";
import { readTranscript, type TranscriptQuery } from "../query/transcript.ts";

export type ReaderMethods = typeof methods;

let storePath: string | null = null;
let source: Source | null = null;

const pagesPerCleanup = 8;
/** Of blocks: what two compared traces of 2,000 steps say, at most. They are forgotten after each question. */
const keptBytes = 24 * 1024 * 1024;
let pagesExported = 0;

function openSource(): Source {
  if (storePath === null) throw new Error("the store is not open");
  const sqlite = openReader(storePath);
  try {
    return {
      db: drizzle(sqlite),
      sqlite,
      names: createNameLookup(sqlite),
      payloads: createPayloadReader(
        sqlite,
        createPieceReader(sqlite, undefined, keptBytes),
        (spanKey, field) => giveNotice(`a text cannot be read: ${field} of span ${spanKey}`),
      ),
    };
  } catch (cause) {
    sqlite.close();
    throw cause;
  }
}

/** Reads in one transaction: a commit in between would show a span without its new texts. */
function read<T>(work: (source: Source) => T): T {
  try {
    // What kept it from being opened may have passed.
    const current = (source ??= openSource());
    current.payloads.forget();
    return reading(current.sqlite, () => work(current));
  } catch (cause) {
    if (isDamage(cause)) giveNotice("an answer cannot be given");
    throw toReadTrouble(cause);
  }
}

const methods = {
  open(path: string): void {
    storePath = path;
  },
  traces: ({ columns, ...query }: TraceQuery & { columns?: string | undefined }) =>
    read((source) => toJson(withNamed(source, listTraces(source, query, Date.now()), columns))),
  complete: (query: CompleteQuery) => read((source) => toJson(complete(source, query))),
  trace: (ref: TraceRef, query: SpansQuery) =>
    read((source) => toJson(readTrace(source, ref, query, Date.now()))),
  traceColumns: (ref: TraceRef, query: SpansQuery) =>
    read((source) => toJson(readTraceColumns(source, ref, query, Date.now()))),
  breakdown: (ref: TraceRef) => read((source) => toJson(readBreakdown(source, ref))),
  traceNews: (ref: TraceRef, query: NewsQuery) =>
    read((source) => toJson(readTraceNews(source, ref, query))),
  gists: (ref: TraceRef, keys: readonly number[]) =>
    read((source) => toJson(readGists(source, ref, keys))),
  payload: (trace: TraceRef, span: SpanRef, field: PayloadField, part: PayloadPart) =>
    read((source) => readPayload(source, trace, span, field, part)),
  span: (trace: TraceRef, span: SpanRef) => read((source) => toJson(readSpan(source, trace, span))),
  news: (trace: TraceRef, span: SpanRef) => read((source) => toJson(readNews(source, trace, span))),
  messages: (trace: TraceRef, span: SpanRef) =>
    read((source) => toJson(readSpanMessages(source, trace, span))),
  media: (trace: TraceRef, span: SpanRef, name: string) =>
    read((source) => readMedia(source, trace, span, name)),
  transcript: (ref: TraceRef, query: TranscriptQuery) =>
    read((source) => toJson(readTranscript(source, ref, query))),
  comparison: (a: TraceRef, b: TraceRef) =>
    read((source) => toJson(readComparison(source, a, b, Date.now()))),
  comparedPair: (a: SpanAt, b: SpanAt, unit?: TextDiff["unit"]) =>
    read((source) => toJson(readComparedPair(source, a, b, unit))),
  comparable: (ref: TraceRef) => read((source) => toJson(findComparable(source, ref, Date.now()))),
  promptVersions: (query: PromptQuery) =>
    read((source) => toJson(listPromptVersions(source, query, Date.now()))),
  promptDiff: (query: PromptQuery, versions: Parameters<typeof readPromptDiff>[2]) =>
    read((source) => toJson(readPromptDiff(source, query, versions, Date.now()))),
  spanCount: (ref: TraceRef) => read(({ db }) => findTrace(db, ref).trace.spanCount),
  /** The key of a trace, for what changes it. */
  traceKey: (ref: TraceRef) => read(({ db }) => findTrace(db, ref).trace.key),
  exportPage(ref: TraceRef, after: number | null, full: boolean) {
    // The engine does not know how large the texts of the pages before are, and would keep them for long.
    if (after !== null && ++pagesExported % pagesPerCleanup === 0) Bun.gc(true);
    return read((source) => exportPage(source, ref, after, full));
  },
  rejects: (limit: number, cursor: string | undefined) =>
    read(({ db }) => toJson(listRejects(db, limit, cursor))),
  stats: (query: StatsQuery) => read((source) => toJson(readStats(source, query, Date.now()))),
  groups: (query: GroupQuery) => read((source) => toJson(listGroups(source, query, Date.now()))),
  latest: (query: LatestQuery) => read((source) => toJson(listLatest(source, query, Date.now()))),
  summaries: (keys: number[]) => read((source) => readSummaries(source, keys, Date.now())),
  inScopes: (keys: number[], scopes: LiveScope[]) =>
    read((source) => scopes.map((scope) => inScope(source, keys, scope, Date.now()))),
  removal: (query: KeysQuery, after: KeysPosition | null, nowMs: number) =>
    read((source) => listRemoval(source, query, after, nowMs)),
  views: () => read(({ sqlite }) => listViews(sqlite)),
  counts: () => read(countStore),
  tables: () => read(({ sqlite }) => listTables(sqlite)),
  // In no transaction: one that met damage does not end in order.
  checkTable: (table: string) => checkTable((source ??= openSource()).sqlite, table),
  trees: () => read(({ sqlite }) => listTrees(sqlite)),
  pages: () => read(({ sqlite }) => readPageBytes(sqlite)),
  treeBytes: (name: string) => read(({ sqlite }) => bytesOfTree(sqlite, name)),
  shares: (spanBytes: number) => read((source) => readShares(source, spanBytes)),
  close: () => source?.sqlite.close(),
};

serveThread(methods, () => source && shrinkMemory(source.sqlite));
