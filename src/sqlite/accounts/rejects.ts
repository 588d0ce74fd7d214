/** Requests that were refused: a bounded table of the newest, and counts of all. Never a payload. */
import type { Database } from "bun:sqlite";
import type { Reject } from "../../backend/store.ts";
import { rejectsKept } from "../../limits.ts";
import { toCell } from "../db/cells.ts";
import { columnsBut, prepareInsert } from "../db/columns.ts";
import { rejectCounts, rejects as table } from "../db/schema.ts";

/** @param dropped how many more there were of each code, beyond those in `rejects`. */
export function recordRejects(
  db: Database,
  rejects: Reject[],
  dropped: { code: string; status: number; count: number }[],
): void {
  const insert = prepareInsert(db, table, columnsBut(table, ["id"]));
  const count = prepareInsert(db, rejectCounts, columnsBut(rejectCounts, []), {
    onConflict: "(code) DO UPDATE SET count = count + excluded.count",
  });
  for (const { message, path, ...reject } of rejects) {
    insert({ ...reject, message: toCell(message), path: path && JSON.stringify(path) });
    count({ code: reject.code, status: reject.status, count: 1 });
  }
  for (const more of dropped) count(more);
  db.query("DELETE FROM rejects WHERE id <= (SELECT max(id) FROM rejects) - ?").run(rejectsKept);
}
