/**
 * Whether the store can be written: whether its disk has room, and whether the files that are open are
 * still those in the data directory. SQLite goes on writing into files that were removed, and what it
 * commits there is lost with the process.
 */
import { statfsSync } from "node:fs";
import { basename, dirname } from "node:path";
import type { StorageKind, StorageStatus } from "../../backend/store.ts";
import { storageUnavailable } from "../../backend/trouble.ts";
import { storage as limits } from "../../limits.ts";
import { isNoRoom, whyUnwritable } from "../db/trouble.ts";
import { openBallast } from "./ballast.ts";
import { identityOf, storeFiles } from "./files.ts";

export interface Space {
  freeBytes: number;
  totalBytes: number;
}

export interface StorageSettings {
  /** The store's file, which is open. */
  path: string;
  /** Spans are refused below so much free space; null: a default by the size of the disk. */
  minFreeBytes: number | null;
  /** Told what is free, null where the system does not tell. */
  onFreeBytes?: (bytes: number | null) => void;
  /** How much room the disk of a directory has. */
  spaceOf?: (dir: string) => Space | null;
  now?: () => number;
}

export type Storage = ReturnType<typeof createStorage>;

export function createStorage(settings: StorageSettings) {
  const { path, minFreeBytes, spaceOf = readSpace, now = () => performance.now() } = settings;
  const { onFreeBytes = () => {} } = settings;
  const dir = dirname(path);
  const ballast = openBallast(storeFiles(dir).ballastFile);
  /** The directory and the open files, by what identifies them. The log is there after the first commit. */
  const opened = new Map<string, string>();
  const watched = [path, `${path}-wal`, dir];
  remember();
  let status: StorageStatus = { state: "ok", freeBytes: null, isRefusing: false, message: "" };
  let isShort = false;
  let missingBallast = 0;
  let lookedAt = -Infinity;
  let takenBytes = 0;
  let releasedAt = -Infinity;
  /** The last write that failed, and whether one succeeded since. */
  let failure: { at: number; code: string; isOver: boolean } | null = null;
  const waiting: ((status: StorageStatus) => void)[] = [];

  function remember(): void {
    for (const file of watched) {
      const identity = opened.has(file) ? null : identityOf(file);
      if (identity) opened.set(file, identity);
    }
  }

  /** What is not where it was, in words. */
  function findLoss(): string | null {
    const isThere = (file: string) => !opened.has(file) || opened.get(file) === identityOf(file);
    if (watched.every(isThere)) return null;
    if (identityOf(dir) === null) return `the data directory ${dir} was removed or moved`;
    if (!isThere(dir)) return `another directory was put in the place of ${dir}`;
    const lost = watched.find((file) => !isThere(file))!;
    const how = identityOf(lost) === null ? "removed" : "replaced";
    return `${basename(lost)} was ${how} in ${dir}`;
  }

  function look(): void {
    lookedAt = now();
    takenBytes = 0;
    const loss = findLoss();
    const space = loss === null ? spaceOf(dir) : null;
    let resumeBytes = 0;
    if (space) {
      const { freeBytes, totalBytes } = space;
      const target = Math.min(limits.ballastBytes, totalBytes * limits.ballastShare);
      missingBallast = Math.max(0, Math.floor(target) - ballast.bytes);
      const least = minFreeBytes ?? Math.min(limits.minFreeBytes, totalBytes * limits.minFreeShare);
      // What the ballast gave back is not for new spans.
      resumeBytes = Math.ceil(least * limits.resumeFactor) + missingBallast;
      isShort = freeBytes < (isShort ? resumeBytes : least + missingBallast);
    }
    // A disk without room is reason enough.
    if (isShort || (failure?.isOver && now() - failure.at > limits.pauseMs)) failure = null;
    const state = loss !== null ? "gone" : isShort || failure ? "full" : "ok";
    const freeBytes = space?.freeBytes ?? null;
    onFreeBytes(freeBytes);
    const isRefusing = loss !== null || isShort;
    const before = status;
    status = { state, freeBytes, isRefusing, message: "" };
    if (loss !== null) {
      status.message = `${loss}; nothing is stored until it is back as it was. To begin with what is there now, start the server again`;
    } else if (isShort) {
      status.message = `${whyUnwritable(dir, null)}: new spans are refused until ${resumeBytes} bytes are free; reading and deleting go on`;
    } else if (failure) {
      status.message = `${whyUnwritable(dir, failure)}: what cannot be written is refused`;
    } else {
      status.message = `${dir} can be written again`;
    }
    if (isSame(before, status)) return;
    for (const tell of waiting.splice(0)) tell(status);
  }

  function lookIfStale(): void {
    if (now() - lookedAt > limits.staleAfterMs || takenBytes > limits.bytesPerLook) look();
  }

  function letGo(): boolean {
    look();
    if (status.state === "gone" || !ballast.release()) return false;
    releasedAt = now();
    look();
    return true;
  }

  look();
  const timer = setInterval(look, limits.lookEveryMs);

  return {
    look(): StorageStatus {
      look();
      return status;
    },
    /** Resolves once it is otherwise than that. */
    async after(seen: StorageKind): Promise<StorageStatus> {
      if (!isSame(seen, status)) return status;
      return new Promise((resolve) => waiting.push(resolve));
    },
    get isShort() {
      return isShort;
    },
    /** To be asked before a commit. @throws AppError `storage_unavailable` where so many new bytes have no place. */
    checkRoom(bytes: number): void {
      takenBytes += bytes;
      lookIfStale();
      if (status.isRefusing) throw storageUnavailable(status.state);
    },
    /** @throws AppError `storage_unavailable` where the files are gone. */
    checkPlace(): void {
      lookIfStale();
      if (status.state === "gone") throw storageUnavailable("gone");
    },
    /** Does what frees space, or what an operator asks for: where there is no room the ballast goes. */
    withReserve<T>(work: () => T): T {
      try {
        return work();
      } catch (cause) {
        if (!isNoRoom(cause) || !letGo()) throw cause;
        return work();
      }
    },
    committed(): void {
      if (failure) failure.isOver = true;
      remember();
    },
    failed(cause: unknown): void {
      const { code = "" } = cause as { code?: string };
      failure = { at: now(), code, isOver: false };
      look();
    },
    growBallast,
    /** To be called when the store is closed. On a full disk what room there is stays for the next start. */
    end(): void {
      clearInterval(timer);
      if (status.state !== "full") return;
      // Without its log, which goes with the last connection.
      opened.delete(`${path}-wal`);
      releasedAt = -Infinity;
      while (growBallast());
      if (ballast.bytes === 0) ballast.grow(Math.min(limits.spareBytes, status.freeBytes ?? 0));
    },
  };

  /** Makes the ballast again, step by step. @returns whether there may be more to do. */
  function growBallast(): boolean {
    if (missingBallast === 0 || now() - releasedAt < limits.pauseMs) return false;
    look();
    const room = (status.freeBytes ?? 0) - limits.spareBytes;
    if (status.state === "gone" || room < Math.min(missingBallast, limits.ballastStepBytes))
      return false;
    const hasGrown = ballast.grow(Math.min(missingBallast, room));
    if (!hasGrown) releasedAt = now();
    look();
    return hasGrown;
  }
}

function isSame(a: StorageKind, b: StorageKind): boolean {
  return a.state === b.state && a.isRefusing === b.isRefusing;
}

/** Gives back the ballast of an earlier run where a start would have no room for its files. */
export function makeRoomToStart(dir: string): void {
  const space = readSpace(dir);
  if (space && space.freeBytes < limits.spareBytes)
    openBallast(storeFiles(dir).ballastFile).release();
}

function readSpace(dir: string): Space | null {
  try {
    const { bsize, bavail, blocks } = statfsSync(dir);
    return { freeBytes: bsize * bavail, totalBytes: bsize * blocks };
  } catch {
    return null;
  }
}
