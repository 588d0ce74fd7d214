/** The preloaded library that makes calls fail, and the control file by which it is told when. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";

/** In the order of faults.c. `short`: a write is cut, and there is no room for the rest. */
export const kinds = ["EIO", "ENOSPC", "EDQUOT", "EROFS", "short"] as const;
export type Kind = (typeof kinds)[number];

export interface Fault {
  kind: Kind;
  /** The number of the call that fails, from 1 on, of those that can fail so. */
  at: number;
  /** All later ones fail, too. */
  isLasting: boolean;
}

export interface Counts {
  failed: number;
  calls: number;
  of: Record<Kind, number>;
  /** The first call that failed, and its file. */
  what: string;
}

const fields = 5 + kinds.length;
const textBytes = 232;

/** @returns the path of the library; null where there is no C compiler, or no Linux. */
export function buildLibrary(dir: string): string | null {
  const compiler = Bun.which("cc") ?? Bun.which("gcc") ?? Bun.which("clang");
  if (process.platform !== "linux" || !compiler) return null;
  const library = join(dir, "faults.so");
  const source = join(import.meta.dir, "faults.c");
  const options = ["-O1", "-shared", "-fPIC", "-o", library, source, "-ldl", "-lpthread"];
  const { exitCode, stderr } = Bun.spawnSync([compiler, ...options]);
  if (exitCode !== 0) throw new Error(`${compiler} failed: ${stderr}`);
  return library;
}

/** @returns the environment of a process that is to fail. */
export function armed(
  library: string,
  control: string,
  dir: string,
  fault: Fault | null,
): Record<string, string> {
  const head = new BigInt64Array(fields);
  head[0] = BigInt(fault ? kinds.indexOf(fault.kind) : kinds.length);
  head[1] = BigInt(fault?.at ?? 0);
  head[2] = fault?.isLasting ? 1n : 0n;
  writeFileSync(control, Buffer.concat([Buffer.from(head.buffer), Buffer.alloc(textBytes)]));
  return { LD_PRELOAD: library, TEALIGHT_FAULTS_DIR: `${dir}/`, TEALIGHT_FAULTS_CONTROL: control };
}

export function readCounts(control: string): Counts {
  const bytes = readFileSync(control);
  const number = (i: number) => Number(bytes.readBigInt64LE(8 * i));
  const text = bytes.subarray(8 * fields);
  return {
    failed: number(3),
    calls: number(4),
    of: Object.fromEntries(kinds.map((kind, i) => [kind, number(5 + i)])) as Record<Kind, number>,
    what: text.subarray(0, text.indexOf(0)).toString(),
  };
}
