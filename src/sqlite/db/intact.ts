/** What can be seen of a store's file before it is opened: whether its end or all of it is gone. */
import { closeSync, existsSync, openSync, readSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { AppError } from "../../errors.ts";
import { storeFiles } from "../storage/files.ts";

const sizeOf = (path: string) => statSync(path, { throwIfNoEntry: false })?.size ?? 0;

/** @throws AppError `store_unusable`. SQLite would go on, and take what cannot be read again. */
export function checkWhole(path: string): void {
  const hint =
    "restore it from a backup, or move it away to begin anew; the file was left as it is";
  const bytes = sizeOf(path);
  if (bytes === 0) {
    // The index is made once the first start is over. Before that an empty file is a start that was killed.
    const heldSomething = existsSync(storeFiles(dirname(path)).searchDir);
    if (!heldSomething || sizeOf(`${path}-wal`) > 0) return;
    throw new AppError("store_unusable", `the store ${path} is empty, but held traces before`, {
      hint,
    });
  }
  const header = readAt(path, 0, 100);
  // SQLite says what is wrong with anything else.
  if (header.length < 100 || header.toString("latin1", 0, 15) !== "SQLite format 3") return;
  const pageSize = header.readUInt16BE(16) === 1 ? 65_536 : header.readUInt16BE(16);
  const pages = header.readUInt32BE(28);
  const there = Math.floor(bytes / pageSize);
  // Without a log SQLite itself refuses such a file.
  if (there >= pages || sizeOf(`${path}-wal`) === 0) return;
  const inLog = pagesInLog(`${path}-wal`, pageSize);
  for (let page = there + 1; page <= pages; page++) {
    if (inLog.has(page)) continue;
    throw new AppError(
      "store_unusable",
      `the store ${path} is truncated: ${bytes} of ${pages * pageSize} bytes are there`,
      { hint },
    );
  }
}

/** See sqlite.org/fileformat, section 4: 32 bytes, then pages with 24 before each. */
function pagesInLog(path: string, pageSize: number): Set<number> {
  const salt = readAt(path, 16, 8);
  const pages = new Set<number>();
  for (let at = 32; ; at += 24 + pageSize) {
    const frame = readAt(path, at, 24);
    // What follows is of an earlier round of the log.
    if (frame.length < 24 || !frame.subarray(8, 16).equals(salt)) return pages;
    pages.add(frame.readUInt32BE(0));
  }
}

function readAt(path: string, position: number, length: number): Buffer {
  const file = openSync(path, "r");
  try {
    const bytes = Buffer.alloc(length);
    return bytes.subarray(0, readSync(file, bytes, 0, length, position));
  } finally {
    closeSync(file);
  }
}
