/** A store under test without a server: spans in, texts out, the upkeep by hand. */
import { Database } from "bun:sqlite";
import { rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { PayloadField, Payloads } from "../../src/contract/fields.ts";
import type { ImportedSpan } from "../../src/contract/v1.ts";
import { checkpoint, openReader, openWriter } from "../../src/sqlite/db/open.ts";
import { createCollector, shrinkStep } from "../../src/sqlite/payload/collect.ts";
import { applyPacking, compressPacking, planPacking } from "../../src/sqlite/payload/pack.ts";
import {
  createPayloadReader,
  createPayloadWriter,
  type PayloadWriter,
} from "../../src/sqlite/payload/payloads.ts";
import { createSpanWriter, type SpanWriter } from "../../src/sqlite/spans/spans.ts";
import { makeTempDir } from "../helpers.ts";

/** Long after all that a test wrote has become quiet. */
export const muchLater = Date.now() + 86_400_000;

export type Texts = Payloads & { endTime?: number };

export class Workbench implements Disposable {
  readonly dir: string;
  readonly path: string;
  db!: Database;
  payloads!: PayloadWriter;
  spans!: SpanWriter;

  /** @param dir with the store of an earlier one, or empty. Disposing removes it. */
  constructor(dir = makeTempDir()) {
    this.dir = dir;
    this.path = join(dir, "tealight.db");
    this.open();
    this.db.run(
      "INSERT OR IGNORE INTO projects (id, name, createdAt) VALUES (1, 'a', 0), (2, 'b', 0)",
    );
  }

  /** @param learns how many steps it learns of what the store holds. */
  open(learns = Infinity): void {
    this.db = openWriter(this.path, "process");
    this.payloads = createPayloadWriter(this.db);
    this.spans = createSpanWriter(this.db, this.payloads);
    for (let i = 0; i < learns && this.payloads.learnStep(); i++);
  }

  reopen(learns = Infinity): void {
    this.db.close();
    this.open(learns);
  }

  transact<T>(work: () => T): T {
    this.db.run("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.spans.flush();
      this.db.run("COMMIT");
      this.spans.committed();
      return result;
    } catch (cause) {
      this.db.run("ROLLBACK");
      this.spans.rolledBack();
      throw cause;
    }
  }

  /** Adds spans to the transaction under way. */
  put(traceId: string, texts: Record<string, Texts>, projectId = 1): void {
    const spans = Object.entries(texts).map(([spanId, { endTime = 1, ...sent }]) => {
      const { attributes, resource, events, traceAttributes, ...fields } = sent;
      const x = { attributes, resource, events, traceAttributes };
      const base = { spanId, spanType: "llm", name: "call", startTime: 0, endTime } as const;
      return { span: { ...base, ...fields, x } as ImportedSpan, header: { traceName: "t" } };
    });
    this.spans.apply({ projectId, receivedAt: 1, source: "foglamp", traces: [{ traceId, spans }] });
  }

  /** Stores spans in a transaction of their own. */
  store(traceId: string, texts: Record<string, Texts>, projectId = 1): void {
    this.transact(() => this.put(traceId, texts, projectId));
  }

  traceKey(traceId: string, projectId = 1): number {
    return this.db
      .query<{ key: number }, [string, number]>(
        "SELECT key FROM traces WHERE traceId = ? AND projectId = ?",
      )
      .get(traceId, projectId)!.key;
  }

  delete(traceId: string, projectId = 1): void {
    this.transact(() => this.spans.deleteTrace(this.traceKey(traceId, projectId)));
  }

  /** All texts of a trace as a reader on a connection of its own sees them, by span. */
  read(traceId: string, projectId = 1): Record<string, Payloads> {
    const read = this.readAll(traceId, projectId);
    return Object.fromEntries(Object.entries(read).map(([id, { texts }]) => [id, texts]));
  }

  readAll(
    traceId: string,
    projectId = 1,
  ): Record<string, { texts: Payloads; damaged: PayloadField[] }> {
    const db = openReader(this.path);
    try {
      const reader = createPayloadReader(db);
      const key = this.traceKey(traceId, projectId);
      return Object.fromEntries(
        db
          .query<{ key: number; spanId: string; lists: Uint8Array | null }, [number, number]>(
            "SELECT key, spanId, lists FROM spans WHERE key >= ? AND key < ? ORDER BY key",
          )
          .all(key * 2 ** 24, (key + 1) * 2 ** 24)
          .map((row) => [row.spanId, reader.get(row.key, row.lists)]),
      );
    } finally {
      db.close();
    }
  }

  count(from: string): number {
    return this.db.query<{ n: number }, []>(`SELECT count(*) AS n FROM ${from}`).get()!.n;
  }

  /** @returns the steps that it took. */
  collect(): number {
    const collector = createCollector(this.db, this.payloads);
    let steps = 0;
    for (; collector.hasWork(muchLater); steps++) this.transact(() => collector.step());
    return steps;
  }

  async packOnce(): Promise<boolean> {
    const packing = planPacking(this.db, this.payloads, muchLater);
    if (!packing) return false;
    const data = await compressPacking(packing);
    this.transact(() => applyPacking(this.db, this.payloads, packing, data));
    return true;
  }

  /** All of the upkeep, to its end. */
  async settle(): Promise<void> {
    this.collect();
    for (let packs = 0; await this.packOnce(); packs++) {
      if (packs > 1000) throw new Error("packing does not end");
    }
    while (shrinkStep(this.db));
  }

  fileSize(): number {
    checkpoint(this.db);
    return statSync(this.path).size;
  }

  [Symbol.dispose](): void {
    this.db.close();
    rmSync(this.dir, { recursive: true });
  }
}
