import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { migrate, schemaVersion } from "../../src/store/migrate.ts";
import { openWriter } from "../../src/store/open.ts";
import { makeTempDir } from "../helpers.ts";

const applicationId = 0x5465614c;
const firstMigration = join(import.meta.dir, "../../src/store/migrations/0001_init.sql");

let dir: string;
let path: string;
beforeEach(() => {
  dir = makeTempDir();
  path = join(dir, "tealight.db");
});
afterEach(() => rmSync(dir, { recursive: true }));

function schemaOf(db: Database): unknown {
  return {
    tables: db.query("SELECT type, name, tbl_name, sql FROM sqlite_master ORDER BY 1, 2").all(),
    version: db.query("PRAGMA user_version").get(),
  };
}

function schemaOfFresh(): unknown {
  const db = openWriter(join(dir, "fresh.db"), "process");
  const schema = schemaOf(db);
  db.close();
  return schema;
}

test("a store is brought to the newest version once, and stays as it is after", () => {
  const db = new Database(path, { create: true });
  migrate(db);
  const schema = schemaOf(db);
  expect(schema).toMatchObject({ version: { user_version: schemaVersion } });
  db.run("INSERT INTO names (text) VALUES ('kept')");
  migrate(db);
  expect(schemaOf(db)).toEqual(schema);
  expect(db.query("SELECT text FROM names").values()).toEqual([["kept"]]);
  db.close();
});

/** Runs a script in a process that kills itself at its end, without closing anything. */
async function runAndDie(script: string): Promise<void> {
  const child = Bun.spawn(
    [process.execPath, "-e", `${script}; process.kill(process.pid, "SIGKILL")`],
    { stdout: "ignore", stderr: "pipe" },
  );
  await child.exited;
  expect([child.signalCode, await new Response(child.stderr).text()]).toEqual(["SIGKILL", ""]);
}

const opening = `
  const { Database } = require("bun:sqlite");
  const db = new Database(${"PATH"}, { create: true });
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  db.run("PRAGMA application_id = ${applicationId}");
  db.run("PRAGMA journal_mode = WAL");`;

test("a migration that was killed after half of its statements goes on at the next start", async () => {
  const sql = await Bun.file(firstMigration).text();
  const statements = sql.split(";\n").slice(0, -1);
  expect(statements.length).toBeGreaterThan(6);
  for (const count of [1, Math.floor(statements.length / 2), statements.length]) {
    rmSync(path, { force: true });
    const half = JSON.stringify(`BEGIN IMMEDIATE; ${statements.slice(0, count).join(";\n")};`);
    await runAndDie(`${opening.replace("PATH", JSON.stringify(path))} db.run(${half})`);
    const db = openWriter(path, "process");
    expect(schemaOf(db)).toEqual(schemaOfFresh());
    db.close();
  }
});

test("a migration that fails leaves nothing of itself, and no data is lost", () => {
  const db = new Database(path, { create: true });
  db.run(`PRAGMA application_id = ${applicationId}`);
  // In the way of a later statement of the first migration.
  db.run("CREATE TABLE payloads (mine)");
  db.run("INSERT INTO payloads VALUES ('kept')");
  const before = schemaOf(db);
  db.close();
  expect(() => openWriter(path, "process")).toThrow(
    expect.objectContaining({ code: "store_unusable" }),
  );
  const after = new Database(path);
  expect(schemaOf(after)).toEqual(before);
  expect(after.query("SELECT mine FROM payloads").values()).toEqual([["kept"]]);
  after.close();
});
