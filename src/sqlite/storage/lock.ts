/** The lock of a data directory: one of SQLite's, which any death of the process frees. */
import { Database } from "bun:sqlite";
import { existsSync } from "node:fs";
import { inUse, readServerInfo, unusable, type Contents } from "../../directory/directory.ts";
import { AppError } from "../../errors.ts";
import { isOfDisk } from "../db/trouble.ts";
import { hasStore, storeFiles } from "./files.ts";
import { makeRoomToStart } from "./storage.ts";

export const contents: Contents = {
  // A store without a lock is one that was copied here.
  isIn: (dir) => existsSync(storeFiles(dir).lockFile) || hasStore(dir),
  lock(dir) {
    try {
      makeRoomToStart(dir);
      const lock = takeLock(dir);
      return () => lock.close();
    } catch (cause) {
      throw cause instanceof AppError ? cause : unusable(dir, cause, isOfDisk(cause));
    }
  },
};

/** Held by an open transaction. */
function takeLock(dir: string): Database {
  const lock = new Database(storeFiles(dir).lockFile, { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 0");
    lock.run("PRAGMA journal_mode = MEMORY");
    lock.run("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock.close();
    if (!(cause as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw cause;
    throw inUse(dir, readServerInfo(dir));
  }
}
