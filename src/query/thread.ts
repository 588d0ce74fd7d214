/**
 * The reading thread: a read-only connection, so that no read, however long, delays the HTTP event
 * loop or a commit. Answers leave as JSON text: a string crosses threads in 10 µs, a tree of objects
 * costs twenty times that, and HTTP wants text anyway.
 */
import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createNameLookup } from "../store/names.ts";
import { openReader } from "../store/open.ts";
import { createPayloadReader } from "../store/payloads.ts";
import { serveThread } from "../threads.ts";
import { countStore, listRejects } from "./admin.ts";
import { listGroups, type GroupQuery } from "./groups.ts";
import { toJson } from "./json.ts";
import { listLatest, type LatestQuery } from "./latest.ts";
import { readNews } from "./news.ts";
import { readStats, type StatsQuery } from "./stats.ts";
import { exportPage, readSpan, readTrace, type Source, type SpanRef } from "./trace.ts";
import { findTrace, listTraces, type TraceQuery, type TraceRef } from "./traces.ts";

export type ReaderMethods = typeof methods;

let database: Database | null = null;
let source: Source | null = null;

/** Reads in one transaction: a commit in between would show a span without its new texts. */
function read<T>(work: (source: Source) => T): T {
  if (!database || !source) throw new Error("the store is not open");
  source.payloads.forget();
  return database.transaction(work)(source);
}

const methods = {
  open(path: string): void {
    database = openReader(path);
    source = {
      db: drizzle(database),
      sqlite: database,
      names: createNameLookup(database),
      payloads: createPayloadReader(database),
    };
  },
  traces: (query: TraceQuery) =>
    read(({ db }) => JSON.stringify(listTraces(db, query, Date.now()))),
  trace: (ref: TraceRef) => read((source) => JSON.stringify(readTrace(source, ref, Date.now()))),
  span: (trace: TraceRef, span: SpanRef) =>
    read((source) => JSON.stringify(readSpan(source, trace, span))),
  news: (trace: TraceRef, span: SpanRef) =>
    read((source) => JSON.stringify(readNews(source, trace, span))),
  /** The key of a trace, for what changes it. */
  traceKey: (ref: TraceRef) => read(({ db }) => findTrace(db, ref).trace.key),
  exportPage: (ref: TraceRef, after: number | null, full: boolean) =>
    read((source) => exportPage(source, ref, after, full)),
  rejects: (limit: number, cursor: string | undefined) =>
    read(({ db }) => JSON.stringify(listRejects(db, limit, cursor))),
  stats: (query: StatsQuery) => read((source) => toJson(readStats(source, query, Date.now()))),
  groups: (query: GroupQuery) => read((source) => toJson(listGroups(source, query, Date.now()))),
  latest: (query: LatestQuery) => read((source) => toJson(listLatest(source, query, Date.now()))),
  counts: () => read(({ db }) => countStore(db)),
  close: () => database?.close(),
};

serveThread(methods);
