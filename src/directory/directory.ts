/**
 * The data directory: who may use it, the secrets in files of their own, and the note that tells other
 * commands where the server is. What is stored in it, and the lock that keeps it to one server, are the
 * backend's.
 */
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
import { AppError } from "../errors.ts";
import { newSecret } from "../secrets.ts";
import { shellQuoted } from "../shell.ts";
import { isDiskFailing, isDiskFull } from "./disk.ts";

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

export interface DataDirectory {
  dir: string;
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
    if (!isDiskFull(cause) || !existsSync(file)) throw cause;
    // What a killed server left takes up the room that this needs.
    writeFileSync(file, text, { flag: "r+" });
    truncateSync(file, Buffer.byteLength(text));
  }
}

/** Where a directory's secrets and notes are. */
export function dataDirectoryFiles(dir: string) {
  return {
    keyFile: join(dir, "key"),
    tokenFile: join(dir, "token"),
    serverFile: join(dir, "server.json"),
  };
}

/** What a backend keeps in a data directory. */
export interface Contents {
  /** Whether the directory holds something of it. */
  isIn(dir: string): boolean;
  /**
   * Takes the directory for this process, until that ends.
   *
   * @returns frees it. @throws AppError `start_failed` where another server has it.
   */
  lock(dir: string): () => void;
}

/**
 * Takes the directory for this process, making it and its secrets at need.
 *
 * @throws AppError `start_failed` where another server has it, or it cannot be written.
 */
export function openDataDirectory(dir: string, contents: Contents): DataDirectory {
  const { keyFile, tokenFile, serverFile } = dataDirectoryFiles(dir);
  const notes: string[] = [];
  const unlock = guarded(dir, () => {
    mkdirSync(dir, { recursive: true, mode: 0o700 });
    const isOurs = contents.isIn(dir);
    if (process.getuid) notes.push(...closeToOthers(dir, process.getuid(), isOurs));
    return contents.lock(dir);
  });
  let announcedPid: number | null = null;
  return guarded(dir, () => ({
    dir,
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
        unlock();
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

/** What the server of this directory announced, whether or not it still runs; null without one. */
export function readServerInfo(dir: string): ServerInfo | null {
  try {
    return JSON.parse(readFileSync(dataDirectoryFiles(dir).serverFile, "utf8"));
  } catch {
    return null;
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
    throw unusable(dir, cause, isDiskFailing(cause));
  }
}

/** @param isOfDisk whether its disk is full or failing. */
export function unusable(dir: string, cause: unknown, isOfDisk: boolean): AppError {
  const { code = "" } = cause as { code?: string };
  return new AppError(
    "start_failed",
    `the data directory ${dir} cannot be used (${code || (cause as Error).name})`,
    {
      hint: isOfDisk
        ? "its disk is full or failing: free some space, or choose another --data-dir"
        : "check that it is a directory you may write to, or choose another --data-dir",
      cause,
    },
  );
}
