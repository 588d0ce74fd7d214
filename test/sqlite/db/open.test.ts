import { Database } from "bun:sqlite";
import { afterEach, beforeEach, describe, expect, test } from "bun:test";
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { AppError } from "../../../src/errors.ts";
import { schemaVersion } from "../../../src/sqlite/db/migrate.ts";
import {
  checkpoint,
  closeWriter,
  openReader,
  openWriter,
  shrinkMemory,
} from "../../../src/sqlite/db/open.ts";
import { makeTempDir } from "../../helpers.ts";
import { asNobody } from "../nobody.ts";

let dir: string;
let path: string;
const databases: Database[] = [];

beforeEach(() => {
  dir = makeTempDir();
  path = join(dir, "tealight.db");
});
afterEach(() => {
  for (const database of databases.splice(0)) database.close();
  chmodSync(dir, 0o700);
  rmSync(dir, { recursive: true });
});

function opened(database: Database): Database {
  databases.push(database);
  return database;
}

function pragma(database: Database, name: string): unknown {
  return Object.values(database.query(`PRAGMA ${name}`).get() as object)[0];
}

/** Makes a file with plain SQLite, and closes it. */
function makeFile(...statements: string[]): void {
  const database = new Database(path, { create: true });
  for (const statement of statements) database.run(statement);
  database.close();
}

/** Expects one clear refusal, and the file as it was. */
function expectRefused(
  message: RegExp,
  open: () => Database = () => openWriter(path, "process"),
): void {
  const before = readFileSync(path);
  let failure: unknown;
  try {
    opened(open());
  } catch (cause) {
    failure = cause;
  }
  expect(failure).toBeInstanceOf(AppError);
  const { code, message: said, hint, exitCode } = failure as AppError;
  expect({ code, exitCode }).toEqual({ code: "store_unusable", exitCode: 1 });
  expect(said).toMatch(message);
  expect(said).not.toContain("\n");
  expect(hint).toMatch(/--data-dir/);
  // Whatever the refused attempt still holds is let go before the file is looked at.
  Bun.gc(true);
  expect(readFileSync(path).equals(before)).toBe(true);
}

describe("a new store", () => {
  test("is made with the settings it needs for life", () => {
    const db = opened(openWriter(path, "process"));
    expect({
      mode: pragma(db, "journal_mode"),
      autoVacuum: pragma(db, "auto_vacuum"),
      pageSize: pragma(db, "page_size"),
      version: pragma(db, "user_version"),
      application: pragma(db, "application_id"),
      busyTimeout: pragma(db, "busy_timeout"),
    }).toEqual({
      mode: "wal",
      autoVacuum: 2,
      pageSize: 2048,
      version: schemaVersion,
      application: 0x5465614c,
      busyTimeout: 5000,
    });
  });

  test("syncs before each commit where that is asked for, and not otherwise", () => {
    expect(pragma(opened(openWriter(path, "process")), "synchronous")).toBe(1);
    expect(pragma(opened(openWriter(join(dir, "full.db"), "full")), "synchronous")).toBe(2);
  });

  test("is one file when it is closed, and opens again with what was in it", () => {
    const db = openWriter(path, "process");
    db.run("INSERT INTO names (text) VALUES ('kept')");
    closeWriter(db);
    expect([existsSync(`${path}-wal`), existsSync(`${path}-shm`)]).toEqual([false, false]);
    const again = opened(openWriter(path, "process"));
    expect(again.query("SELECT text FROM names").values()).toEqual([["kept"]]);
  });

  test("is made in a file that a killed start left empty or without tables", () => {
    writeFileSync(path, "");
    const db = openWriter(path, "process");
    expect([pragma(db, "auto_vacuum"), pragma(db, "application_id")]).toEqual([2, 0x5465614c]);
    db.close();
    rmSync(path);
    makeFile("PRAGMA auto_vacuum = INCREMENTAL", `PRAGMA application_id = ${0x5465614c}`);
    const again = opened(openWriter(path, "process"));
    expect([pragma(again, "auto_vacuum"), pragma(again, "user_version")]).toEqual([
      2,
      schemaVersion,
    ]);
  });
});

