/**
 * All changes of a store, each in a transaction of its own.
 *
 * A batch that fails does not take its neighbours along: the transaction is undone and each batch is tried
 * alone. (A savepoint around each would cost every transaction for what happens in none.)
 */
import type { Database } from "bun:sqlite";
import type { Batch, Fresh } from "../backend/batch.ts";
import type { WriterEvents } from "../backend/writer.ts";
import { isOfDisk, toTrouble } from "./db/trouble.ts";
import type { SpanWriter } from "./spans/spans.ts";
import type { Storage } from "./storage/storage.ts";

export interface Transactions {
  /**
   * @param bytes about what the batches take.
   * @returns for each what of it is new, or why it was not stored.
   */
  apply(batches: readonly Batch[], bytes: number): PromiseSettledResult<Fresh>[];
  /**
   * Runs another change. Where the disk has no room it runs a second time, with what the ballast gave back.
   *
   * @param what it is, in the log where it takes long.
   */
  change<T>(work: () => T, what?: string): T;
  /** The same for what can wait for room. */
  background<T>(work: () => T, what: string): T;
  /** How many were committed so far. */
  readonly commits: number;
}

export function createTransactions(
  db: Database,
  spans: SpanWriter,
  { onChange, timed }: Pick<WriterEvents, "onChange" | "timed">,
  storage: Storage | null = null,
): Transactions {
  const begin = db.query("BEGIN IMMEDIATE");
  const commit = db.query("COMMIT");
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

  return {
    apply(batches, bytes) {
      const room = attempt(() => storage?.checkRoom(bytes));
      if (room.status === "rejected") return batches.map(() => room);
      try {
        const fresh = transact(() => batches.map((batch) => spans.apply(batch)));
        return fresh.map((value) => ({ status: "fulfilled", value }));
      } catch (reason) {
        if (batches.length === 1) return [{ status: "rejected", reason }];
        return batches.map((batch) => attempt(() => transact(() => spans.apply(batch))));
      }
    },
    change(work, what = "change") {
      storage?.checkPlace();
      const run = () => transact(work);
      return timed(what, storage ? () => storage.withReserve(run) : run);
    },
    background(work, what) {
      storage?.checkPlace();
      return timed(what, () => transact(work));
    },
    get commits() {
      return commits;
    },
  };
}

function attempt<T>(work: () => T): PromiseSettledResult<T> {
  try {
    return { status: "fulfilled", value: work() };
  } catch (reason) {
    return { status: "rejected", reason };
  }
}
