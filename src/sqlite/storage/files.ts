/** What SQLite has in a data directory. */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { openBallast } from "./ballast.ts";

export function storeFiles(dir: string) {
  const storePath = join(dir, "tealight.db");
  return {
    storePath,
    logFile: `${storePath}-wal`,
    /** Of the index of the search. */
    searchDir: join(dir, "search"),
    lockFile: join(dir, "lock.db"),
    ballastFile: join(dir, "ballast"),
  };
}

export const hasStore = (dir: string): boolean => existsSync(storeFiles(dir).storePath);

/** Whether the program that used the store last did not close it: its log stayed. */
export const wasLeftOpen = (dir: string): boolean => existsSync(storeFiles(dir).logFile);

/** What the files take. */
export function fileSizes(dir: string): Record<"store" | "log" | "ballast", number> {
  const { storePath, logFile, ballastFile } = storeFiles(dir);
  return { store: sizeOf(storePath), log: sizeOf(logFile), ballast: sizeOf(ballastFile) };
}

/**
 * Gives up what a start can do without: the ballast, else the index of the search, which is built anew.
 * To be called by whoever holds the lock. @returns false where there is neither.
 */
export function giveUpSpare(dir: string): boolean {
  const { ballastFile, searchDir } = storeFiles(dir);
  if (openBallast(ballastFile).release()) return true;
  const index = existsSync(searchDir) ? readdirSync(searchDir) : [];
  for (const name of index) rmSync(join(searchDir, name), { force: true });
  return index.length > 0;
}

/** What identifies a file: an open one's is given to no other, whatever becomes of its name. Null without one. */
export function identityOf(file: string): string | null {
  try {
    const { dev, ino } = statSync(file);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** What identifies the store of a directory, likewise. */
export const identityOfStore = (dir: string): string | null =>
  identityOf(storeFiles(dir).storePath);

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}
