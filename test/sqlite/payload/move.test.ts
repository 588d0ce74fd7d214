/** Stores of the first version, whose payloads stand as plain text in a table of their own. */
import { Database } from "bun:sqlite";
import { afterEach, beforeEach, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import type { SpanView } from "../../../src/backend/views.ts";
import type { Payloads } from "../../../src/contract/fields.ts";
import { toCell } from "../../../src/sqlite/db/cells.ts";
import { createMover } from "../../../src/sqlite/payload/move.ts";
import { makeTempDir, startServer } from "../../helpers.ts";
import { problemsOf } from "../invariants.ts";
import { Workbench } from "../workbench.ts";

const firstSchema = join(import.meta.dir, "../../../src/sqlite/db/migrations/0001_init.sql");
const fields = ["input", "output", "toolCatalog", "sources", "attributes"] as const;

const say = (what: string) => JSON.stringify({ role: "user", content: `${what} `.repeat(20) });
const history = (count: number) => `[${Array.from({ length: count }, (_, i) => say(`${i}`))}]`;

const spanCount = 600;
function textsOf(i: number): Payloads {
  if (i % 50 === 7) return {};
  return {
    input: history(1 + (i % 40)),
    // Large and random, so that the move takes many steps.
    output: i % 3 === 0 ? randomText(i) : `short ${i}`,
    ...(i % 20 === 3 && { sources: `\ud800 lone ${i}`, attributes: "" }),
  };
}
const noise = randomBytes(20_000).toString("base64");
const randomText = (i: number) => `${i} ${noise.slice(i * 10)}`;

async function makeFirstStore(path: string): Promise<void> {
  const db = new Database(path, { create: true });
  db.run("PRAGMA auto_vacuum = INCREMENTAL");
  db.run(`PRAGMA application_id = ${0x5465614c}`);
  db.run("PRAGMA journal_mode = WAL");
  db.run(await Bun.file(firstSchema).text());
  db.run("PRAGMA user_version = 1");
  db.run("INSERT INTO projects (name, createdAt) VALUES ('default', 0)");
  db.run("INSERT INTO names (text) VALUES ('chat')");
  db.run(`INSERT INTO headers (hash, json) VALUES (x'00', '{"traceName":"old"}')`);
  db.run(
    `INSERT INTO traces (key, projectId, traceId, source, receivedAt, lastReceivedAt, startTime,
       endTime, status, rootCount, spanCount, llmCount, toolCount, errorCount, models, traceName)
     VALUES (1, 1, 'old', 'foglamp', 1, 1, 0, 1, 'ok', 1, ?, 0, 0, 0, '[]', 'old')`,
    [spanCount],
  );
  const insertSpan = db.query(
    `INSERT INTO spans (key, spanId, spanType, startTime, durationMs, receivedAt, sourceId, headerId, nameId)
     VALUES (?, ?, 1, 0, 1, 1, 1, 1, 1)`,
  );
  const insertTexts = db.query(`INSERT INTO payloads VALUES (?, ?, ?, ?, ?, ?)`);
  db.transaction(() => {
    for (let i = 0; i < spanCount; i++) {
      insertSpan.run(2 ** 24 + i, `s${i}`);
      const texts = textsOf(i);
      const cells = fields.map((field) => {
        const text = texts[field];
        return text === undefined ? null : toCell(text);
      });
      if (cells.some((cell) => cell !== null)) insertTexts.run(2 ** 24 + i, ...cells);
    }
    // Of a trace that was deleted.
    insertTexts.run(7 * 2 ** 24, "gone", null, null, null, null);
  })();
  db.close();
}

class OldStore extends Workbench {
  static async make(): Promise<OldStore> {
    const bench = new OldStore();
    bench.db.close();
    for (const end of ["", "-wal", "-shm"]) rmSync(bench.path + end, { force: true });
    await makeFirstStore(bench.path);
    bench.open();
    return bench;
  }

  get hasTable(): boolean {
    return this.count("sqlite_master WHERE name = 'payloads'") > 0;
  }
}

const all = () =>
  Object.fromEntries(Array.from({ length: spanCount }, (_, i) => [`s${i}`, textsOf(i)]));

test("an old store reads exactly before, while and after its texts are moved", async () => {
  using bench = await OldStore.make();
  expect(bench.read("old")).toStrictEqual(all());
  const step = createMover(bench.db, bench.payloads);
  let steps = 0;
  while (bench.transact(step)) {
    if (++steps % 5 === 0) expect(bench.read("old")).toStrictEqual(all());
  }
  expect(steps).toBeGreaterThan(5);
  expect(bench.read("old")).toStrictEqual(all());
  expect([bench.hasTable, bench.count("payloads")]).toEqual([true, 0]);
  const before = bench.fileSize();
  bench.reopen();
  expect(bench.hasTable).toBe(false);
  await bench.settle();
  expect(bench.fileSize()).toBeLessThan(before);
  expect(bench.read("old")).toStrictEqual(all());
  expect(problemsOf(bench.db, true)).toEqual([]);
});

test("a move that was interrupted goes on where it was", async () => {
  using bench = await OldStore.make();
  for (let round = 0; bench.hasTable; round++) {
    const step = createMover(bench.db, bench.payloads);
    for (let i = 0; i < 3 && bench.transact(step); i++);
    // What a death takes with it.
    const undone = () =>
      bench.transact(() => {
        step();
        throw new Error("undone");
      });
    expect(undone).toThrow("undone");
    bench.reopen();
    expect(bench.read("old")).toStrictEqual(all());
    expect(round).toBeLessThan(100);
  }
  expect(problemsOf(bench.db, true)).toEqual([]);
});

test("a span that is sent again before it is moved keeps what it was sent with last", async () => {
  using bench = await OldStore.make();
  const again = (i: number) => ({ ...textsOf(i), endTime: 2, output: "new" });
  bench.store("old", { s0: again(0), s1: { endTime: 2 }, s2: { ...textsOf(2), endTime: 0 } });
  const step = createMover(bench.db, bench.payloads);
  while (bench.transact(step));
  expect(bench.read("old")).toStrictEqual({
    ...all(),
    s0: { ...textsOf(0), output: "new" },
    s1: {},
  });
});

let dataDir: string;
beforeEach(() => {
  dataDir = makeTempDir();
});
afterEach(() => rmSync(dataDir, { recursive: true, force: true }));

test("a server answers from an old store at once, moves it and gives the space back", async () => {
  mkdirSync(dataDir, { recursive: true, mode: 0o700 });
  const path = join(dataDir, "tealight.db");
  await makeFirstStore(path);
  const before = statSync(path).size;
  const server = await startServer({ dataDir });
  const spans = async () => {
    for (const i of [0, 3, 7, 599]) {
      const view = (await (await server.api(`/api/traces/old/spans/s${i}`)).json()) as SpanView;
      expect(view.output).toBe(textsOf(i).output!);
      expect(view.input).toBe(textsOf(i).input!);
    }
  };
  await spans();
  const db = new Database(path, { readonly: true });
  const left = () => db.query("SELECT count(*) AS n FROM payloads").get() as { n: number };
  while (left().n > 0) await Bun.sleep(10);
  await spans();
  while (statSync(path).size > before / 2) await Bun.sleep(10);
  db.close();
  await server.stop();
});
