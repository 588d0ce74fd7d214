/** What takes the space of a store's file. */
import type { Database } from "bun:sqlite";
import type { Area, SizePart } from "../../backend/store.ts";

/** What the tables are kept for; all others are `other`. */
const tablesOf = {
  texts: ["blocks", "runs", "loans", "borrowings", "revisions", "payloads"],
  spans: ["spans", "names", "headers", "waitingLogs", "logPieces", "claims", "logUnits"],
  summaries: ["traces", "facets", "rollups", "latest"],
  refusals: ["rejects", "rejectCounts", "unknownFields"],
} as const satisfies Partial<Record<SizePart, string[]>>;

/**
 * The one that holds nearly all texts. It is not measured: SQLite would have to read all of it. Its size is
 * what the others leave.
 */
const largestTree = "blocks";

/** Tables and indexes. */
export function listAreas(db: Database): Area[] {
  const rows = db
    .query<{ name: string; tbl_name: string }, []>(
      "SELECT name, tbl_name FROM sqlite_master WHERE rootpage > 0",
    )
    .all();
  const partOf = (table: string) =>
    (Object.keys(tablesOf) as (keyof typeof tablesOf)[]).find((part) =>
      (tablesOf[part] as readonly string[]).includes(table),
    ) ?? "other";
  return rows
    .filter(({ name }) => name !== largestTree)
    .map(({ name, tbl_name }) => ({ name, part: partOf(tbl_name) }));
}

/** @returns null where this SQLite cannot tell. */
export function bytesOfArea(db: Database, name: string): number | null {
  try {
    const row = db
      .query<{ bytes: number | null }, [string]>(
        "SELECT sum(pgsize) AS bytes FROM dbstat WHERE name = ? AND aggregate = 1",
      )
      .get(name);
    return row!.bytes ?? 0;
  } catch (cause) {
    if (String(cause).includes("no such table: dbstat")) return null;
    throw cause;
  }
}

/** Of the whole file: what its pages take, and those of them that are free. */
export function readTotals(db: Database): { bytes: number; freeBytes: number } {
  const value = (pragma: "page_size" | "page_count" | "freelist_count") =>
    Object.values(db.query<Record<string, number>, []>(`PRAGMA ${pragma}`).get()!)[0]!;
  const pageBytes = value("page_size");
  return {
    bytes: value("page_count") * pageBytes,
    freeBytes: value("freelist_count") * pageBytes,
  };
}
