/**
 * What an error of SQLite means, decided in one place: the disk or another program is in the way, which
 * passes; what is stored there is damaged, which is passed by and counted; anything else is a bug.
 */
import { DamagedText } from "../../backend/texts.ts";
import { storageUnavailable } from "../../backend/trouble.ts";
import { isDiskFailing, isDiskFull } from "../../directory/disk.ts";
import { AppError } from "../../errors.ts";
import { damage as limits } from "../../limits.ts";

/** Also what a disk cannot read: SQLite calls that a malformed image. */
export function isDamage(cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  return (
    cause instanceof DamagedText ||
    code === "store_damaged" ||
    /^SQLITE_(CORRUPT|NOTADB)/.test(`${code}`)
  );
}

export function isOfSqlite(cause: unknown): boolean {
  return `${(cause as { code?: unknown }).code}`.startsWith("SQLITE_");
}

/**
 * Whether what was to be written had no room. Past a quota SQLite only says that a write failed, and of the
 * index of its log that it cannot grow.
 */
export function isNoRoom(cause: unknown): boolean {
  const { code = "", cause: inner } = cause as { code?: string; cause?: unknown };
  if (code === "storage_unavailable") return inner !== undefined && isNoRoom(inner);
  const codes = ["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"];
  return codes.includes(code) || isDiskFull(cause);
}

/** Whether the disk is full or failing. */
export function isOfDisk(cause: unknown): boolean {
  const { code } = cause as { code?: unknown };
  return isNoRoom(cause) || isDiskFailing(cause) || `${code}`.startsWith("SQLITE_IOERR");
}

/** @param cause what failed; null where there is too little room to try. */
export function whyUnwritable(dir: string, cause: { code?: string } | null): string {
  const { code } = cause ?? { code: "SQLITE_FULL" };
  if (code === "SQLITE_FULL") return `the disk of ${dir} is full`;
  return isOfDisk(cause)
    ? `the disk of ${dir} is full or failing (${code})`
    : `the store's files in ${dir} cannot be opened or written (${code})`;
}

/** @returns the error for whoever asked for it; `cause` itself where it is a bug. */
export function toTrouble(cause: unknown): unknown {
  if (cause instanceof AppError) {
    // Of a store that was open before.
    return cause.code === "store_unusable" && cause.cause ? toTrouble(cause.cause) : cause;
  }
  const { code = "" } = cause as { code?: string };
  if (isDamage(cause)) {
    // The wire contract has this text for whatever is no fault of the sender.
    return new AppError("store_damaged", "ingest buffer full", {
      hint: "a part of the store that this needs is damaged; see the server's log",
      retryAfterSeconds: 60,
      cause,
    });
  }
  if (/^SQLITE_(FULL|IOERR|CANTOPEN|READONLY|NOMEM|PROTOCOL)/.test(code)) {
    const why = whyUnwritable("the data directory", cause as { code?: string });
    return storageUnavailable("full", why, cause);
  }
  if (/^SQLITE_(BUSY|LOCKED)/.test(code)) {
    return new AppError("buffer_full", "ingest buffer full", {
      hint: "another program holds the store's file",
      retryAfterSeconds: 1,
      cause,
    });
  }
  return cause;
}

/** As `toTrouble`, for who only reads. */
export function toReadTrouble(cause: unknown): unknown {
  const trouble = toTrouble(cause);
  if (!(trouble instanceof AppError) || trouble === cause) return trouble;
  const { code, hint, retryAfterSeconds } = trouble;
  const message =
    code === "store_damaged"
      ? "this part of the store is damaged and cannot be read"
      : "the store cannot be read now";
  return new AppError(code, message, { hint, retryAfterSeconds, cause });
}

/** What is passed by since it is damaged, so that work in the background goes on with the next. */
export class SetAside {
  readonly #keys = new Set<number>();
  #sinceMs = 0;

  get size(): number {
    return this.#keys.size;
  }

  has(key: number): boolean {
    if (this.#keys.size > 0 && performance.now() - this.#sinceMs > limits.asideMs)
      this.#keys.clear();
    return this.#keys.has(key);
  }

  /** @returns false where that is too much: then there is no going on. */
  add(key: number): boolean {
    if (this.#keys.size >= limits.mostAside) return false;
    if (this.#keys.size === 0) this.#sinceMs = performance.now();
    this.#keys.add(key);
    return true;
  }
}
