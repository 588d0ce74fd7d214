/**
 * The reading thread: a read-only connection, so that no read, however long, delays the HTTP event
 * loop or a commit. Answers leave as JSON text: a string crosses threads in 10 µs, a tree of objects
 * costs twenty times that, and HTTP wants text anyway.
 */
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createNameLookup } from "../store/names.ts";
import { openReader } from "../store/open.ts";
import { createPayloadReader } from "../store/payloads.ts";
import { serveThread } from "../threads.ts";
import { countStore, listRejects } from "./admin.ts";
import { exportPage, readSpan, readTrace, type Source, type SpanRef } from "./trace.ts";
import { findTrace, listTraces, type TraceQuery, type TraceRef } from "./traces.ts";

export type ReaderMethods = typeof methods;

let source: Source | null = null;
let close = () => {};

function opened(): Source {
  if (!source) throw new Error("the store is not open");
  return source;
}

const methods = {
  open(path: string): void {
    const database = openReader(path);
    source = {
      db: drizzle(database),
      names: createNameLookup(database),
      payloads: createPayloadReader(database),
    };
    close = () => database.close();
  },
  traces: (query: TraceQuery) => JSON.stringify(listTraces(opened().db, query, Date.now())),
  trace: (ref: TraceRef) => JSON.stringify(readTrace(opened(), ref, Date.now())),
  span: (trace: TraceRef, span: SpanRef) => JSON.stringify(readSpan(opened(), trace, span)),
  /** The key of a trace, for what changes it. */
  traceKey: (ref: TraceRef) => findTrace(opened().db, ref).trace.key,
  exportPage: (ref: TraceRef, after: number | null, full: boolean) =>
    exportPage(opened(), ref, after, full),
  rejects: (limit: number, cursor: string | undefined) =>
    JSON.stringify(listRejects(opened().db, limit, cursor)),
  counts: () => countStore(opened().db),
  close: () => close(),
};

serveThread(methods);
