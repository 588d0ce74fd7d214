/** What an operator looks at beside traces: refused requests, and how much is stored. */
import { desc, lt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import type { Reject } from "../store/rejects.ts";
import { rejectCounts, rejects, traces } from "../store/schema.ts";
import { parseCursor, toCursor } from "./cursor.ts";

export interface RejectPage {
  rejects: Reject[];
  nextCursor: string | null;
}

/** The newest refused requests first. */
export function listRejects(
  db: BunSQLiteDatabase,
  limit: number,
  cursor: string | undefined,
): RejectPage {
  const before = cursor === undefined ? undefined : parseCursor(cursor, 1)[0];
  const rows = db
    .select()
    .from(rejects)
    .where(before === undefined ? undefined : lt(rejects.id, before))
    .orderBy(desc(rejects.id))
    .limit(limit + 1)
    .all();
  const shown = rows.slice(0, limit);
  return {
    rejects: shown.map(({ id: _, path, ...row }) => ({
      ...row,
      path: path === null ? null : JSON.parse(path),
    })),
    nextCursor: rows.length > limit ? toCursor([shown.at(-1)!.id]) : null,
  };
}

export interface StoreCounts {
  traceCount: number;
  spanCount: number;
  /** Requests ever refused, by code. */
  rejects: Record<string, number>;
}

export function countStore(db: BunSQLiteDatabase): StoreCounts {
  const total = db
    .select({
      traceCount: sql<number>`count(*)`,
      spanCount: sql<number>`coalesce(sum(${traces.spanCount}), 0)`,
    })
    .from(traces)
    .get()!;
  const counts = db.select().from(rejectCounts).all();
  return { ...total, rejects: Object.fromEntries(counts.map(({ code, count }) => [code, count])) };
}
