/**
 * Builds the search index of a store without the server's pauses, on another core than whoever writes
 * the store meanwhile: at 10 million spans the server itself would take most of an hour.
 */
import type { Database } from "bun:sqlite";
import { drizzle } from "drizzle-orm/bun-sqlite";
import { createNameLookup } from "../../src/sqlite/db/names.ts";
import { openReader } from "../../src/sqlite/db/open.ts";
import { createPayloadReader } from "../../src/sqlite/payload/payloads.ts";
import { createIndexer, type Indexer } from "../../src/sqlite/search/indexer.ts";
import { createTraceTexts } from "../../src/sqlite/search/texts.ts";
import type { Source } from "../../src/sqlite/source.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { serveHelper } from "./helper.ts";

interface Opened {
  database: Database;
  source: Source;
  indexer: Indexer;
}

let opened: Opened | null = null;
const idleMs = 200;

/** @returns whether there is more to do. */
function step({ database, source, indexer }: Opened): boolean {
  source.payloads.forget();
  return database.transaction(() => indexer.step())();
}

async function keepUp(): Promise<void> {
  while (opened) await Bun.sleep(step(opened) ? 0 : idleMs);
}

serveHelper({
  /** Indexes from now on what is settled. */
  open({
    storePath,
    searchDir,
  }: Pick<ReturnType<typeof storeFiles>, "storePath" | "searchDir">): void {
    const database = openReader(storePath);
    const source: Source = {
      db: drizzle(database),
      sqlite: database,
      names: createNameLookup(database),
      payloads: createPayloadReader(database),
    };
    const indexer = createIndexer(source, createTraceTexts(database, source.names), searchDir);
    opened = { database, source, indexer };
    void keepUp();
  },
  /** Indexes what is left. */
  async finish(): Promise<void> {
    const { database, indexer } = opened!;
    while (step(opened!)) await Bun.sleep(0);
    opened = null;
    indexer.close();
    database.close();
  },
});
