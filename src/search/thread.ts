/**
 * The searching thread: builds the index in short steps, and answers between two of them. One thread for
 * both, so that each file of the index has one connection, and an answer sees all that was built.
 */
import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { limits } from "./limits.ts";
import { toJson } from "../query/json.ts";
import type { Source } from "../query/trace.ts";
import type { TraceRef } from "../query/traces.ts";
import { createNameLookup } from "../store/names.ts";
import { openReader, shrinkMemory } from "../store/open.ts";
import { createPayloadReader } from "../store/payloads.ts";
import { serveThread } from "../threads.ts";
import { createIndexer, type Indexer } from "./indexer.ts";
import { createScanner } from "./scan.ts";
import { createSearch, type Search, type SearchQuery } from "./search.ts";
import { readStatus } from "./status.ts";
import { createTraceTexts } from "./texts.ts";

export type SearchMethods = typeof methods;

interface Opened {
  database: Database;
  source: Source;
  indexer: Indexer;
  search: Search;
}

let opened: Opened | null = null;
/** While the disk has no room, or is gone. */
let isPaused = false;
let timer: ReturnType<typeof setTimeout> | null = null;

/** In one transaction of the store: a commit in between would show a span without its new texts. */
function read<T>(work: (opened: Opened) => T): T {
  if (!opened) throw new Error("the store is not open");
  const current = opened;
  current.source.payloads.forget();
  return current.database.transaction(() => work(current))();
}

function schedule(afterMs: number): void {
  timer = setTimeout(() => {
    const startedAt = performance.now();
    const isBusy = !isPaused && read(({ indexer }) => indexer.step());
    const tookMs = performance.now() - startedAt;
    loadedLooks = isUnderLoad() ? loadedLooks + 1 : 0;
    const pauseMs =
      loadedLooks === 0
        ? limits.busyMs
        : Math.min(limits.underLoadMs * 2 ** (loadedLooks - 1), limits.longestPauseMs);
    // A step that took long, as one that commits does, is paid for by a longer pause.
    schedule(isBusy ? pauseMs * Math.max(1, tookMs / limits.stepMs) : limits.idleMs);
  }, afterMs);
}

let versionSeen = 0;
/** How often in a row something had been stored. */
let loadedLooks = 0;

/** Whether something was stored since the last look. */
function isUnderLoad(): boolean {
  const { data_version: version } = opened!.database
    .query<{ data_version: number }, []>("PRAGMA data_version")
    .get()!;
  const isChanged = version !== versionSeen;
  versionSeen = version;
  return isChanged;
}

const methods = {
  /** @param dir where the index is. */
  open(path: string, dir: string): void {
    const database = openReader(path);
    const source: Source = {
      db: drizzle(database),
      sqlite: database,
      names: createNameLookup(database),
      payloads: createPayloadReader(database),
    };
    const texts = createTraceTexts(database, source.names);
    const indexer = createIndexer(source, texts, dir);
    const search = createSearch(source, texts, createScanner(source, texts), indexer);
    opened = { database, source, indexer, search };
    schedule(limits.busyMs);
  },
  search: (query: SearchQuery) => read(({ search }) => toJson(search.search(query, Date.now()))),
  searchTrace: (ref: TraceRef, q: string, limit: number, cursor: string | undefined) =>
    read(({ search }) => toJson(search.searchTrace(ref, q, limit, cursor))),
  status: () => read(({ source, indexer }) => toJson(readStatus(source, indexer))),
  pause: (paused: boolean): void => void (isPaused = paused),
  rebuild: () => read(({ indexer }) => indexer.rebuild()),
  close(): void {
    if (timer) clearTimeout(timer);
    opened?.indexer.close();
    opened?.database.close();
  },
};

serveThread(methods, () => {
  if (!opened) return;
  shrinkMemory(opened.database);
  opened.indexer.shrinkMemory();
});
