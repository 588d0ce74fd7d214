/**
 * The data directory: who may use it, the lock that keeps it to one server, the secrets in files of
 * their own, and the note that tells other commands where the server is.
 */
import { Database } from "bun:sqlite";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { AppError } from "../../errors.ts";
import { newSecret } from "../../secrets.ts";
import { shellQuoted } from "../../shell.ts";
import { isNoRoom, isOfDisk } from "../db/trouble.ts";
import { ballastFile, openBallast } from "./ballast.ts";
import { makeRoomToStart } from "./storage.ts";

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
  /** What was changed about the directory, in words. */
  notes: string[];
  announce(info: ServerInfo): void;
  /** Withdraws the announcement and frees the lock. */
  release(): void;
}

/** Renamed into place: a reader sees all of it or none. */
function write(file: string, text: string): void {
  try {
    writeFileSync(`${file}.new`, text, { mode: 0o600 });
    renameSync(`${file}.new`, file);
  } catch (cause) {
    rmSync(`${file}.new`, { force: true });
    if (!isNoRoom(cause) || !existsSync(file)) throw cause;
    // What a killed server left takes up the room that this needs.
    writeFileSync(file, text, { flag: "r+" });
    truncateSync(file, Buffer.byteLength(text));
  }
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
  const notes: string[] = [];
  const lock = guarded(dir, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    // A store without a lock is one that was copied here.
    const isOurs = existsSync(lockFile) || existsSync(storePath);
    if (process.getuid) notes.push(...closeToOthers(dir, process.getuid(), isOurs));
    makeRoomToStart(storePath);
    return takeLock(lockFile, dir);
  });
  let announcedPid: number | null = null;
  return guarded(dir, () => ({
    dir,
    storePath,
    searchDir,
    keyFile,
    tokenFile,
    key: readOrMakeSecret(keyFile, "fl"),
    token: readOrMakeSecret(tokenFile, "tl"),
    notes,
    announce(info) {
      write(serverFile, `${JSON.stringify(info, null, 2)}\n`);
      announcedPid = info.pid;
    },
    release() {
      try {
        // In the directory's place there may be another by now, with a server of its own.
        if (readServerInfo(dir)?.pid === announcedPid) rmSync(serverFile, { force: true });
      } catch {
        // A disk that fails. Who reads it finds nobody there.
      } finally {
        lock.close();
      }
    },
  }));
}

/**
 * What is empty or ours is closed to other users; what holds other things stays as it is, and what others
 * could have written to is not trusted: the key and the token in it may be theirs.
 *
 * @returns what was changed, in words.
 */
function closeToOthers(dir: string, user: number, isOurs: boolean): string[] {
  const { uid, mode } = statSync(dir);
  if (uid !== user) {
    throw new AppError("start_failed", `the data directory ${dir} belongs to another user`, {
      hint: "use --data-dir with a directory of your own",
    });
  }
  if (isClosed(mode)) return [];
  const shown = `mode 0${(mode & 0o777).toString(8)}`;
  const isWritable = (mode & 0o022) !== 0;
  if (readdirSync(dir).length === 0 || (isOurs && !isWritable)) {
    chmodSync(dir, 0o700);
    // Some file systems have no rights and say nothing, such as a Windows disk under WSL.
    return isClosed(statSync(dir).mode)
      ? [`closed ${dir} to other users, it had ${shown}`]
      : [`the file system of ${dir} does not close it to other users (${shown})`];
  }
  const others = isWritable ? "other users may write to" : "other users may look into";
  throw new AppError("start_failed", `${others} the data directory ${dir} (${shown})`, {
    hint: `choose another --data-dir, or, if all in it is yours alone: chmod 700 ${shellQuoted(dir)}`,
  });
}

function isClosed(mode: number): boolean {
  return (mode & 0o077) === 0;
}

/**
 * Gives up what a start can do without: the ballast, else the index of the search, which is built anew.
 * To be called by whoever holds the lock. @returns false where there is neither.
 */
export function giveUpSpare(dir: string): boolean {
  const { storePath, searchDir } = homeFiles(dir);
  if (openBallast(ballastFile(storePath)).release()) return true;
  const index = existsSync(searchDir) ? readdirSync(searchDir) : [];
  for (const name of index) rmSync(join(searchDir, name), { force: true });
  return index.length > 0;
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
    throw inUse(dir, readServerInfo(dir));
  }
}

/** @param running as far as it is known. */
export function inUse(dir: string, running: ServerInfo | null): AppError {
  return new AppError(
    "start_failed",
    `another server uses ${dir}${running ? ` (${running.url}, process ${running.pid})` : ""}`,
    {
      hint: `end it with \`tealight stop --data-dir ${shellQuoted(dir)}\`, or choose another --data-dir`,
    },
  );
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
        hint: isOfDisk(cause)
          ? "its disk is full or failing: free some space, or choose another --data-dir"
          : "check that it is a directory you may write to, or choose another --data-dir",
        cause,
      },
    );
  }
}
