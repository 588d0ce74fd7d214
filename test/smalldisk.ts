/** A file system of its own that a test can fill. */
import { randomBytes } from "node:crypto";
import { mkdirSync, rmdirSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { makeTempDir } from "./helpers.ts";

export interface SmallDisk extends Disposable {
  dir: string;
  readonly freeBytes: number;
  /** Leaves not a byte, with a file named `filler`. */
  fill(): void;
}

/** @returns null where this user or system may not make one; says so, since tests are skipped then. */
export function mountSmallDisk(size: string, dir = makeTempDir()): SmallDisk | null {
  mkdirSync(dir, { recursive: true });
  const mount = ["mount", "-t", "tmpfs", "-o", `size=${size}`, "tmpfs", dir];
  const isMounted =
    process.platform === "linux" && !!Bun.which("mount") && Bun.spawnSync(mount).exitCode === 0;
  if (!isMounted) {
    console.warn("skipped: a test of a full disk has to be allowed to mount a tmpfs");
    rmdirSync(dir);
    return null;
  }
  return {
    dir,
    get freeBytes() {
      const { bavail, bsize } = statfsSync(dir);
      return bavail * bsize;
    },
    fill() {
      for (let size = 2 ** 20; size >= 1; size = Math.floor(size / 2)) {
        try {
          for (;;) writeFileSync(join(dir, "filler"), randomBytes(size), { flag: "a" });
        } catch {
          // Less of it may fit.
        }
      }
    },
    [Symbol.dispose]() {
      // What is open in it keeps it alive until it is closed.
      Bun.spawnSync(["umount", "-l", dir]);
      rmdirSync(dir);
    },
  };
}
