/** What is left of a store's file, and what is said of it. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import {
  cpSync,
  existsSync,
  mkdirSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { checkpoint, openWriter } from "../../../src/sqlite/db/open.ts";
import { makeTempDir } from "../../helpers.ts";

let dir: string;
let path: string;
beforeEach(() => {
  dir = makeTempDir();
  path = join(dir, "tealight.db");
});
afterEach(() => rmSync(dir, { recursive: true }));

/** A store as a process leaves it that is killed after some commits: the file and its log. */
function makeKilled(): void {
  const made = makeTempDir();
  try {
    const db = openWriter(join(made, "tealight.db"), "process");
    const add = db.query("INSERT INTO names (text) VALUES (?)");
    for (let i = 0; i < 200; i++) add.run(`${i} `.repeat(300));
    checkpoint(db);
    for (let i = 0; i < 20; i++) add.run(`later ${i}`);
    for (const end of ["", "-wal"]) cpSync(join(made, `tealight.db${end}`), `${path}${end}`);
    db.close();
  } finally {
    rmSync(made, { recursive: true });
  }
}

function countNames(db: Database): unknown {
  return db.query("SELECT count(*) AS count, sum(length(text)) > 0 AS isRead FROM names").get();
}

test("a store that was killed after a checkpoint opens with all of it", () => {
  makeKilled();
  const db = openWriter(path, "process");
  expect(countNames(db)).toEqual({ count: 220, isRead: 1 });
  db.close();
});

test("a store whose end is gone is refused at its start, with a log beside it and without", () => {
  makeKilled();
  const bytes = statSync(path).size;
  truncateSync(path, bytes / 2);
  expect(() => openWriter(path, "process")).toThrow(
    expect.objectContaining({
      code: "store_unusable",
      message: expect.stringMatching(/is truncated: \d+ of \d+ bytes are there$/),
    }),
  );
  expect(existsSync(`${path}-wal`)).toBe(true);
  rmSync(`${path}-wal`);
  expect(() => openWriter(path, "process")).toThrow(
    expect.objectContaining({
      code: "store_unusable",
      message: expect.stringContaining("damaged"),
    }),
  );
});

test("an empty file is a new store, but not where there is an index of one that held traces", () => {
  writeFileSync(path, "");
  mkdirSync(join(dir, "search"));
  expect(() => openWriter(path, "process")).toThrow(
    expect.objectContaining({
      code: "store_unusable",
      message: expect.stringMatching(/is empty, but held traces before$/),
      hint: expect.stringContaining("move it away"),
    }),
  );
  expect(statSync(path).size).toBe(0);
  rmSync(join(dir, "search"), { recursive: true });
  openWriter(path, "process").close();
});
