/** Rows of traces, with only those columns that a question needs. */
import type { Cell } from "../db/cells.ts";
import type { Source } from "../source.ts";

/** `key`, `projectId`, `startTime` and the columns that were asked for. */
export type MatchRow = Record<string, Cell | number | null> & { key: number };

/** The rows by their keys. A trace that is gone has none. */
export function loadRows(
  { sqlite }: Pick<Source, "sqlite">,
  keys: readonly number[],
  columns: readonly string[],
): Map<number, MatchRow> {
  const wanted = new Set(["key", "projectId", "startTime", ...columns]);
  const rows = sqlite
    .query<MatchRow, [string]>(
      `SELECT ${[...wanted]} FROM traces WHERE key IN (SELECT value FROM json_each(?))`,
    )
    .all(JSON.stringify(keys));
  return new Map(rows.map((row) => [row.key, row]));
}
