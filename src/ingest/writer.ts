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
import type { Batch, Fresh, SpanWriter } from "../sqlite/spans/spans.ts";
import type { Storage } from "../sqlite/directory/storage.ts";
import { isOfDisk, toTrouble } from "../sqlite/db/trouble.ts";
import type { Change } from "./changes.ts";
import { Ring } from "./ring.ts";
import { timed } from "./stalls.ts";

export interface Writer {
  /** Resolves when the batch is committed, with what of it is new. @throws AppError `buffer_full`, `storage_unavailable`, `store_damaged`. */
  submit(batch: Batch, weight: { rows: number; bytes: number }): Promise<Fresh>;
  /**
   * Runs a change of something else than spans in a transaction of its own, after what waits. Where the
   * disk has no room it runs a second time, with what the ballast gave back.
   *
   * @param what it is, in the log where it takes long.
   */
  change<T>(work: () => T, what?: string): T;
  /** The same for what can wait for room. */
  background<T>(work: () => T, what: string): T;
  /** Commits what waits. */
  drain(): void;
  /** Transactions committed so far. */
  readonly commits: number;
}

interface Waiting {
  batch: Batch;
  rows: number;
  bytes: number;
  resolve: (fresh: Fresh) => void;
  reject: (cause: unknown) => void;
}

export function createWriter(
  db: Database,
  spans: SpanWriter,
  onBuffered: (rows: number) => void,
  onChange: (change: Change) => void = () => {},
  storage: Storage | null = null,
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
      storage?.committed();
      return result;
    } catch (cause) {
      // A full disk has rolled back by itself; a second ROLLBACK would throw.
      if (db.inTransaction) db.run("ROLLBACK");
      spans.rolledBack();
      if (isOfDisk(cause)) storage?.failed(cause);
      throw toTrouble(cause);
    }
  }

  function drainOnce(): void {
    const taken = ring.take(drain);
    onBuffered(ring.rows);
    if (taken.length === 0) return;
    try {
      storage?.checkRoom(taken.reduce((sum, { bytes }) => sum + bytes, 0));
    } catch (cause) {
      for (const { reject } of taken) reject(cause);
      return;
    }
    let fresh: Fresh[];
    try {
      fresh = timed(
        () => commitOf(taken.reduce((sum, { rows }) => sum + rows, 0)),
        () => transact(() => taken.map(({ batch }) => spans.apply(batch))),
      );
    } catch (cause) {
      if (taken.length === 1) return taken[0]!.reject(cause);
      for (const waiting of taken) {
        try {
          waiting.resolve(transact(() => spans.apply(waiting.batch)));
        } catch (failure) {
          waiting.reject(failure);
        }
      }
      return;
    }
    for (const [at, { resolve }] of taken.entries()) resolve(fresh[at]!);
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

  function drainAll(): void {
    while (ring.rows > 0) drainOnce();
  }

  /** @throws AppError where there is no store to change any more. */
  function makeReady(): void {
    drainAll();
    storage?.checkPlace();
  }

  return {
    submit(batch, weight) {
      const { promise, resolve, reject } = Promise.withResolvers<Fresh>();
      if (!ring.push({ batch, ...weight, resolve, reject }, weight)) {
        throw new AppError("buffer_full", "ingest buffer full", { retryAfterSeconds: 1 });
      }
      onBuffered(ring.rows);
      if (ring.rows >= drainAtRows) drainOnce();
      else schedule();
      return promise;
    },
    change(work, what = "change") {
      makeReady();
      const run = () => transact(work);
      return timed(what, storage ? () => storage.withReserve(run) : run);
    },
    background(work, what) {
      makeReady();
      return timed(what, () => transact(work));
    },
    drain: drainAll,
    get commits() {
      return commits;
    },
  };
}

const commitOf = (rows: number) => `commit of ${rows} ${rows === 1 ? "span" : "spans"}`;
