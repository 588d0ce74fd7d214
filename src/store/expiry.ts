/** How long records of units and spans that they may join are kept (units.ts). */
import type { Database } from "bun:sqlite";
import { units as limits } from "../limits.ts";

/** Without the span that a unit joined, the unit would be made beside it. */
const isClaimDue = `(receivedAt < ? OR id <= (SELECT max(id) FROM claims) - ?)
  AND NOT EXISTS (SELECT 1 FROM logUnits WHERE isJoined = 1 AND logUnits.traceId = claims.traceId
    AND logUnits.projectId = claims.projectId AND logUnits.spanId = claims.spanId)`;

/**
 * Lets go of the session that is silent for longest, and of spans that no record came for: a step, inside a
 * transaction of the caller. What was made of the records stays.
 */
export function expireUnits(db: Database, nowMs: number): void {
  const oldest = oldestSession(db);
  if (oldest && isDue(db, oldest, nowMs)) {
    const { projectId, session } = oldest;
    for (const table of ["logUnits", "logPieces", "logSessions"]) {
      db.query(`DELETE FROM ${table} WHERE projectId = ? AND session = ?`).run(projectId, session);
    }
    return;
  }
  db.query(
    `DELETE FROM claims WHERE id IN (
       SELECT id FROM claims WHERE ${isClaimDue} ORDER BY id LIMIT ?)`,
  ).run(nowMs - limits.maxAgeMs, limits.maxClaims, limits.expirePerStep);
}

/** Whether a step is due. */
export function hasExpiredUnits(db: Database, nowMs: number): boolean {
  const oldest = oldestSession(db);
  if (oldest && isDue(db, oldest, nowMs)) return true;
  return (
    db
      .query(`SELECT 1 FROM claims WHERE ${isClaimDue} ORDER BY id LIMIT 1`)
      .get(nowMs - limits.maxAgeMs, limits.maxClaims) !== null
  );
}

function oldestSession(db: Database) {
  return db
    .query<{ projectId: number; session: string; lastReceivedAt: number }, []>(
      `SELECT projectId, session, lastReceivedAt FROM logSessions
       ORDER BY lastReceivedAt, projectId, session LIMIT 1`,
    )
    .get();
}

function isDue(
  db: Database,
  { lastReceivedAt }: { lastReceivedAt: number },
  nowMs: number,
): boolean {
  if (lastReceivedAt < nowMs - limits.maxAgeMs) return true;
  const kept = db
    .query<{ count: number; length: number }, []>(
      "SELECT total(count) AS count, total(length) AS length FROM logSessions",
    )
    .get()!;
  return kept.count > limits.maxPieces || kept.length > limits.maxLength;
}
