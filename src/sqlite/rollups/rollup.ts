/**
 * The statistics in the database: a cell for each minute, hour and day, by what happened in it. The
 * changes of one transaction are gathered and written together, so that a hundred traces of the same
 * minute cost little more than one.
 */
import type { Database } from "bun:sqlite";
import { latestFields } from "../../backend/stats.ts";
import { Cell } from "../../tally/cell.ts";
import { contribute, rollupFields, type RollupField } from "../../tally/contribution.ts";
import type { Tally } from "../../tally/tally.ts";
import { columnsBut, prepareInsert, type Cells } from "../db/columns.ts";
import type { Names } from "../db/names.ts";
import { rollups } from "../db/schema.ts";

/** The lengths of time that cells are kept for, by their level. */
export const levelMs = [60_000, 3_600_000, 86_400_000] as const;

/** Most sessions, runs and customers are there once in a minute: their finest cell is the hour's. */
const coarseFields: ReadonlySet<RollupField> = new Set(latestFields);

export function finestLevelOf(field: RollupField): number {
  return coarseFields.has(field) ? 1 : 0;
}

export interface RollupWriter {
  /** Adds what a trace contributes; -1 takes it away. Nothing is written before `flush`. */
  add(tally: Tally, projectId: number, sign: 1 | -1): void;
  flush(): void;
  forget(): void;
}

/** What is to be added to a cell, or taken away. */
interface Change {
  field: number;
  time: number;
  value: number;
  projectId: number;
  sign: 1 | -1;
  cell: Cell;
}

export function createRollupWriter(db: Database, names: Names): RollupWriter {
  const select = db.query<Cells<typeof rollups, "cell">, number[]>(
    `SELECT cell FROM rollups
     WHERE level = ? AND field = ? AND bucket = ? AND value = ? AND projectId = ?`,
  );
  const put = prepareInsert(db, rollups, columnsBut(rollups, []), { or: "REPLACE" });
  const remove = db.query<null, number[]>(
    `DELETE FROM rollups
     WHERE level = ? AND field = ? AND bucket = ? AND value = ? AND projectId = ?`,
  );
  /** By finest bucket. */
  let changes = new Map<string, Change>();

  function changeOf(
    field: RollupField,
    text: string | null,
    timeMs: number,
    projectId: number,
    sign: 1 | -1,
  ): Change {
    const unit = levelMs[finestLevelOf(field)]!;
    const time = Math.floor(timeMs / unit) * unit;
    const value = text === null ? 0 : names.idOf(text);
    const id = `${sign} ${field} ${time} ${value} ${projectId}`;
    let change = changes.get(id);
    if (!change) {
      const number = rollupFields.indexOf(field);
      change = { field: number, time, value, projectId, sign, cell: new Cell() };
      changes.set(id, change);
    }
    return change;
  }

  function writeLevel(level: number): void {
    const cells = new Map<string, Omit<typeof rollups.$inferInsert, "cell"> & { cell: Cell }>();
    for (const { field, time, value, projectId, sign, cell } of changes.values()) {
      if (level < finestLevelOf(rollupFields[field]!)) continue;
      const bucket = Math.floor(time / levelMs[level]!);
      const id = `${field} ${bucket} ${value} ${projectId}`;
      let entry = cells.get(id);
      if (!entry) {
        entry = { level, field, bucket, value, projectId, cell: new Cell() };
        cells.set(id, entry);
      }
      entry.cell.merge(cell, sign);
    }
    for (const { field, bucket, value, projectId, cell } of cells.values()) {
      if (cell.isEmpty) continue;
      const stored = select.get(level, field, bucket, value, projectId);
      if (stored) cell.mergeBytes(stored.cell);
      if (cell.isEmpty) remove.run(level, field, bucket, value, projectId);
      else put({ level, field, bucket, value, projectId, cell: cell.toBytes() });
    }
  }

  return {
    add(tally, projectId, sign) {
      contribute(
        tally,
        (field, value, timeMs) => changeOf(field, value, timeMs, projectId, sign).cell,
      );
    },
    flush() {
      if (changes.size === 0) return;
      levelMs.forEach((_, level) => writeLevel(level));
      changes = new Map();
    },
    forget() {
      changes = new Map();
    },
  };
}