describe("a file that is not a store of this version", () => {
  test("is refused when a newer version wrote it", () => {
    closeWriter(openWriter(path, "process"));
    makeFile(`PRAGMA user_version = ${schemaVersion + 1}`);
    expectRefused(
      new RegExp(`newer version \\(schema ${schemaVersion + 1}, .* ${schemaVersion}\\)`),
    );
  });

  test("is refused when another program wrote it", () => {
    makeFile("CREATE TABLE theirs (a)", "INSERT INTO theirs VALUES ('precious')");
    expectRefused(/another program/);
  });

  test("is refused when another program made it and has written nothing yet", () => {
    makeFile("PRAGMA application_id = 7");
    expectRefused(/another program/);
  });

  test("is refused when another program wrote it with a log and a version like ours", () => {
    makeFile(
      "PRAGMA journal_mode = WAL",
      "PRAGMA application_id = 7",
      `PRAGMA user_version = ${schemaVersion}`,
      "CREATE TABLE spans (a)",
    );
    expectRefused(/another program/);
  });

  test.each([
    ["a short text", Buffer.from("hello\n")],
    ["random bytes", Buffer.from(crypto.getRandomValues(new Uint8Array(20_000)))],
    ["JSON Lines", Buffer.from('{"version":"v1"}\n'.repeat(1000))],
  ])("is refused when it is %s", (_, bytes) => {
    writeFileSync(path, bytes);
    expectRefused(/damaged or not a database/);
  });

  test("is refused when its header was overwritten", () => {
    closeWriter(openWriter(path, "process"));
    const bytes = readFileSync(path);
    writeFileSync(path, bytes.fill("#", 0, 100));
    expectRefused(/damaged or not a database/);
  });

  test("is refused when it is a directory", () => {
    mkdirSync(path);
    expect(() => openWriter(path, "process")).toThrow(
      expect.objectContaining({ code: "store_unusable" }),
    );
  });

  test("is refused when it may not be written", () => {
    closeWriter(openWriter(path, "process"));
    chmodSync(path, 0o444);
    chmodSync(dir, 0o555);
    asNobody(() => expectRefused(/cannot be written/));
  });
});

describe("a reader", () => {
  test("sees what is committed and cannot write", () => {
    const db = opened(openWriter(path, "process"));
    const reader = opened(openReader(path));
    db.run("INSERT INTO names (text) VALUES ('seen')");
    expect(reader.query("SELECT text FROM names").values()).toEqual([["seen"]]);
    expect(() => reader.run("DELETE FROM names")).toThrow();
  });

  test("that stays in a transaction holds no checkpoint up", () => {
    const db = opened(openWriter(path, "process"));
    const shell = opened(new Database(path, { readonly: true }));
    shell.run("BEGIN");
    shell.query("SELECT * FROM names").all();
    db.run("INSERT INTO names (text) VALUES ('later')");
    // Far more than a busy machine takes for it, and far less than the test has.
    db.run("PRAGMA busy_timeout = 60000");
    const startMs = performance.now();
    expect(checkpoint(db)).toBe(false);
    expect(performance.now() - startMs).toBeLessThan(30_000);
    expect(pragma(db, "busy_timeout")).toBe(5000);
    shell.run("COMMIT");
    expect(checkpoint(db)).toBe(true);
    expect(readFileSync(`${path}-wal`)).toHaveLength(0);
  });
});

test("a connection that gives its pages back loses nothing that it has read or not yet committed", () => {
  const db = opened(openWriter(path, "process"));
  const reader = opened(openReader(path));
  const texts = () => reader.query("SELECT text FROM names ORDER BY text").values().flat();
  db.run("INSERT INTO names (text) VALUES ('a')");
  expect(texts()).toEqual(["a"]);
  db.run("BEGIN");
  db.run("INSERT INTO names (text) VALUES ('b')");
  for (const connection of [db, reader]) shrinkMemory(connection);
  expect(texts()).toEqual(["a"]);
  db.run("COMMIT");
  expect(texts()).toEqual(["a", "b"]);
});
