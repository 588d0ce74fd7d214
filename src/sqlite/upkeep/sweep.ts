/**
 * Goes through stored traces in the background, a few milliseconds at a time: between two steps the
 * writing thread serves what came in. What comes in meanwhile is not visited.
 */
import type { Database } from "bun:sqlite";
import type { Progress, Window } from "../../backend/writer.ts";
import { AppError } from "../../errors.ts";
import { upkeep as pauses } from "../../limits.ts";
import { isDamage, toTrouble } from "../db/trouble.ts";
import type { Transactions } from "../transactions.ts";

/** What one visit to a trace did. */
export interface Visit {
  /** Where in the trace the next visit begins; null where this was the last. */
  next: number | null;
  /** Called once the visit's changes are committed. */
  committed(): void;
}

export interface Sweep {
  /** Visits all traces of a window, each from 0 on. @returns how far it is, kept up to date. */
  run(window: Window, visit: (traceKey: number, from: number) => Visit): Progress;
  /** Ends all that run. */
  stop(): void;
}

/** How long one step may hold the writer up. */
const stepMs = 2;

/** @param onDamage is told that a trace was passed by. */
export function createSweep(
  db: Database,
  transactions: Pick<Transactions, "background">,
  onDamage: (what: string) => void = () => {},
): Sweep {
  const conditions = `(?1 IS NULL OR projectId = ?1) AND (?2 IS NULL OR startTime >= ?2)
    AND (?3 IS NULL OR startTime < ?3)`;
  type Bounds = [project: number | null, since: number | null, until: number | null];
  const countTraces = db.query<{ traces: number; last: number | null }, Bounds>(
    `SELECT count(*) AS traces, max(key) AS last FROM traces WHERE ${conditions}`,
  );
  const nextTraces = db.query<{ key: number }, [...Bounds, from: number, last: number]>(
    `SELECT key FROM traces WHERE ${conditions} AND key >= ?4 AND key <= ?5 ORDER BY key LIMIT 100`,
  );
  let isStopped = false;

  function boundsOf({ projectId, since, until }: Window): Bounds {
    return [projectId ?? null, since ?? null, until ?? null];
  }

  return {
    stop() {
      isStopped = true;
    },
    run(window, visit) {
      const bounds = boundsOf(window);
      const { traces: traceCount, last: lastKey } = countTraces.get(...bounds)!;
      const last = lastKey ?? -1;
      const progress: Progress = {
        startedAt: Date.now(),
        finishedAt: null,
        traceCount,
        doneTraceCount: 0,
      };
      /** The next visit. */
      let at = { trace: 0, from: 0 };
      /** The trace of the visit under way. */
      let visiting: number | null = null;
      const damaged = new Set<number>();

      /** @returns what to take over once it is committed. */
      function step(): () => void {
        const endsAt = performance.now() + stepMs;
        const done: Visit[] = [];
        let next = { ...at };
        let doneTraces = 0;
        const keys = nextTraces.all(...bounds, at.trace, last);
        visiting = null;
        for (const { key } of keys) {
          if (damaged.has(key)) {
            doneTraces++;
            next = { trace: key + 1, from: 0 };
            continue;
          }
          visiting = key;
          if (key !== next.trace) next = { trace: key, from: 0 };
          // At least one visit to each trace that is begun: none may be passed over.
          let visited: Visit;
          do {
            visited = visit(key, next.from);
            done.push(visited);
            if (visited.next !== null) next.from = visited.next;
          } while (visited.next !== null && performance.now() <= endsAt);
          if (visited.next !== null) break;
          doneTraces++;
          next = { trace: key + 1, from: 0 };
          if (performance.now() > endsAt) break;
        }
        return () => {
          for (const visited of done) visited.committed();
          at = next;
          progress.doneTraceCount += doneTraces;
          if (keys.length === 0) progress.finishedAt = Date.now();
        };
      }

      /** The trace that is damaged; where it is the list of them, there is no going on. */
      function passBy(): void {
        onDamage("not all traces can be priced or read anew");
        if (visiting === null || damaged.has(visiting)) progress.finishedAt = Date.now();
        else damaged.add(visiting);
      }

      function run(): void {
        if (isStopped) return;
        let pauseMs: number = pauses.busyMs;
        try {
          transactions.background(step, "going through the traces")();
        } catch (cause) {
          if (!(toTrouble(cause) instanceof AppError)) throw cause;
          if (isDamage(cause)) passBy();
          // The disk has no room, or another program holds the file: later.
          else pauseMs = pauses.idleMs;
        }
        if (progress.finishedAt === null) setTimeout(run, pauseMs);
      }
      setTimeout(run, 0);
      return progress;
    },
  };
}
