/** Collects the rows of deleted traces, a few at a time, so that no request waits for it long. */
import type { Database } from "bun:sqlite";
import { collectRowsPerStep } from "../limits.ts";
import { createPayloadWriter } from "./payloads.ts";
import { spanKeyRange } from "./rows.ts";

/** Does one step inside the caller's transaction. @returns false where nothing is left to collect. */
export function collectStep(db: Database): boolean {
  const deletion = db
    .query<{ traceKey: number }, []>("SELECT traceKey FROM deletions LIMIT 1")
    .get();
  if (!deletion) return false;
  const [first, last] = spanKeyRange(deletion.traceKey);
  const keys = db
    .query<{ key: number }, [number, number, number]>(
      "SELECT key FROM spans WHERE key BETWEEN ? AND ? ORDER BY key LIMIT ?",
    )
    .all(first, last, collectRowsPerStep);
  const end = keys.at(-1)?.key ?? first;
  createPayloadWriter(db).release(first, end);
  db.query("DELETE FROM spans WHERE key BETWEEN ? AND ?").run(first, end);
  if (keys.length < collectRowsPerStep) {
    db.query("DELETE FROM deletions WHERE traceKey = ?").run(deletion.traceKey);
  }
  return true;
}

/**
 * Gives some free pages back to the file system, outside of any transaction. 200 pages take a few
 * ms. @returns false where none is left.
 */
export function shrinkStep(db: Database): boolean {
  const free = () =>
    db.query<{ freelist_count: number }, []>("PRAGMA freelist_count").get()!.freelist_count;
  const before = free();
  if (before === 0) return false;
  db.run("PRAGMA incremental_vacuum(200)");
  return free() < before;
}
