/**
 * Sessions, runs and customers by their newest settled trace, so that the list of them reads as many
 * rows as it shows, of however many traces each has.
 */
import type { Database } from "bun:sqlite";
import type { LatestField } from "../../backend/stats.ts";
import { columnsBut, prepareInsert, type Cells } from "../db/columns.ts";
import { latest } from "../db/schema.ts";
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
  const raise = prepareInsert(db, latest, columnsBut(latest, []), {
    onConflict: `(field, value, projectId) DO UPDATE
     SET startTime = excluded.startTime, traceKey = excluded.traceKey
     WHERE (excluded.startTime, excluded.traceKey) > (latest.startTime, latest.traceKey)`,
  });
  const drop = db.query<null, number[]>(
    "DELETE FROM latest WHERE field = ? AND value = ? AND projectId = ? AND traceKey = ?",
  );
  const findNext = db.query<Cells<typeof latest, "startTime" | "traceKey">, number[]>(
    `SELECT facets.startTime, traceKey FROM facets JOIN traces ON traces.key = traceKey
     WHERE field = ? AND value = ? AND projectId = ?
     ORDER BY facets.startTime DESC, traceKey DESC LIMIT 1`,
  );
  return {
    add(member) {
      raise({ ...member, field: facetNumber(member.field) });
    },
    remove({ value, projectId, traceKey, ...member }) {
      const field = facetNumber(member.field);
      if (drop.run(field, value, projectId, traceKey).changes === 0) return;
      const next = findNext.get(field, value, projectId);
      if (next) raise({ field, value, projectId, ...next });
    },
  };
}
