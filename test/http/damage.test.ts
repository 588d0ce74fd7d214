/** What a server says of damage in its store. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cpSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Status } from "../../src/http/server.ts";
import { makePayload, makeSpan, makeTempDir, startServer, type TestServer } from "../helpers.ts";

const words = (seed: string) =>
  Array.from({ length: 400 }, (_, i) => Bun.hash(`${seed} ${i}`).toString(36)).join(" ");

const damageOf = async (server: TestServer) =>
  ((await (await server.api("/api/status")).json()) as Status).damage;

async function until(isDone: () => Promise<boolean>): Promise<void> {
  while (!(await isDone())) await Bun.sleep(20);
}

test("damaged texts are counted once each, and an export says so beside its document", async () => {
  const first = await startServer();
  const spans = ["a", "b"].map((spanId) => makeSpan({ spanId, input: words(spanId), output: "o" }));
  expect((await first.ingest(makePayload({ spans }))).status).toBe(202);
  expect(await damageOf(first)).toEqual({ count: 0, check: null });
  await first.stop();
  const db = new Database(join(first.dataDir, "tealight.db"));
  db.run("UPDATE blocks SET data = x'00'");
  db.close();

  await using server = await startServer({ dataDir: first.dataDir });
  for (let i = 0; i < 2; i++) {
    for (const format of ["json", "jsonl"]) {
      const answer = await server.api(`/api/traces/trace-1/export?format=${format}`);
      expect(answer.headers.get("x-tealight-damaged-texts")).toBe("2");
      const { traces } = JSON.parse(await answer.text());
      expect(traces[0].spans.map(({ output }: { output: string }) => output)).toEqual(["o", "o"]);
    }
  }
  // Besides, they cannot be searched.
  expect((await damageOf(server)).count).toBeOneOf([2, 3]);
});

test("a store that was not closed is looked through at the next start, and what is found is said", async () => {
  const first = await startServer();
  expect((await first.ingest(makePayload())).status).toBe(202);
  const killed = makeTempDir();
  cpSync(first.dataDir, killed, { recursive: true });
  rmSync(join(killed, "server.json"), { force: true });
  await first.stop();
  rmSync(first.dataDir, { recursive: true });

  const whole = await startServer({ dataDir: killed });
  await until(async () => (await damageOf(whole)).check?.finishedAt != null);
  expect((await damageOf(whole)).check?.problems).toEqual([]);
  await whole.stop();

  // A table whose first page is junk, and a log that stayed.
  const db = new Database(join(killed, "tealight.db"));
  const [table] = db
    .query<{ rootpage: number }, []>("SELECT rootpage FROM sqlite_master WHERE name = 'rejects'")
    .all();
  db.run("PRAGMA wal_checkpoint(TRUNCATE)");
  db.close();
  const file = join(killed, "tealight.db");
  const bytes = Buffer.from(await Bun.file(file).arrayBuffer());
  bytes.fill(0x55, (table!.rootpage - 1) * 2048, table!.rootpage * 2048);
  await Bun.write(file, bytes);
  await Bun.write(`${file}-wal`, "");
  await using damaged = await startServer({ dataDir: killed });
  await until(async () => (await damageOf(damaged)).check?.finishedAt != null);
  const { check } = await damageOf(damaged);
  expect(check!.problems.length).toBeGreaterThan(0);
  expect(check!.problems[0]).not.toContain("\n");
  expect((await damaged.ingest(makePayload({ traceId: "later" }))).status).toBe(202);
});

test.each([
  ["sqlite_master", "the list of its tables"],
  ["projects", "the table projects"],
  ["keys", "the table keys"],
  ["sqlite_autoindex_keys_1", "the table keys"],
  ["settings", "the table settings"],
  ["blocks", "a table that it starts with"],
])(
  "a start that %s keeps from going on says what is damaged, each time, and changes nothing",
  async (name, part) => {
    const first = await startServer();
    expect((await first.ingest(makePayload())).status).toBe(202);
    await first.stop();
    const file = join(first.dataDir, "tealight.db");
    const db = new Database(file, { readonly: true });
    const root = db
      .query<{ rootpage: number }, [string]>("SELECT rootpage FROM sqlite_master WHERE name = ?")
      .get(name);
    db.close();
    const bytes = Buffer.from(await Bun.file(file).arrayBuffer());
    const page = root?.rootpage ?? 1;
    // On the first page a header comes before.
    bytes.fill(0x55, page === 1 ? 100 : (page - 1) * 2048, page * 2048);
    await Bun.write(file, bytes);
    for (let i = 0; i < 2; i++) {
      const refusal = await startServer({ dataDir: first.dataDir }).catch((cause) => cause);
      expect(refusal).toMatchObject({
        code: "store_unusable",
        message: `the store ${file} is damaged: ${part} cannot be read`,
        hint: "restore it from a backup; to begin anew, move it away or choose another --data-dir; the file was left as it is",
      });
      expect(Buffer.from(await Bun.file(file).arrayBuffer()).equals(bytes)).toBe(true);
    }
    rmSync(first.dataDir, { recursive: true });
  },
);

test("a text on a damaged page does not take the others of its trace along", async () => {
  const first = await startServer();
  for (const spanId of ["a", "b", "c"]) {
    const span = makeSpan({ spanId, input: words(spanId) });
    expect((await first.ingest(makePayload({ spans: [span] }))).status).toBe(202);
  }
  await first.stop();
  const file = join(first.dataDir, "tealight.db");
  const db = new Database(file);
  // The second page of the compressed texts of the block.
  const [block] = db.query<{ data: Uint8Array }, []>("SELECT data FROM blocks").all();
  db.close();
  const bytes = Buffer.from(await Bun.file(file).arrayBuffer());
  const at = bytes.indexOf(block!.data.subarray(-64));
  const page = Math.floor(at / 2048);
  bytes.fill(0x55, page * 2048, (page + 1) * 2048);
  await Bun.write(file, bytes);

  await using server = await startServer({ dataDir: first.dataDir });
  const answer = await server.api("/api/traces/trace-1/export");
  expect([answer.status, answer.headers.get("x-tealight-damaged-texts")]).toEqual([200, "3"]);
  const view = await server.api("/api/traces/trace-1/spans/b");
  expect(((await view.json()) as { damaged: string[] }).damaged).toEqual(["input"]);
  expect(server.bugs).toEqual([]);
});
