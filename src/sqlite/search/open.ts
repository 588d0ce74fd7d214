/**
 * Search as a whole: builds the index in short steps, and answers between two of them. One thread does both,
 * so that each file of the index has one connection, and an answer sees all that was built.
 */
import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Search } from "../../backend/search.ts";
import { AppError } from "../../errors.ts";
import { createNameLookup } from "../db/names.ts";
import { openReader, reading, shrinkMemory } from "../db/open.ts";
import { isDamage, toReadTrouble } from "../db/trouble.ts";
import { createPayloadReader } from "../payload/payloads.ts";
import type { Source } from "../source.ts";
import { createIndexer, retryPauseMs, type Indexer } from "./indexer.ts";
import { limits } from "./limits.ts";
import { createScanner } from "./scan.ts";
import { createSearch } from "./search.ts";
import { readStatus } from "./status.ts";
import { createTraceTexts } from "./texts.ts";

interface Opened {
  database: Database;
  source: Source;
  indexer: Indexer;
  search: ReturnType<typeof createSearch>;
}

/**
 * Opens nothing yet, since what keeps it from being opened may pass.
 *
 * @param path the store's file.
 * @param dir where the index is.
 * @param onDamage is told what is damaged, in words.
 */
export function openSearch(path: string, dir: string, onDamage: (what: string) => void): Search {
  let opened: Opened | null = null;
  /** While the disk has no room, or is gone. */
  let isPaused = false;
  let timer: ReturnType<typeof setTimeout> | null = null;
  /** How often in a row the index could not be gone on with, since the store could not be read. */
  let failures = 0;
  let versionSeen = 0;
  /** How often in a row something had been stored. */
  let loadedLooks = 0;

  function open(): Opened {
    const database = openReader(path);
    try {
      const source: Source = {
        db: drizzle(database),
        sqlite: database,
        names: createNameLookup(database),
        payloads: createPayloadReader(database),
      };
      const texts = createTraceTexts(database, source.names);
      const indexer = createIndexer(source, texts, dir, onDamage);
      const search = createSearch(source, texts, createScanner(source, texts), indexer);
      return { database, source, indexer, search };
    } catch (cause) {
      database.close();
      throw cause;
    }
  }

  /** In one transaction of the store: a commit in between would show a span without its new texts. */
  function read<T>(work: (opened: Opened) => T): T {
    try {
      const current = (opened ??= open());
      current.source.payloads.forget();
      return reading(current.database, () => work(current));
    } catch (cause) {
      if (isDamage(cause)) onDamage("a search or the index cannot be finished");
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

  /** Whether something was stored since the last look. */
  function isUnderLoad(): boolean {
    const { data_version: version } = opened!.database
      .query<{ data_version: number }, []>("PRAGMA data_version")
      .get()!;
    const isChanged = version !== versionSeen;
    versionSeen = version;
    return isChanged;
  }

  schedule(limits.busyMs);
  return {
    search: (query, nowMs) => answer(({ search }) => search.search(query, nowMs)),
    searchTrace: (ref, text, limit, cursor) =>
      answer(({ search }) => search.searchTrace(ref, text, limit, cursor)),
    status: () => answer(({ source, indexer }) => readStatus(source, indexer)),
    pause(paused) {
      isPaused = paused;
      if (paused) return;
      opened?.indexer.retry();
      schedule(limits.busyMs);
    },
    rebuild: () => answer(({ indexer }) => indexer.rebuild()),
    rest() {
      if (!opened) return;
      shrinkMemory(opened.database);
      opened.indexer.shrinkMemory();
    },
    close() {
      if (timer) clearTimeout(timer);
      opened?.indexer.close();
      opened?.database.close();
    },
  };
}
