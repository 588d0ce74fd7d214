/** What a data directory with a SQLite store is, without opening it: cheap enough for every start. */
import { Database } from "bun:sqlite";

export { fileSizes, hasStore, identityOfStore, wasLeftOpen } from "../storage/files.ts";
export { contents } from "../storage/lock.ts";

/** On macOS the SQLite is Apple's, whose version matters when something is reported. */
export function sqliteVersion(): string {
  const db = new Database(":memory:");
  const { version } = db.query("SELECT sqlite_version() AS version").get() as { version: string };
  db.close();
  return version;
}
