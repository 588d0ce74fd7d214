import type { Database } from "bun:sqlite";
import { and, eq, getTableName, inArray, ne, sql, type SQL } from "drizzle-orm";
import { drizzle } from "drizzle-orm/bun-sqlite";
/** Projects and the ingest keys that write into them. Of a key only its SHA-256 is stored. */
import { type Key, type Project, defaultProjectId, type Accounts } from "../../backend/store.ts";
import { AppError } from "../../errors.ts";
import { collectRowsPerStep } from "../../limits.ts";
import { columnsBut } from "../db/columns.ts";
import {
  claims,
  keys,
  logPieces,
  logSessions,
  logUnits,
  projects,
  traces,
  views,
  waitingLogs,
} from "../db/schema.ts";

/** Prepared, as every start asks for it: drizzle's first statements would take 5 ms of a start, this 0.2. */
export function listAccounts(db: Database): Accounts {
  const all = <R>(table: typeof projects | typeof keys) =>
    db
      .query<R, []>(`SELECT ${columnsBut(table, [])} FROM ${getTableName(table)} ORDER BY id`)
      .all();
  return { projects: all<Project>(projects), keys: all<Key>(keys) };
}

/** Makes the default project and takes its first key in, where they are not there yet. */
export function ensureDefaults(db: Database, keyHash: Uint8Array, nowMs: number): void {
  db.query("INSERT OR IGNORE INTO projects (id, name, createdAt) VALUES (?, 'default', ?)").run(
    defaultProjectId,
    nowMs,
  );
  // INSERT OR IGNORE would use a number up at every start.
  db.query(
    `INSERT INTO keys (projectId, name, hash, createdAt) SELECT ?1, 'default', ?2, ?3
     WHERE NOT EXISTS (SELECT 1 FROM keys WHERE hash = ?2)`,
  ).run(defaultProjectId, keyHash, nowMs);
}

/** @throws AppError `conflict` where the name is taken. */
export function createProject(db: Database, name: string, nowMs: number): void {
  const added = drizzle(db)
    .insert(projects)
    .values({ name, createdAt: nowMs })
    .onConflictDoNothing()
    .returning()
    .all();
  if (added.length === 0) throw nameTaken();
}

/** @throws AppError `conflict` where the name is taken, `not_found`. */
export function renameProject(db: Database, id: number, name: string): void {
  const store = drizzle(db);
  const others = and(eq(projects.name, name), ne(projects.id, id));
  if (store.select().from(projects).where(others).get()) throw nameTaken();
  const renamed = store.update(projects).set({ name }).where(eq(projects.id, id)).returning().all();
  if (renamed.length === 0) throw new AppError("not_found", "no such project");
}

export function createKey(
  db: Database,
  projectId: number,
  name: string,
  hash: Uint8Array,
  nowMs: number,
): void {
  drizzle(db).insert(keys).values({ projectId, name, hash, createdAt: nowMs }).run();
}

/** Revoking twice changes nothing. @throws AppError `not_found`. */
export function revokeKey(db: Database, id: number, nowMs: number): void {
  if (revoke(db, eq(keys.id, id), nowMs) === 0) throw new AppError("not_found", "no such key");
}

/** @returns how many there are. */
function revoke(db: Database, which: SQL, nowMs: number): number {
  const revokedAt = sql`coalesce(${keys.revokedAt}, ${nowMs})`;
  return drizzle(db).update(keys).set({ revokedAt }).where(which).returning().all().length;
}

/**
 * One step of taking a project away whose traces are deleted: its keys are revoked at once, with the last
 * step it is gone and they with it.
 *
 * @returns false where it is to be tried again: something of it came in meanwhile.
 */
export function dropProject(db: Database, id: number, nowMs: number): boolean {
  const store = drizzle(db);
  revoke(db, eq(keys.projectId, id), nowMs);
  if (
    store.select({ key: traces.key }).from(traces).where(eq(traces.projectId, id)).limit(1).get()
  ) {
    return false;
  }
  for (const table of [waitingLogs, logPieces, claims]) {
    const some = store
      .select({ id: table.id })
      .from(table)
      .where(eq(table.projectId, id))
      .limit(collectRowsPerStep);
    const gone = store.delete(table).where(inArray(table.id, some)).returning({ id: table.id });
    if (gone.all().length > 0) return false;
  }
  for (const table of [logUnits, logSessions, keys, views]) {
    store.delete(table).where(eq(table.projectId, id)).run();
  }
  store.delete(projects).where(eq(projects.id, id)).run();
  return true;
}

export function markUsed(db: Database, uses: { keyId: number; atMs: number }[]): void {
  const store = drizzle(db);
  for (const { keyId, atMs } of uses) {
    const lastUsedAt = sql`max(coalesce(${keys.lastUsedAt}, 0), ${atMs})`;
    store.update(keys).set({ lastUsedAt }).where(eq(keys.id, keyId)).run();
  }
}

function nameTaken(): AppError {
  return new AppError("conflict", "a project of this name exists", { hint: "choose another name" });
}
