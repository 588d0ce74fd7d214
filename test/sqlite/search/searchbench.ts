/** A store under test with its index, without threads: time passes when the test says so. */
import { join } from "node:path";
import { drizzle } from "drizzle-orm/bun-sqlite";
import type { Hit } from "../../../src/backend/search.ts";
import { searchTraces, type SearchRequest } from "../../../src/query/search.ts";
import { createNameLookup } from "../../../src/sqlite/db/names.ts";
import { openReader } from "../../../src/sqlite/db/open.ts";
import { createPayloadReader } from "../../../src/sqlite/payload/payloads.ts";
import { createIndexer, type Indexer } from "../../../src/sqlite/search/indexer.ts";
import { createScanner } from "../../../src/sqlite/search/scan.ts";
import { createSearch } from "../../../src/sqlite/search/search.ts";
import { readStatus } from "../../../src/sqlite/search/status.ts";
import { createTraceTexts } from "../../../src/sqlite/search/texts.ts";
import type { Source } from "../../../src/sqlite/source.ts";
import { Workbench } from "../workbench.ts";

export class SearchBench implements Disposable {
  readonly store: Workbench;
  readonly dir: string;
  source!: Source;
  indexer!: Indexer;
  search!: ReturnType<typeof createSearch>;
  nowMs = Date.now();

  constructor(store = new Workbench()) {
    this.store = store;
    this.dir = join(this.store.dir, "search");
    this.open();
  }

  open(): void {
    const sqlite = openReader(this.store.path);
    const names = createNameLookup(sqlite);
    const payloads = createPayloadReader(sqlite);
    this.source = { db: drizzle(sqlite), sqlite, names, payloads };
    const texts = createTraceTexts(sqlite, names);
    this.indexer = createIndexer(this.source, texts, this.dir);
    const scanner = createScanner(this.source, texts);
    this.search = createSearch(this.source, texts, scanner, this.indexer);
  }

  close(): void {
    this.indexer.close();
    this.source.sqlite.close();
  }

  /** Ends without a commit of what is under way, as a kill does. */
  crash(): void {
    for (const file of this.indexer.files) file.close();
    this.source.sqlite.close();
    this.open();
  }

  settle(): void {
    this.nowMs += 100_000;
    while (this.store.spans.settling.hasWork(this.nowMs)) {
      this.store.transact(() => this.store.spans.settling.step(this.nowMs));
    }
    this.nowMs += 100_000;
  }

  /** @returns whether there was something to do. */
  step(): boolean {
    this.source.payloads.forget();
    return this.indexer.step();
  }

  index(): void {
    while (this.step());
  }

  status() {
    return readStatus(this.source, this.indexer);
  }

  /** All hits, page after page. */
  find(q: string, more: Partial<SearchRequest> = {}): Hit[] {
    const hits: Hit[] = [];
    let cursor: string | undefined;
    do {
      this.source.payloads.forget();
      const page = searchTraces(this.search, { q, limit: 5, ...more, cursor }, this.nowMs);
      hits.push(...page.hits);
      cursor = page.nextCursor ?? undefined;
    } while (cursor !== undefined);
    return hits;
  }

  [Symbol.dispose](): void {
    this.close();
    this.store[Symbol.dispose]();
  }
}
