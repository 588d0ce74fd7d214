import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { migrate, schemaVersion } from "../../../src/sqlite/db/migrate.ts";
import { openWriter } from "../../../src/sqlite/db/open.ts";
import { makeTempDir } from "../../helpers.ts";

const applicationId = 0x5465614c;
const firstMigration = join(import.meta.dir, "../../../src/sqlite/db/migrations/0001_init.sql");

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

/** SHA-256 of each: a store that has a step never takes it again, so a change goes into a new one. */
const hashes: Record<string, string> = {
  "0001_init.sql": "ccd15af8c00d4dbc8142a3ffcc02f4610c385add1aa62828861bbb7973a3d7a5",
  "0002_pieces.sql": "a25d16073a178f3be60addca4722057c31d078ebf7f34b0e7a3d4282d9aff5e7",
  "0003_logs.sql": "e9ae91ca1d7e63593c59210ac232419445df260e858db4e0c69f052bd6d53e58",
  "0004_prices.sql": "cd204cd939a6b849754f606d078b0e36d1010506ea7900b5cad23ef8c5ac3ab8",
  "0005_reading.sql": "6a805f39515585e0ca26b4cad89bc2bb4501af4d38493b5b3ed3944d77292d74",
  "0006_unknown.sql": "bfb53c7e6a602b5a24ea6873f45f3fbd565e5d5a04510aff3c347937fd875076",
  "0007_estimated.sql": "210c14451cf56ea2fd40481ed09eb5af84aab1f898a9a4249fe13f50a655ba6d",
  "0008_calls.sql": "c74a360642beddbdea1ac8463011e62eb13a331f603dd7b9fc088130c18c8973",
  "0009_units.sql": "c2750018d86e5126608a82fefc54a1d73d6731c1ede75720e050ecb5b1129507",
  "0010_internal.sql": "c22be854480c61321960a48dd137b26e3ee6e4eb361c80b1253c251fe2a26a40",
  "0011_texts.sql": "e7a6048071782141351cfe59f0b8eae603737d4e845cd69a0d7a5e48bef207ba",
  "0012_settling.sql": "e9d49ee6de63668804d77d49ba9dbf713366ebf445a941b0aa3cfd3b6220836e",
  "0013_witherrors.sql": "948c93dcca10bdc2e43014fc697901a1b24d4ad779e6d51e331e5b80c4ea2c5d",
  "0014_views.sql": "09ada0c70e069186f218a2dd640866487e07dd0f80dad8c5018bf1c0442ced15",
  "0015_settledstep.sql": "f5a57b2ea4c750b668eb718556dcece3fa96f6a036575b4f0dd7b9e76b099744",
  "0016_tokens.sql": "1b8891ed6824e44f6bc8268285f374b903982aa1ac9df57f4ffb606572530d8a",
  "0017_facetfields.sql": "916803f825d347041081d8ed60102d640edea6fa6d8c12eb865060ea95d71a1c",
};

test("no step changes once it is out, and a new one is entered here", () => {
  const folder = join(import.meta.dir, "../../../src/sqlite/db/migrations");
  const found = readdirSync(folder).map((name) => [
    name,
    new Bun.CryptoHasher("sha256").update(readFileSync(join(folder, name))).digest("hex"),
  ]);
  expect(Object.fromEntries(found)).toEqual(hashes);
  expect(found.length).toBe(schemaVersion);
});
