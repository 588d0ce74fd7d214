/**
 * Opens the database file: one connection that writes, any number that read. Refuses what is not a
 * store of this program or of this version, and never overwrites it.
 */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { dirname } from "node:path";
import type { Durability } from "../../backend/writer.ts";
import { AppError } from "../../errors.ts";
import { dropPlainPayloads } from "../payload/plain.ts";
import { giveUpSpare } from "../storage/files.ts";
import { checkWhole } from "./intact.ts";
import { migrate, schemaVersion } from "./migrate.ts";
import { isDamage, isNoRoom, isOfDisk, isOfSqlite } from "./trouble.ts";

/** "TeaL": marks a SQLite file as ours (sqlite.org/fileformat, offset 68). */
const applicationId = 0x5465614c;

/** How long a statement waits for another program's lock on the file. */
const busyTimeoutMs = 5000;

/** Where the disk has no room for the files of the log, what can be done without is given up for them. */
export function openWriter(path: string, durability: Durability): Database {
  return guarded(path, () => {
    const isNew = !existsSync(path);
    for (;;) {
      try {
        return openOnce(path, isNew, durability);
      } catch (cause) {
        if (!isNoRoom(cause) || !giveUpSpare(dirname(path))) throw cause;
      }
    }
  });
}

function openOnce(path: string, isNew: boolean, durability: Durability): Database {
  if (!isNew) checkWhole(path);
  const db = new Database(path, { create: true });
  try {
    prepare(db, isNew, durability);
    return db;
  } catch (cause) {
    // Closing writes the log back into the file: what is refused stays as it is.
    if (isNoRoom(cause)) db.close();
    throw cause;
  }
}

function prepare(db: Database, isNew: boolean, durability: Durability): void {
  db.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  if (!isNew) identify(db);
  if (isNew) {
    // Rows of blocks fill 4 KiB pages badly: recorded sessions take 6.0 % of their JSON with those
    // and 5.4 % with these, at the same rate; 1 KiB gains 0.2 % and costs a tenth of the rate.
    db.run("PRAGMA page_size = 2048");
    db.run("PRAGMA auto_vacuum = INCREMENTAL");
    db.run(`PRAGMA application_id = ${applicationId}`);
  }
  // On a file system without shared memory SQLite stays with another mode and only says so.
  const mode = db.query("PRAGMA journal_mode = WAL").get() as { journal_mode: string };
  if (mode.journal_mode !== "wal") {
    throw new AppError(
      "store_unusable",
      `this file system cannot hold the store (journal mode ${mode.journal_mode})`,
      {
        hint: "use --data-dir on a local disk",
      },
    );
  }
  // NORMAL loses nothing to a killed process; only FULL syncs the log before each answer. Plain
  // fsync does not flush the drive on macOS, hence fullfsync.
  db.run(`PRAGMA synchronous = ${durability === "full" ? "FULL" : "NORMAL"}`);
  if (durability === "full") db.run("PRAGMA fullfsync = 1");
  db.run("PRAGMA checkpoint_fullfsync = 1");
  // A checkpoint under load holds the writer: for 8 ms at 4 MB, for 90 ms at 64, which doubles what
  // small requests wait beside 10 MiB ones (p99 18 to 42 ms) and gains 5 % of rate.
  const { page_size } = db.query("PRAGMA page_size").get() as { page_size: number };
  db.run(`PRAGMA wal_autocheckpoint = ${4_096_000 / page_size}`);
  db.run("PRAGMA cache_size = -65536");
  db.run("PRAGMA temp_store = MEMORY");
  db.run("PRAGMA cell_size_check = ON");
  db.run("PRAGMA trusted_schema = OFF");
  migrate(db);
  dropPlainPayloads(db);
}

export function openReader(path: string): Database {
  return guarded(path, () => {
    const db = new Database(path, { readonly: true });
    db.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
    db.run("PRAGMA query_only = ON");
    db.run("PRAGMA cache_size = -32768");
    db.run("PRAGMA temp_store = MEMORY");
    db.run("PRAGMA trusted_schema = OFF");
    return db;
  });
}

/**
 * Reads in one transaction. It ends with a rollback: SQLite commits none that met damage, though what
 * else was read in it holds.
 */
export function reading<T>(db: Database, work: () => T): T {
  db.run("BEGIN");
  try {
    return work();
  } finally {
    if (db.inTransaction) db.run("ROLLBACK");
  }
}

export function listTables(db: Database): string[] {
  return db
    .query<{ name: string }, []>("SELECT name FROM sqlite_master WHERE type = 'table'")
    .all()
    .map(({ name }) => name);
}

/** @returns what SQLite finds wrong with a table and its indexes, in its words. */
export function checkTable(db: Database, table: string): string[] {
  try {
    return db
      .query<{ quick_check: string }, []>(`PRAGMA quick_check("${table.replaceAll('"', '""')}")`)
      .all()
      .map((row) => row.quick_check.replace(/^\*\*\* .* \*\*\*\n/, "").replaceAll("\n", "; "))
      .filter((problem) => problem !== "ok");
  } catch (cause) {
    if (!isDamage(cause)) throw cause;
    return [`the table ${table} cannot be read`];
  }
}

