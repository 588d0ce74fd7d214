/** Projects and the ingest keys that write into them. Of a key only its SHA-256 is stored. */
import type { Database } from "bun:sqlite";
import { defaultProjectId, type Accounts, type Key, type Project } from "../../backend/store.ts";
import { AppError } from "../../errors.ts";
import { collectRowsPerStep } from "../../limits.ts";

export function listAccounts(db: Database): Accounts {
  return {
    projects: db.query<Project, []>("SELECT id, name, createdAt FROM projects ORDER BY id").all(),
    keys: db
      .query<Key, []>(
        "SELECT id, projectId, name, hash, createdAt, lastUsedAt, revokedAt FROM keys ORDER BY id",
      )
      .all(),
  };
}

/** Makes the default project and takes its first key in, where they are not there yet. */
export function ensureDefaults(db: Database, keyHash: Uint8Array, nowMs: number): void {
  db.query("INSERT OR IGNORE INTO projects (id, name, createdAt) VALUES (?, ?, ?)").run(
    defaultProjectId,
    "default",
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
  const { changes } = db
    .query("INSERT OR IGNORE INTO projects (name, createdAt) VALUES (?, ?)")
    .run(name, nowMs);
  if (changes === 0) throw nameTaken();
}

/** @throws AppError `conflict` where the name is taken, `not_found`. */
export function renameProject(db: Database, id: number, name: string): void {
  const { taken } = db
    .query<{ taken: number }, [string, number]>(
      "SELECT count(*) AS taken FROM projects WHERE name = ? AND id <> ?",
    )
    .get(name, id)!;
  if (taken > 0) throw nameTaken();
  const { changes } = db.query("UPDATE projects SET name = ? WHERE id = ?").run(name, id);
  if (changes === 0) throw new AppError("not_found", "no such project");
}

export function createKey(
  db: Database,
  projectId: number,
  name: string,
  hash: Uint8Array,
  nowMs: number,
): void {
  db.query("INSERT INTO keys (projectId, name, hash, createdAt) VALUES (?, ?, ?, ?)").run(
    projectId,
    name,
    hash,
    nowMs,
  );
}

/** Revoking twice changes nothing. @throws AppError `not_found`. */
export function revokeKey(db: Database, id: number, nowMs: number): void {
  const { changes } = db
    .query("UPDATE keys SET revokedAt = coalesce(revokedAt, ?) WHERE id = ?")
    .run(nowMs, id);
  if (changes === 0) throw new AppError("not_found", "no such key");
}

/**
 * One step of taking a project away whose traces are deleted: its keys are revoked at once, with the last
 * step it is gone and they with it.
 *
 * @returns false where it is to be tried again: something of it came in meanwhile.
 */
export function dropProject(db: Database, id: number, nowMs: number): boolean {
  db.query("UPDATE keys SET revokedAt = coalesce(revokedAt, ?) WHERE projectId = ?").run(nowMs, id);
  if (db.query("SELECT 1 FROM traces WHERE projectId = ? LIMIT 1").get(id)) return false;
  for (const table of ["waitingLogs", "logPieces", "claims"]) {
    const { changes } = db
      .query(
        `DELETE FROM ${table} WHERE id IN (SELECT id FROM ${table} WHERE projectId = ? LIMIT ?)`,
      )
      .run(id, collectRowsPerStep);
    if (changes > 0) return false;
  }
  for (const table of ["logUnits", "logSessions"]) {
    db.query(`DELETE FROM ${table} WHERE projectId = ?`).run(id);
  }
  db.query("DELETE FROM keys WHERE projectId = ?").run(id);
  db.query("DELETE FROM views WHERE projectId = ?").run(id);
  db.query("DELETE FROM projects WHERE id = ?").run(id);
  return true;
}

export function markUsed(db: Database, uses: { keyId: number; atMs: number }[]): void {
  const update = db.query(
    "UPDATE keys SET lastUsedAt = max(coalesce(lastUsedAt, 0), ?) WHERE id = ?",
  );
  for (const { keyId, atMs } of uses) update.run(atMs, keyId);
}

function nameTaken(): AppError {
  return new AppError("conflict", "a project of this name exists", { hint: "choose another name" });
}
