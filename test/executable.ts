/**
 * The executable that tests drive as its users do. It is built once for the sources as they are, and
 * shared by all processes of all runs: a file under node_modules/.cache that is named by its sources.
 */
import { Database } from "bun:sqlite";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  utimesSync,
} from "node:fs";
import { join } from "node:path";
import { buildExecutable } from "../scripts/build.ts";

const root = join(import.meta.dir, "..");
const cache = join(root, "node_modules/.cache/tealight");

/** Each takes 100 MB. More than one, for runs of other branches at the same time. */
const maxKept = 4;

/** The path of the executable, or of the one that TEALIGHT_BINARY names. */
export const executable = process.env.TEALIGHT_BINARY ?? (await sharedExecutable());

async function sharedExecutable(): Promise<string> {
  mkdirSync(cache, { recursive: true });
  const dir = join(cache, hashOfSources());
  // A lock of SQLite's ends with its process, however that dies.
  const lock = new Database(join(cache, "lock.db"));
  try {
    while (!isLockedBy(lock)) await Bun.sleep(20);
    if (!existsSync(dir)) await build(dir);
    // Whose use is the latest is kept.
    utimesSync(dir, new Date(), new Date());
  } finally {
    lock.close();
  }
  return join(dir, "tealight");
}

function hashOfSources(): string {
  const hash = new Bun.CryptoHasher("sha256").update(Bun.version);
  const files = [...new Bun.Glob("src/**").scanSync(root)].sort();
  for (const file of [...files, "scripts/build.ts", "package.json", "bun.lock"])
    hash.update(`\n${file}\n`).update(readFileSync(join(root, file)));
  return hash.digest("hex").slice(0, 16);
}

function isLockedBy(lock: Database): boolean {
  try {
    lock.run("BEGIN IMMEDIATE");
    return true;
  } catch (cause) {
    if ((cause as { code?: string }).code !== "SQLITE_BUSY") throw cause;
    return false;
  }
}

/** What is there under its name is whole. */
async function build(dir: string): Promise<void> {
  const usedMs = (name: string) => statSync(join(cache, name)).mtimeMs;
  const earlier = readdirSync(cache, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name)
    .sort((a, b) => usedMs(b) - usedMs(a));
  for (const name of earlier.slice(maxKept - 1)) rmSync(join(cache, name), { recursive: true });
  const temp = mkdtempSync(join(cache, ".new-"));
  await buildExecutable(temp);
  renameSync(temp, dir);
}
