/**
 * What the writing thread does besides: learns what the store holds, moves what an older version wrote,
 * settles what is quiet, collects what was deleted, packs what is at rest, gives up on log records without
 * a span, gives free pages back, empties the log. One short step at a time, and between two it serves what
 * came in.
 */
import type { Database } from "bun:sqlite";
import type { WriterEvents } from "../../backend/writer.ts";
import { upkeep as pauses } from "../../limits.ts";
import { checkpoint } from "../db/open.ts";
import { createCollector, shrinkStep } from "../payload/collect.ts";
import { createMover } from "../payload/move.ts";
import { applyPacking, compressPacking, planPacking, type Packing } from "../payload/pack.ts";
import type { PayloadWriter } from "../payload/payloads.ts";
import { expireUnits, expiryTime, hasExpiredUnits } from "../spans/expiry.ts";
import { expireLogs, hasExpiredLogs } from "../spans/logs.ts";
import type { SpanWriter } from "../spans/spans.ts";
import type { Storage } from "../storage/storage.ts";
import type { Transactions } from "../transactions.ts";
import { createTasks, type Task } from "./tasks.ts";

export interface Upkeep {
  /** Says that there is something to do now. */
  wake(): void;
  stop(): void;
}

export function startUpkeep(
  db: Database,
  transactions: Transactions,
  payloads: PayloadWriter,
  settling: SpanWriter["settling"],
  storage: Storage,
  { onDamage, timed }: Pick<WriterEvents, "onDamage" | "timed">,
): Upkeep {
  const countChanges = db.query<{ changes: number }, []>("SELECT total_changes() AS changes");
  const moveStep = createMover(db, payloads);
  const collector = createCollector(db, payloads);
  let timer: ReturnType<typeof setTimeout> | null = null;
  let isStopped = false;
  let isLearning = true;
  let isMoving = true;
  let commitsSeen = 0;
  let changesSeen = 0;
  let changesInFile = 0;

  /** Without room only what makes some goes on. */
  const ifRoom =
    (task: Task): Task =>
    () =>
      storage.isShort ? null : task();

  /** The first that has something to do takes the next step. Each says how long to wait after it. */
  const tasks = createTasks(
    {
      "the texts that are stored cannot all be known": () => {
        if (!isLearning) return null;
        isLearning = timed("learning", payloads.learnStep);
        return pauses.busyMs;
      },
      "the store's files cannot be looked at": () => {
        storage.checkPlace();
        return null;
      },
      "what an older version wrote cannot all be moved": ifRoom(() => {
        if (!isMoving) return null;
        isMoving = transactions.background(moveStep, "moving");
        return pauses.busyMs;
      }),
      "a trace has no part in filters and statistics": ifRoom(() => {
        if (!settling.hasWork(Date.now())) return null;
        transactions.background(() => settling.step(Date.now()), "settling");
        return pauseAfterWork();
      }),
      "not all of what was deleted can be freed": () => {
        if (!collector.hasWork(performance.now())) return null;
        transactions.change(() => collector.step(), "collecting");
        return pauses.busyMs;
      },
      "log records without a span cannot expire": () => {
        if (!hasExpiredLogs(db, expiryTime())) return null;
        transactions.change(() => expireLogs(db, expiryTime()), "expiring log records");
        return pauses.busyMs;
      },
      "log records of a session cannot expire": () => {
        if (!hasExpiredUnits(db, expiryTime())) return null;
        transactions.change(() => expireUnits(db, expiryTime()), "expiring sessions");
        return pauses.busyMs;
      },
      "not all texts can be packed": ifRoom(() => {
        const packing = timed("planning to pack", () =>
          planPacking(db, payloads, performance.now()),
        );
        return packing && pack(packing);
      }),
      "free pages cannot be given back": () => {
        const isShrunk = timed("giving free pages back", () =>
          storage.withReserve(() => shrinkStep(db)),
        );
        return isShrunk ? pauses.busyMs : null;
      },
      "the log cannot be written back": () => {
        timed("checkpoint", () => storage.withReserve(checkpointStep));
        return storage.growBallast() ? pauses.busyMs : pauses.idleMs;
      },
    },
    onDamage,
  );

  async function pack(packing: Packing): Promise<number> {
    const data = await compressPacking(packing);
    if (isStopped) return pauses.idleMs;
    transactions.background(() => applyPacking(db, payloads, packing, data), "packing");
    return pauseAfterWork();
  }

  /**
   * Under load it takes its time, the more the more was committed meanwhile: what waits to be packed or
   * settled only costs readers a little.
   */
  function pauseAfterWork(): number {
    const commits = transactions.commits - commitsSeen - 1;
    commitsSeen = transactions.commits;
    if (commits <= 0) return pauses.busyMs;
    return Math.min(Math.max(pauses.underLoadMs, pauses.perCommitMs * commits), pauses.longestMs);
  }

  /** Writes the log back once nothing was written since the last look, when it delays nobody. */
  function checkpointStep(): void {
    const { changes } = countChanges.get()!;
    if (changes === changesSeen && changes !== changesInFile) {
      if (checkpoint(db)) changesInFile = changes;
    }
    changesSeen = changes;
  }

  async function run(): Promise<void> {
    timer = null;
    schedule(await tasks.step());
  }

  function schedule(afterMs: number): void {
    if (isStopped) return;
    if (timer) clearTimeout(timer);
    timer = setTimeout(() => {
      // An error here is a bug, and must end the thread as any other does.
      run().catch((cause) => setImmediate(() => raise(cause)));
    }, afterMs);
  }

  schedule(pauses.busyMs);
  return {
    wake() {
      // Without a timer a step is under way, and will look again.
      if (timer) schedule(pauses.busyMs);
    },
    stop() {
      isStopped = true;
      if (timer) clearTimeout(timer);
    },
  };
}

function raise(cause: unknown): never {
  throw cause;
}
