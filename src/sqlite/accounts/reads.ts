/** What is read beside traces: refused requests, saved views, and how much is stored. */
import { desc, lt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { parseCursor, toCursor } from "../../backend/cursor.ts";
import type { Reader } from "../../backend/reader.ts";
import type { RejectPage, StoreCounts } from "../../backend/store.ts";
import { rejectCounts, rejects, traces } from "../db/schema.ts";
import type { Source } from "../source.ts";
import { listUnknown } from "./unknown.ts";
import { listViews } from "./views.ts";

export type AccountReads = Pick<Reader, "counts" | "rejects" | "views">;

export function createAccountReads(source: Source): AccountReads {
  return {
    counts: () => countStore(source),
    rejects: (limit, cursor) => listRejects(source.db, limit, cursor),
    views: () => listViews(source.sqlite),
  };
}

/** The newest refused requests first. */
function listRejects(db: BunSQLiteDatabase, limit: number, cursor: string | undefined): RejectPage {
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

function countStore({ db, sqlite }: Source): StoreCounts {
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
