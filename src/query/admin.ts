/** What an operator looks at beside traces: refused requests, and how much is stored. */
import { Type, type Static } from "@sinclair/typebox";
import { desc, lt, sql } from "drizzle-orm";
import type { BunSQLiteDatabase } from "drizzle-orm/bun-sqlite";
import { unknownObjects } from "../contract/unknown.ts";
import { nullable, oneOf } from "../schemas.ts";
import { rejectCounts, rejects, traces } from "../sqlite/db/schema.ts";
import { listUnknown } from "../sqlite/accounts/unknown.ts";
import { parseCursor, toCursor } from "../backend/cursor.ts";
import type { Source } from "../sqlite/trace/trace.ts";

const Reject = Type.Object({
  receivedAt: Type.Integer({ description: "Epoch ms" }),
  route: Type.String(),
  keyName: nullable(Type.String(), "Null where no key was recognised"),
  status: Type.Integer(),
  code: Type.String(),
  message: Type.String({ description: "The first problem in words" }),
  path: nullable(
    Type.Array(Type.Union([Type.String(), Type.Number()])),
    "What leads to it in the body",
  ),
  bytes: nullable(Type.Integer(), "Of the body, as declared"),
});
export const RejectPage = Type.Object({
  rejects: Type.Array(Reject),
  nextCursor: nullable(Type.String(), "Null on the last page"),
});
export type RejectPage = Static<typeof RejectPage>;

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

const UnknownCount = Type.Object({
  keyName: nullable(Type.String(), "Of the key that it came with; null of an import"),
  userAgent: nullable(Type.String()),
  object: nullable(
    oneOf(unknownObjects),
    "What it is a field of; null of all fields beyond those that are counted one by one",
  ),
  field: nullable(Type.String(), "The path within that, as usage.audioTokens; null likewise"),
  meant: nullable(
    Type.String(),
    "The known field that differs from it only in case, underscores and dashes",
  ),
  count: Type.Integer({ description: "How often it came" }),
  lastSeenAt: Type.Integer({ description: "Epoch ms" }),
});

export const StoreCounts = Type.Object({
  traceCount: Type.Integer(),
  spanCount: Type.Integer(),
  rejects: Type.Record(Type.String(), Type.Integer(), {
    description: "Requests ever refused, by code",
  }),
  unknownFields: Type.Array(UnknownCount, {
    description:
      "What newer clients send and this version does not know, the last one seen first: it is kept as attributes",
  }),
});
export type StoreCounts = Static<typeof StoreCounts>;

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
