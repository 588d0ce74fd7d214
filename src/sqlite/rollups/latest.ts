/**
 * Sessions, runs and customers by their newest settled trace, so that the list of them reads as many
 * rows as it shows, of however many traces each has.
 */
import type { Database } from "bun:sqlite";
import type { LatestField } from "../../backend/stats.ts";
import { facetNumber } from "./facets.ts";

/** A settled trace as one of a session, a run or a customer. */
export interface Member {
  field: LatestField;
  /** The id of a name. */
  value: number;
  projectId: number;
  startTime: number;
  traceKey: number;
}

export interface LatestWriter {
  add(member: Member): void;
  /** To be called when the trace's facets are gone. */
  remove(member: Member): void;
}

export function createLatestWriter(db: Database): LatestWriter {
  const raise = db.query<null, number[]>(
    `INSERT INTO latest (field, value, projectId, startTime, traceKey) VALUES (?, ?, ?, ?, ?)
     ON CONFLICT (field, value, projectId) DO UPDATE
     SET startTime = excluded.startTime, traceKey = excluded.traceKey
     WHERE (excluded.startTime, excluded.traceKey) > (latest.startTime, latest.traceKey)`,
  );
  const drop = db.query<null, number[]>(
    "DELETE FROM latest WHERE field = ? AND value = ? AND projectId = ? AND traceKey = ?",
  );
  const findNext = db.query<{ startTime: number; traceKey: number }, number[]>(
    `SELECT facets.startTime, traceKey FROM facets JOIN traces ON traces.key = traceKey
     WHERE field = ? AND value = ? AND projectId = ?
     ORDER BY facets.startTime DESC, traceKey DESC LIMIT 1`,
  );
  return {
    add({ field, value, projectId, startTime, traceKey }) {
      raise.run(facetNumber(field), value, projectId, startTime, traceKey);
    },
    remove({ field, value, projectId, traceKey }) {
      const place = [facetNumber(field), value, projectId];
      if (drop.run(...place, traceKey).changes === 0) return;
      const next = findNext.get(...place);
      if (next) raise.run(...place, next.startTime, next.traceKey);
    },
  };
}