/** Writes the log back into the file and empties it. @returns false where a reader was in the way. */
export function checkpoint(db: Database): boolean {
  // Waiting for a reader, such as a backup or a shell, would hold every request up for as long.
  db.run("PRAGMA busy_timeout = 0");
  try {
    const { busy } = db.query("PRAGMA wal_checkpoint(TRUNCATE)").get() as { busy: number };
    return busy === 0;
  } finally {
    db.run(`PRAGMA busy_timeout = ${busyTimeoutMs}`);
  }
}

/** Gives back the pages that it keeps to be fast. */
export function shrinkMemory(db: Database): void {
  db.run("PRAGMA shrink_memory");
}

/** The engine, and SQLite, would let the rows that were read grow to several times what is kept of them. */
const rowsPerCleanup = 16_384;

/** @returns what is to be called for each row by who reads all of a trace, which may be huge. */
export function createCleanup(db: Database): () => void {
  let rows = 0;
  return () => {
    if (++rows % rowsPerCleanup !== 0) return;
    Bun.gc(true);
    shrinkMemory(db);
  };
}

/** What stays is one file; on a disk that fails the log stays beside it, and the next start reads both. */
export function closeWriter(db: Database): void {
  try {
    db.run("PRAGMA optimize");
    checkpoint(db);
  } catch (cause) {
    if (!isOfSqlite(cause)) throw cause;
  } finally {
    // What drizzle prepared for one use would keep the log's files until its thread ends.
    Bun.gc(true);
    db.close();
  }
}

function identify(db: Database): void {
  const { application_id } = db.query("PRAGMA application_id").get() as { application_id: number };
  const { user_version } = db.query("PRAGMA user_version").get() as { user_version: number };
  const { tables } = db.query("SELECT count(*) AS tables FROM sqlite_master").get() as {
    tables: number;
  };
  // A file without tables is a start that was killed before its first migration.
  if (application_id !== applicationId && (tables > 0 || application_id !== 0)) {
    throw new AppError("store_unusable", "the store belongs to another program", {
      hint: "choose another --data-dir; the file was left as it is",
    });
  }
  if (user_version > schemaVersion) {
    throw new AppError(
      "store_unusable",
      `the store was written by a newer version (schema ${user_version}, this one knows ${schemaVersion})`,
      { hint: "run the newer version, or choose another --data-dir" },
    );
  }
  if (tables === 0) {
    db.run("PRAGMA auto_vacuum = INCREMENTAL");
    db.run(`PRAGMA application_id = ${applicationId}`);
  }
}

/** What a start reads, and that is small enough to be looked through before it is refused. */
const startTables = ["projects", "keys", "settings", "sqlite_sequence", "waitingLogs", "logPieces"];

/** @returns which part of the store keeps it from being opened, null where it is no database. */
function findDamage(path: string): string | null {
  let db: Database | null = null;
  try {
    db = new Database(path, { readonly: true });
    const tables = listTables(db);
    const isDamaged = (table: string) =>
      tables.includes(table) && checkTable(db!, table).length > 0;
    const damaged = startTables.find(isDamaged);
    return damaged ? `the table ${damaged}` : "a table that it starts with";
  } catch (cause) {
    return (cause as { code?: string }).code === "SQLITE_CORRUPT" ? "the list of its tables" : null;
  } finally {
    db?.close();
  }
}

/** @throws AppError `store_unusable` for whatever SQLite says against the file. */
export function guarded<T>(path: string, open: () => T): T {
  try {
    return open();
  } catch (failure) {
    // What a sender is told of the disk, or of damage, is not what is to be said at a start.
    const isOfStore = failure instanceof AppError && isOfSqlite(failure.cause ?? {});
    const cause = isOfStore ? failure.cause : failure;
    if (cause instanceof AppError) throw cause;
    const code = (cause as { code?: string }).code ?? "";
    const isDamaged = isDamage(cause);
    const part = isDamaged ? findDamage(path) : null;
    const why = isDamaged
      ? part
        ? `is damaged: ${part} cannot be read`
        : "is damaged or not a database"
      : code.startsWith("SQLITE_READONLY") || code === "SQLITE_CANTOPEN" || code === "SQLITE_PERM"
        ? "cannot be written"
        : isOfDisk(cause)
          ? `cannot be opened: its disk is full or failing (${code})`
          : `cannot be opened (${code || (cause as Error).name})`;
    const todo = isDamaged
      ? "restore it from a backup; to begin anew, move it away or choose another --data-dir"
      : `${isOfDisk(cause) ? "free some space" : "check the file"}, or choose another --data-dir`;
    throw new AppError("store_unusable", `the store ${path} ${why}`, {
      hint: `${todo}; the file was left as it is`,
      cause,
    });
  }
}