/** A stretch of time in ms, `until` outside. */
export interface TimeRange {
  since: number;
  until: number;
}

/** A cell as it is stored: a name's id, 0 where there is none, and the start of its time. */
export interface StoredCell {
  value: number;
  time: number;
  bytes: Uint8Array;
}

/**
 * All cells of a field that together cover a range, the newest first and as few as can be: days in the
 * middle, minutes at the ends.
 *
 * @param range both ends at a multiple of the field's finest level.
 * @param bucketMs a multiple of a level: no cell reaches over an end of such a bucket. Null where they
 *   may be of any length.
 */
export function* readCells(
  db: Database,
  field: RollupField,
  range: TimeRange,
  bucketMs: number | null,
  projectId: number | undefined,
): Generator<StoredCell> {
  const select = db.query<{ bucket: number; value: number; cell: Uint8Array }, number[]>(
    `SELECT bucket, value, cell FROM rollups
     WHERE level = ? AND field = ? AND bucket >= ? AND bucket < ?
     ${projectId === undefined ? "" : "AND projectId = ?"} ORDER BY bucket DESC, value DESC`,
  );
  const ofProject = projectId === undefined ? [] : [projectId];
  const number = rollupFields.indexOf(field);
  for (const { level, since, until } of stretchesOf(range, coarsestOf(bucketMs)).reverse()) {
    const unit = levelMs[level]!;
    for (const row of select.iterate(level, number, since / unit, until / unit, ...ofProject)) {
      yield { value: row.value, time: row.bucket * unit, bytes: row.cell };
    }
  }
}

/**
 * The same for some values of the field alone: in each bucket that there is, those are looked up.
 *
 * @param values ids of names, 0 for what has none.
 */
export function* readGroups(
  db: Database,
  field: RollupField,
  values: number[],
  range: TimeRange,
  bucketMs: number | null,
  projectId: number | undefined,
): Generator<StoredCell> {
  const select = db.query<
    { bucket: number; value: number; cell: Uint8Array },
    [number, number, number, number, string, number | null]
  >(
    `WITH RECURSIVE present (bucket) AS (
       SELECT min(bucket) FROM rollups
       WHERE level = ?1 AND field = ?2 AND bucket >= ?3 AND bucket < ?4
       UNION ALL
       SELECT (SELECT min(bucket) FROM rollups
               WHERE level = ?1 AND field = ?2 AND bucket > present.bucket AND bucket < ?4)
       FROM present WHERE bucket IS NOT NULL
     )
     SELECT found.bucket, found.value, found.cell
     FROM present CROSS JOIN json_each(?5) AS wanted CROSS JOIN rollups AS found
     WHERE found.level = ?1 AND found.field = ?2 AND found.bucket = present.bucket
       AND found.value = wanted.value AND (?6 IS NULL OR found.projectId = ?6)`,
  );
  const number = rollupFields.indexOf(field);
  const wanted = JSON.stringify(values);
  for (const { level, since, until } of stretchesOf(range, coarsestOf(bucketMs))) {
    const unit = levelMs[level]!;
    const [first, end] = [since / unit, until / unit];
    for (const row of select.iterate(level, number, first, end, wanted, projectId ?? null)) {
      yield { value: row.value, time: row.bucket * unit, bytes: row.cell };
    }
  }
}

function coarsestOf(bucketMs: number | null): number {
  return bucketMs === null
    ? levelMs.length - 1
    : levelMs.findLastIndex((unit) => bucketMs % unit === 0);
}

function stretchesOf(
  { since, until }: TimeRange,
  level: number,
): (TimeRange & { level: number })[] {
  if (since >= until) return [];
  const unit = levelMs[level]!;
  const first = Math.ceil(since / unit) * unit;
  const last = Math.floor(until / unit) * unit;
  if (first >= last) return level === 0 ? [] : stretchesOf({ since, until }, level - 1);
  return [
    ...stretchesOf({ since, until: first }, level - 1),
    { level, since: first, until: last },
    ...stretchesOf({ since: last, until }, level - 1),
  ];
}
