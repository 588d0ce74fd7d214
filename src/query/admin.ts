/** What an operator looks at beside traces: refused requests, and how much is stored. */
import { RejectPage, StoreCounts } from "../backend/store.ts";
import { desc, lt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { rejectCounts, rejects, traces } from "../sqlite/db/schema.ts";
import { listUnknown } from "../sqlite/accounts/unknown.ts";
import { parseCursor, toCursor } from "../backend/cursor.ts";
import type { Source } from "../sqlite/trace/trace.ts";

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

export function countStore({ db, sqlite }: Pick<Source, "db" | "sqlite">): StoreCounts {
  const total = db
    .select({
      traceCount: sql<number>`count(*)`,
      spanCount: sql<number>`coalesce(sum(${traces.spanCount}), 0)`,
    })
    .from(traces)
    .get()!;
  const counts = db.select().from(rejectCounts).all();
  return {
    ...total,
    rejects: Object.fromEntries(counts.map(({ code, count }) => [code, count])),
    unknownFields: listUnknown(sqlite),
  };
}
