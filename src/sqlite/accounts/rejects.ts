/** Requests that were refused: a bounded table of the newest, and counts of all. Never a payload. */
import type { Database } from "bun:sqlite";
import type { Reject } from "../../backend/store.ts";
import { rejectsKept } from "../../limits.ts";
import { toCell } from "../db/cells.ts";

/** @param dropped how many more there were of each code, beyond those in `rejects`. */
export function recordRejects(
  db: Database,
  rejects: Reject[],
  dropped: { code: string; status: number; count: number }[],
): void {
  const insert = db.query(
    `INSERT INTO rejects (receivedAt, route, keyName, status, code, message, path, bytes)
     VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
  );
  const count = db.query(
    `INSERT INTO rejectCounts (code, status, count) VALUES (?, ?, ?)
     ON CONFLICT (code) DO UPDATE SET count = count + excluded.count`,
  );
  for (const { receivedAt, route, keyName, status, code, message, path, bytes } of rejects) {
    insert.run(
      receivedAt,
      route,
      keyName,
      status,
      code,
      toCell(message),
      path && JSON.stringify(path),
      bytes,
    );
    count.run(code, status, 1);
  }
  for (const more of dropped) count.run(more.code, more.status, more.count);
  db.query("DELETE FROM rejects WHERE id <= (SELECT max(id) FROM rejects) - ?").run(rejectsKept);
}
