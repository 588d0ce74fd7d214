/**
 * The searching thread: builds the index in short steps, and answers between two of them. One thread for
 * both, so that each file of the index has one connection, and an answer sees all that was built.
 */
import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { AppError } from "../errors.ts";
import { limits } from "../sqlite/search/limits.ts";
import { toJson } from "../query/json.ts";
import type { Source } from "../sqlite/trace/trace.ts";
import type { TraceRef } from "../sqlite/list/traces.ts";
import { createNameLookup } from "../sqlite/db/names.ts";
import { openReader, reading, shrinkMemory } from "../sqlite/db/open.ts";
import { createPayloadReader } from "../sqlite/payload/payloads.ts";
import { isDamage, toReadTrouble } from "../sqlite/db/trouble.ts";
import { giveNotice, serveThread } from "./host.ts";
import { createIndexer, retryPauseMs, type Indexer } from "../sqlite/search/indexer.ts";
import { createScanner } from "../sqlite/search/scan.ts";
import { createSearch, type Search, type SearchQuery } from "../sqlite/search/search.ts";
import { readStatus } from "../sqlite/search/status.ts";
import { createTraceTexts } from "../sqlite/search/texts.ts";

export type SearchMethods = typeof methods;

interface Opened {
  database: Database;
  source: Source;
  indexer: Indexer;
  search: Search;
}

/** The store's file, and where the index is. */
let places: { path: string; dir: string } | null = null;
let opened: Opened | null = null;
/** While the disk has no room, or is gone. */
let isPaused = false;
let timer: ReturnType<typeof setTimeout> | null = null;
/** How often in a row the index could not be gone on with, since the store could not be read. */
let failures = 0;

function openAll({ path, dir }: { path: string; dir: string }): Opened {
  const database = openReader(path);
  try {
    const source: Source = {
      db: drizzle(database),
      sqlite: database,
      names: createNameLookup(database),
      payloads: createPayloadReader(database),
    };
    const texts = createTraceTexts(database, source.names);
    const indexer = createIndexer(source, texts, dir, giveNotice);
    const search = createSearch(source, texts, createScanner(source, texts), indexer);
    return { database, source, indexer, search };
  } catch (cause) {
    database.close();
    throw cause;
  }
}

/** In one transaction of the store: a commit in between would show a span without its new texts. */
function read<T>(work: (opened: Opened) => T): T {
  if (!places) throw new Error("the store is not open");
  try {
    // What kept it from being opened may have passed.
    const current = (opened ??= openAll(places));
    current.source.payloads.forget();
    return reading(current.database, () => work(current));
  } catch (cause) {
    if (isDamage(cause)) giveNotice("a search or the index cannot be finished");
    throw toReadTrouble(cause);
  }
}

/** Reads for whoever asks. What can be read again can be indexed again. */
function answer<T>(work: (opened: Opened) => T): T {
  const result = read(work);
  if (failures > 0) schedule(limits.busyMs);
  failures = 0;
  return result;
}

function schedule(afterMs: number): void {
  if (timer) clearTimeout(timer);
  timer = setTimeout(() => {
    if (isPaused) return schedule(limits.idleMs);
    const startedAt = performance.now();
    let isBusy: boolean;
    try {
      isBusy = read(({ indexer }) => indexer.step());
      loadedLooks = isUnderLoad() ? loadedLooks + 1 : 0;
    } catch (cause) {
      // The disk fails, or is full, or a page is damaged: later.
      if (!(toReadTrouble(cause) instanceof AppError)) throw cause;
      return schedule(retryPauseMs(++failures));
    }
    failures = 0;
    const tookMs = performance.now() - startedAt;
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
    places = { path, dir };
    schedule(limits.busyMs);
  },
  search: (query: SearchQuery) => answer(({ search }) => toJson(search.search(query, Date.now()))),
  searchTrace: (ref: TraceRef, q: string, limit: number, cursor: string | undefined) =>
    answer(({ search }) => toJson(search.searchTrace(ref, q, limit, cursor))),
  status: () => answer(({ source, indexer }) => toJson(readStatus(source, indexer))),
  pause(paused: boolean): void {
    isPaused = paused;
    if (paused) return;
    opened?.indexer.retry();
    schedule(limits.busyMs);
  },
  rebuild: () => answer(({ indexer }) => indexer.rebuild()),
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
