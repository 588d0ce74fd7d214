/**
 * SQLite as a backend: whatever is not of this room opens the store here, by the data directory that it is
 * in, and knows of SQLite nothing else.
 */
import { Database } from "bun:sqlite";
import { openReadBackend } from "./reader.ts";
import { openSearch as openSearchAt } from "./search/open.ts";
import { storeFiles } from "./storage/files.ts";
import { openStoreWriter } from "./writer.ts";

type Rest<F> = F extends (path: string, ...rest: infer R) => unknown ? R : never;

export { contents } from "./storage/lock.ts";
export { fileSizes, hasStore, identityOfStore, wasLeftOpen } from "./storage/files.ts";

export const openWriter = (dir: string, ...rest: Rest<typeof openStoreWriter>) =>
  openStoreWriter(storeFiles(dir).storePath, ...rest);

export const openReader = (dir: string, ...rest: Rest<typeof openReadBackend>) =>
  openReadBackend(storeFiles(dir).storePath, ...rest);

export function openSearch(dir: string, onDamage: (what: string) => void) {
  const { storePath, searchDir } = storeFiles(dir);
  return openSearchAt(storePath, searchDir, onDamage);
}

/** On macOS the SQLite is Apple's, whose version matters when something is reported. */
export function sqliteVersion(): string {
  const db = new Database(":memory:");
  const { version } = db.query("SELECT sqlite_version() AS version").get() as { version: string };
  db.close();
  return version;
}
