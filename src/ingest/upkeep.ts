/**
 * What the writing thread does besides: learns what the store holds, moves what an older version wrote,
 * settles what is quiet, collects what was deleted, packs what is at rest, gives up on log records without
 * a span, gives free pages back, empties the log. One short step at a time, and between two it serves what
 * came in.
 */
import type { Database } from "bun:sqlite";
import { AppError } from "../errors.ts";
import { upkeep as pauses } from "../limits.ts";
import { createCollector, shrinkStep } from "../store/collect.ts";
import { expireUnits, expiryTime, hasExpiredUnits } from "../store/expiry.ts";
import { expireLogs, hasExpiredLogs } from "../store/logs.ts";
import { createMover } from "../store/move.ts";
import { checkpoint } from "../store/open.ts";
import { applyPacking, compressPacking, planPacking, type Packing } from "../store/pack.ts";
import type { PayloadWriter } from "../store/payloads.ts";
import type { SpanWriter } from "../store/spans.ts";
import type { Storage } from "../store/storage.ts";
import { timed } from "./stalls.ts";
import { toUnavailable, type Writer } from "./writer.ts";

export interface Upkeep {
  /** Says that there is something to do now. */
  wake(): void;
  stop(): void;
}

export function startUpkeep(
  db: Database,
  writer: Writer,
  payloads: PayloadWriter,
  settling: SpanWriter["settling"],
  storage: Storage,
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

  /** @returns how long to wait for the next. */
  async function step(): Promise<number> {
    if (isLearning) {
      isLearning = timed("learning", payloads.learnStep);
      return pauses.busyMs;
    }
    storage.checkPlace();
    if (storage.isShort) return freeStep() ? pauses.busyMs : pauses.idleMs;
    if (isMoving) {
      isMoving = writer.background(moveStep, "moving");
      return pauses.busyMs;
    }
    if (settling.hasWork(Date.now())) {
      writer.background(() => settling.step(Date.now()), "settling");
      return pauseAfterWork();
    }
    if (dropStep()) return pauses.busyMs;
    const packing = timed("planning to pack", () => planPacking(db, payloads, performance.now()));
    if (packing) return pack(packing);
    if (timed("giving free pages back", () => shrinkStep(db))) return pauses.busyMs;
    timed("checkpoint", checkpointStep);
    return storage.growBallast() ? pauses.busyMs : pauses.idleMs;
  }

  /** What makes room, and nothing that needs some for long. @returns false where there is no more. */
  function freeStep(): boolean {
    if (dropStep()) return true;
    if (storage.withReserve(() => shrinkStep(db))) return true;
    storage.withReserve(() => checkpoint(db));
    return storage.growBallast();
  }

  /** Lets go of what was deleted or waited for too long. @returns false where there is nothing. */
  function dropStep(): boolean {
    if (collector.hasWork(performance.now())) {
      writer.change(() => collector.step(), "collecting");
    } else if (hasExpiredLogs(db, expiryTime())) {
      writer.change(() => expireLogs(db, expiryTime()), "expiring log records");
    } else if (hasExpiredUnits(db, expiryTime())) {
      writer.change(() => expireUnits(db, expiryTime()), "expiring sessions");
    } else return false;
    return true;
  }

  async function pack(packing: Packing): Promise<number> {
    const data = await compressPacking(packing);
    if (isStopped) return pauses.idleMs;
    writer.background(() => applyPacking(db, payloads, packing, data), "packing");
    return pauseAfterWork();
  }

  /**
   * Under load it takes its time, the more the more was committed meanwhile: what waits to be packed or
   * settled only costs readers a little.
   */
  function pauseAfterWork(): number {
    const commits = writer.commits - commitsSeen - 1;
    commitsSeen = writer.commits;
    if (commits <= 0) return pauses.busyMs;
    return Math.min(Math.max(pauses.underLoadMs, pauses.perCommitMs * commits), pauses.longestMs);
  }

  /** Writes the log back once nothing was written since the last look, when it delays nobody. */
  function checkpointStep(): void {
    const { changes } = countChanges.get()!;
    if (changes === changesSeen && changes !== changesInFile) {
      checkpoint(db);
      changesInFile = changes;
    }
    changesSeen = changes;
  }

  async function run(): Promise<void> {
    timer = null;
    let pauseMs: number = pauses.idleMs;
    try {
      pauseMs = await step();
    } catch (cause) {
      // The disk has no room, or another program holds the file: later.
      if (!(toUnavailable(cause) instanceof AppError)) throw cause;
    }
    schedule(pauseMs);
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
