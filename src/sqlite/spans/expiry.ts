/** How long records of units and spans that they may join are kept (units.ts). */
import type { Database } from "bun:sqlite";
import { units as limits } from "../../limits.ts";

const startedAtMs = Date.now() - performance.now();

/** The time by which things expire: a clock that is set forward makes nothing old that just came. */
export function expiryTime(): number {
  return Math.min(Date.now(), startedAtMs + performance.now());
}

/** What is as far ahead came before the clock was set back. @returns from when to when things are kept. */
export function keptTimes(nowMs: number, maxAgeMs: number): [fromMs: number, toMs: number] {
  return [nowMs - maxAgeMs, nowMs + maxAgeMs];
}

/** Without the span that a unit joined, the unit would be made beside it. */
const isClaimDue = `(receivedAt NOT BETWEEN ? AND ? OR id <= (SELECT max(id) FROM claims) - ?)
  AND NOT EXISTS (SELECT 1 FROM logUnits WHERE isJoined = 1 AND logUnits.traceId = claims.traceId
    AND logUnits.projectId = claims.projectId AND logUnits.spanId = claims.spanId)`;

/**
 * Lets go of the session that is silent for longest, and of spans that no record came for: a step, inside a
 * transaction of the caller. What was made of the records stays.
 */
export function expireUnits(db: Database, nowMs: number): void {
  const due = dueSession(db, nowMs);
  if (due) {
    const { projectId, session } = due;
    for (const table of ["logUnits", "logPieces", "logSessions"]) {
      db.query(`DELETE FROM ${table} WHERE projectId = ? AND session = ?`).run(projectId, session);
    }
    return;
  }
  db.query(
    `DELETE FROM claims WHERE id IN (
       SELECT id FROM claims WHERE ${isClaimDue} ORDER BY id LIMIT ?)`,
  ).run(...keptTimes(nowMs, limits.maxAgeMs), limits.maxClaims, limits.expirePerStep);
}

/** Whether a step is due. */
export function hasExpiredUnits(db: Database, nowMs: number): boolean {
  if (dueSession(db, nowMs)) return true;
  return (
    db
      .query(`SELECT 1 FROM claims WHERE ${isClaimDue} ORDER BY id LIMIT 1`)
      .get(...keptTimes(nowMs, limits.maxAgeMs), limits.maxClaims) !== null
  );
}

interface Session {
  projectId: number;
  session: string;
  lastReceivedAt: number;
}

/** The session to let go of; null where all are kept. */
function dueSession(db: Database, nowMs: number): Session | null {
  const last = (order: "ASC" | "DESC") =>
    db
      .query<Session, []>(
        `SELECT projectId, session, lastReceivedAt FROM logSessions
         ORDER BY lastReceivedAt ${order}, projectId, session LIMIT 1`,
      )
      .get();
  const [fromMs, toMs] = keptTimes(nowMs, limits.maxAgeMs);
  const newest = last("DESC");
  if (newest && newest.lastReceivedAt > toMs) return newest;
  const oldest = last("ASC");
  if (!oldest || oldest.lastReceivedAt < fromMs) return oldest;
  const kept = db
    .query<{ count: number; length: number }, []>(
      "SELECT total(count) AS count, total(length) AS length FROM logSessions",
    )
    .get()!;
  return kept.count > limits.maxPieces || kept.length > limits.maxLength ? oldest : null;
}
