/**
 * The data directory: who may use it, the lock that keeps it to one server, the secrets in files of
 * their own, and the note that tells other commands where the server is.
 */
import { Database } from "bun:sqlite";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AppError } from "../errors.ts";
import { newSecret } from "../secrets.ts";

/** What `server.json` says of the running server. */
export interface ServerInfo {
  pid: number;
  url: string;
  port: number;
  /** Where OTLP over HTTP goes, less the signal's path. */
  otlpUrl: string;
  /** Where OTLP over gRPC goes; null where it is off. */
  otlpGrpcUrl: string | null;
  otlpAuth: "open" | "key";
  version: string;
  startedAt: number;
  dataDir: string;
  keyFile: string;
  tokenFile: string;
}

export interface Home {
  dir: string;
  storePath: string;
  /** Of the index of the search. */
  searchDir: string;
  keyFile: string;
  tokenFile: string;
  /** The default project's ingest key, as its file has it. */
  key: string;
  /** The operator's token, as its file has it. */
  token: string;
  announce(info: ServerInfo): void;
  /** Withdraws the announcement and frees the lock. */
  release(): void;
}

/** Where a directory's secrets and notes are. */
export function homeFiles(dir: string) {
  return {
    storePath: join(dir, "tealight.db"),
    searchDir: join(dir, "search"),
    keyFile: join(dir, "key"),
    tokenFile: join(dir, "token"),
    serverFile: join(dir, "server.json"),
    lockFile: join(dir, "lock.db"),
  };
}

/**
 * Takes the directory for this process, making it and its secrets at need.
 *
 * @throws AppError `start_failed` where another server has it, or it cannot be written.
 */
export function openHome(dir: string): Home {
  const { storePath, searchDir, keyFile, tokenFile, serverFile, lockFile } = homeFiles(dir);
  const lock = guarded(dir, () => {
    const isNew = !existsSync(dir);
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const { uid } = statSync(dir);
    if (process.getuid && uid !== process.getuid()) {
      throw new AppError("start_failed", `the data directory ${dir} belongs to another user`, {
        hint: "use --data-dir with a directory of your own",
      });
    }
    // A directory that was there for something else keeps its mode; our files are 0600 anyway.
    if (isNew || existsSync(lockFile)) chmodSync(dir, 0o700);
    return takeLock(lockFile, dir);
  });
  return guarded(dir, () => ({
    dir,
    storePath,
    searchDir,
    keyFile,
    tokenFile,
    key: readOrMakeSecret(keyFile, "fl"),
    token: readOrMakeSecret(tokenFile, "tl"),
    announce(info) {
      // Renamed into place: a reader sees all of it or none.
      writeFileSync(`${serverFile}.new`, `${JSON.stringify(info, null, 2)}\n`, { mode: 0o600 });
      renameSync(`${serverFile}.new`, serverFile);
    },
    release() {
      try {
        rmSync(serverFile, { force: true });
      } catch {
        // A disk that fails. Who reads it finds nobody there.
      } finally {
        lock.close();
      }
    },
  }));
}

/** What the server of this directory announced, whether or not it still runs; null without one. */
export function readServerInfo(dir: string): ServerInfo | null {
  try {
    return JSON.parse(readFileSync(homeFiles(dir).serverFile, "utf8"));
  } catch {
    return null;
  }
}

/** A lock of SQLite's, which any death of the process frees. Held by an open transaction. */
function takeLock(lockFile: string, dir: string): Database {
  const lock = new Database(lockFile, { create: true });
  try {
    lock.run("PRAGMA busy_timeout = 0");
    lock.run("PRAGMA journal_mode = MEMORY");
    lock.run("BEGIN EXCLUSIVE");
    return lock;
  } catch (cause) {
    lock.close();
    if (!(cause as { code?: string }).code?.startsWith("SQLITE_BUSY")) throw cause;
    const running = readServerInfo(dir);
    throw new AppError(
      "start_failed",
      `another server uses ${dir}${running ? ` (${running.url}, process ${running.pid})` : ""}`,
      { hint: "end it with `tealight stop`, or choose another --data-dir" },
    );
  }
}

function readOrMakeSecret(file: string, prefix: "fl" | "tl"): string {
  const known = existsSync(file) ? readFileSync(file, "utf8").trim() : "";
  if (known !== "") return known;
  const secret = newSecret(prefix);
  writeFileSync(file, `${secret}\n`, { mode: 0o600 });
  return secret;
}

function guarded<T>(dir: string, open: () => T): T {
  try {
    return open();
  } catch (cause) {
    if (cause instanceof AppError) throw cause;
    const { code = "" } = cause as { code?: string };
    throw new AppError(
      "start_failed",
      `the data directory ${dir} cannot be used (${code || (cause as Error).name})`,
      {
        hint: "check that it is a directory you may write to, or choose another --data-dir",
        cause,
      },
    );
  }
}
