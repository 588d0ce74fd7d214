/** Traces that the user keeps: deletes that do not name them, and retention, leave them. */
import type { Database } from "bun:sqlite";

/** False, too, where there is no such trace. */
export function isPinned(db: Database, traceKey: number): boolean {
  const row = db
    .query<{ isPinned: number }, [number]>("SELECT isPinned FROM traces WHERE key = ?")
    .get(traceKey);
  return row?.isPinned === 1;
}

/** @returns false where there is no such trace. */
export function setPinned(db: Database, traceKey: number, isPinned: boolean): boolean {
  const { changes } = db
    .query<null, [number, number]>("UPDATE traces SET isPinned = ? WHERE key = ?")
    .run(Number(isPinned), traceKey);
  return changes > 0;
}
