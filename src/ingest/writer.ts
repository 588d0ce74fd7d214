/**
 * The one writer: takes whatever the ring holds into one transaction, commits, then answers.
 *
 * No timer delays a commit: an idle writer commits at once, a busy one finds what came in meanwhile
 * and takes it together. A batch that fails does not take its neighbours along: the transaction is
 * undone and each batch is tried alone. (A savepoint around each would cost every drain for what
 * happens in none.)
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import { drain, drainAtRows, ring as ringLimits } from "../limits.ts";
import type { Batch, SpanWriter } from "../store/spans.ts";
import { toTrouble } from "../store/trouble.ts";
import type { Change } from "./changes.ts";
import { Ring } from "./ring.ts";

export interface Writer {
  /** Resolves when the batch is committed. @throws AppError `buffer_full`, `disk_full`, `store_damaged`. */
  submit(batch: Batch, weight: { rows: number; bytes: number }): Promise<void>;
  /** Runs a change of something else than spans in a transaction of its own, after what waits. */
  change<T>(work: () => T): T;
  /** Transactions committed so far. */
  readonly commits: number;
}

interface Waiting {
  batch: Batch;
  resolve: () => void;
  reject: (cause: unknown) => void;
}

export function createWriter(
  db: Database,
  spans: SpanWriter,
  onBuffered: (rows: number) => void,
  onChange: (change: Change) => void = () => {},
): Writer {
  const ring = new Ring<Waiting>(ringLimits);
  const begin = db.query("BEGIN IMMEDIATE");
  const commit = db.query("COMMIT");
  let isScheduled = false;
  let commits = 0;

  function transact<T>(work: () => T): T {
    try {
      begin.run();
      const result = work();
      spans.flush();
      commit.run();
      onChange(spans.committed());
      commits++;
      return result;
    } catch (cause) {
      // A full disk has rolled back by itself; a second ROLLBACK would throw.
      if (db.inTransaction) db.run("ROLLBACK");
      spans.rolledBack();
      throw toTrouble(cause);
    }
  }

  function drainOnce(): void {
    const taken = ring.take(drain);
    onBuffered(ring.rows);
    if (taken.length === 0) return;
    try {
      transact(() => {
        for (const { batch } of taken) spans.apply(batch);
      });
    } catch (cause) {
      if (taken.length === 1) return taken[0]!.reject(cause);
      for (const waiting of taken) {
        try {
          transact(() => spans.apply(waiting.batch));
          waiting.resolve();
        } catch (failure) {
          waiting.reject(failure);
        }
      }
      return;
    }
    for (const { resolve } of taken) resolve();
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      drainOnce();
      if (ring.rows > 0) schedule();
    });
  }

  return {
    submit(batch, weight) {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      if (!ring.push({ batch, resolve, reject }, weight)) {
        throw new AppError("buffer_full", "ingest buffer full", { retryAfterSeconds: 1 });
      }
      onBuffered(ring.rows);
      if (ring.rows >= drainAtRows) drainOnce();
      else schedule();
      return promise;
    },
    change(work) {
      while (ring.rows > 0) drainOnce();
      return transact(work);
    },
    get commits() {
      return commits;
    },
  };
}
