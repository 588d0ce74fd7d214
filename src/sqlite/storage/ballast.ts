/**
 * A file that takes up room only to give it back. SQLite writes to its log before anything else, so on a
 * disk without a free byte even a delete would fail.
 */
import { randomBytes } from "node:crypto";
import { appendFileSync, rmSync, statSync } from "node:fs";
import { storage as limits } from "../../limits.ts";

export interface Ballast {
  /** What the file takes. */
  readonly bytes: number;
  /** Adds about so much, some of it at a time. False where that failed. */
  grow(bytes: number): boolean;
  /** Lets it go. False where there is none, or the disk fails. */
  release(): boolean;
}

export function openBallast(file: string): Ballast {
  let bytes = sizeOf(file);
  return {
    get bytes() {
      return bytes;
    },
    grow(more) {
      try {
        // A file system that compresses would store zeros in no space at all.
        const step = Math.min(Math.ceil(more), limits.ballastStepBytes);
        appendFileSync(file, randomBytes(step), { mode: 0o600 });
        return true;
      } catch {
        return false;
      } finally {
        bytes = sizeOf(file);
      }
    },
    release() {
      if (bytes === 0) return false;
      try {
        rmSync(file, { force: true });
        return true;
      } catch {
        return false;
      } finally {
        bytes = sizeOf(file);
      }
    },
  };
}

function sizeOf(file: string): number {
  try {
    return statSync(file).size;
  } catch {
    return 0;
  }
}
