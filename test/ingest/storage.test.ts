/** A real server whose disk is full, or whose data directory is taken away beneath it. */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import {
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { readServerInfo } from "../../src/directory/directory.ts";
import { makePayload, makeTempDir, startServer, type TestServer } from "../helpers.ts";
import { spawnProcess, spawnServer, type ServerProcess } from "../server.process.ts";
import { mountSmallDisk } from "../smalldisk.ts";

type Any = Pick<TestServer | ServerProcess, "url" | "key" | "token">;

function post({ url, key }: Any, spanId: string, more: Record<string, unknown> = {}) {
  return fetch(`${url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${key}` },
    body: JSON.stringify(makePayload({ traceId: spanId }, { spanId, ...more })),
  });
}

async function api<T>({ url, token }: Any, path: string, method = "GET"): Promise<T> {
  const headers = { authorization: `Bearer ${token}` };
  const response = await fetch(`${url}${path}`, { method, headers });
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return (await response.json()) as T;
}

const statusOf = (server: Any) =>
  api<{ storage: string; freeBytes: number | null; spanCount: number }>(server, "/api/status");

/** Sends until the answer is of that status, and returns that answer. */
async function postUntil(server: Any, status: number, more: Record<string, unknown> = {}) {
  for (let i = 0; ; i++) {
    const response = await post(server, `until ${status} ${i}`, more);
    if (response.status === status) return response;
    await Bun.sleep(20);
  }
}

async function until(isDone: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await isDone())) await Bun.sleep(20);
}

async function expectUnavailable(response: Response): Promise<void> {
  expect([response.status, response.headers.get("retry-after")]).toEqual([503, "10"]);
  const { hint, ...body } = (await response.json()) as { hint?: string };
  expect(body).toEqual({ error: "ingest buffer full", code: "storage_unavailable" } as object);
  expect(hint).toBeString();
}

test("below the least free space spans are refused over every protocol, reading and deleting go on", async () => {
  const before = await startServer();
  expect((await post(before, "kept")).status).toBe(202);
  expect((await post(before, "deleted")).status).toBe(202);
  await before.stop();
  await using server = await startServer({ dataDir: before.dataDir, minFreeDisk: 2 ** 50 });
  await expectUnavailable(await postUntil(server, 503));
  const otlp = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: "{}",
  });
  expect([otlp.status, otlp.headers.get("retry-after")]).toEqual([503, "10"]);
  expect(await otlp.json()).toMatchObject({ code: 14 });
  expect(await api<object>(server, "/api/traces/deleted", "DELETE")).toEqual({ deleted: 1 });
  expect(await statusOf(server)).toMatchObject({
    storage: "full",
    freeBytes: expect.any(Number),
    spanCount: 1,
  });
  expect((await fetch(`${server.url}/health`)).status).toBe(200);
  expect(server.bugs).toEqual([]);
});

describe("a data directory that", () => {
  type Change = (dir: string) => void;
  const losses: [what: string, harm: Change, mend: Change | null][] = [
    ["is removed", (dir) => rmSync(dir, { recursive: true }), null],
    [
      "is moved away",
      (dir) => renameSync(dir, `${dir}.away`),
      (dir) => renameSync(`${dir}.away`, dir),
    ],
    [
      "is replaced by a copy of it",
      (dir) => {
        renameSync(dir, `${dir}.away`);
        cpSync(`${dir}.away`, dir, { recursive: true });
      },
      (dir) => {
        rmSync(dir, { recursive: true });
        renameSync(`${dir}.away`, dir);
      },
    ],
    ["loses its store", (dir) => rmSync(join(dir, "tealight.db")), null],
    [
      "has another store put in",
      (dir) => {
        renameSync(join(dir, "tealight.db"), join(dir, "away.db"));
        writeFileSync(join(dir, "tealight.db"), "");
      },
      (dir) => renameSync(join(dir, "away.db"), join(dir, "tealight.db")),
    ],
    ["loses the store's log", (dir) => rmSync(join(dir, "tealight.db-wal")), null],
  ];

  test.each(losses)("%s: spans are refused, reading goes on", async (_, harm, mend) => {
    const server = await startServer();
    try {
      expect((await post(server, "before")).status).toBe(202);
      // Both readers have the store open by then: a new one would open what is there instead.
      expect(await statusOf(server)).toMatchObject({ storage: "ok", spanCount: 1 });
      await api(server, "/api/search/index");
      harm(server.dataDir);
      await expectUnavailable(await postUntil(server, 503));
      expect((await post(server, "later")).status).toBe(503);
      const deleted = await server.api("/api/traces/before", { method: "DELETE" });
      expect(deleted.status).toBe(503);
      expect(await statusOf(server)).toMatchObject({ storage: "gone", freeBytes: null });
      expect(await api<object>(server, "/api/traces/before")).toMatchObject({
        trace: { spanCount: 1 },
      });
      if (mend) {
        mend(server.dataDir);
        await postUntil(server, 202);
        expect((await post(server, "after")).status).toBe(202);
        expect(await statusOf(server)).toMatchObject({ storage: "ok" });
      }
      await server.stop();
      // Only the line that says what happened.
      expect(server.bugs).toHaveLength(1);
      expect(server.bugs[0]).toContain("nothing is stored until");
      if (mend) {
        const db = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
        expect(db.query("SELECT spanId FROM spans WHERE spanId = 'after'").all()).toHaveLength(1);
        db.close();
      }
    } finally {
      await server.stop();
      for (const dir of [server.dataDir, `${server.dataDir}.away`])
        rmSync(dir, { recursive: true, force: true });
    }
  });

  test("loses the store's log alone loses nothing, where the server then ends in order", async () => {
    const server = await startServer();
    const sent = Array.from({ length: 20 }, (_, i) => `span ${i}`);
    for (const id of sent) expect((await post(server, id)).status).toBe(202);
    rmSync(join(server.dataDir, "tealight.db-wal"));
    await postUntil(server, 503);
    await server.stop();
    await using again = await startServer({ dataDir: server.dataDir });
    expect((await statusOf(again)).spanCount).toBeGreaterThanOrEqual(sent.length);
  });

  test("another server took meanwhile stays that server's when the first one ends", async () => {
    const dir = makeTempDir();
    await using first = await spawnServer(dir);
    renameSync(dir, `${dir}.away`);
    await using second = await spawnServer(dir);
    expect((await post(second, "of the second")).status).toBe(202);
    await postUntil(first, 503);
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(existsSync(join(dir, "server.json"))).toBe(true);
    expect((await post(second, "more")).status).toBe(202);
    expect((await statusOf(second)).spanCount).toBe(2);
    for (const path of [dir, `${dir}.away`]) rmSync(path, { recursive: true, force: true });
  });
});

/** Random, since the store compresses. */
const noise = (bytes = 200_000) => ({ input: randomBytes(bytes).toString("base64") });

const disk = mountSmallDisk("64m");
afterAll(() => disk?.[Symbol.dispose]());

describe.skipIf(!disk)("a disk of 64 MiB", () => {
  const ballastBytes = (dir: string) =>
    statSync(join(dir, "ballast"), { throwIfNoEntry: false })?.size ?? 0;

  test("that senders fill: what was acknowledged is there, and deletes make room for more", async () => {
    const dir = join(disk!.dir, "filled by senders");
    await using server = await spawnServer(dir);
    await until(() => ballastBytes(dir) === 8 * 2 ** 20);
    const acknowledged: string[] = [];
    let refusal: Response | null = null;
    for (let i = 0; !refusal; i++) {
      const response = await post(server, `span ${i}`, noise());
      if (response.status === 202) acknowledged.push(`span ${i}`);
      else refusal = response;
    }
    await expectUnavailable(refusal);
    expect(acknowledged.length).toBeGreaterThan(100);
    expect(await statusOf(server)).toMatchObject({
      storage: "full",
      spanCount: acknowledged.length,
    });
    for (const traceId of acknowledged.slice(0, 50)) {
      await api(server, `/api/traces/${encodeURIComponent(traceId)}`, "DELETE");
    }
    await postUntil(server, 202, noise());
    server.signal("SIGTERM");
    expect(await server.exited).toBe(0);
    const log = await server.log;
    expect(log).toContain("is full: new spans are refused");
    expect(log).toContain("can be written again");
    expect(log).not.toContain("bug");
    rmSync(dir, { recursive: true });
  });

  test("that others fill to the last byte: it is read, deleted from, stopped and started, and recovers", async () => {
    const dir = join(disk!.dir, "filled by others");
    await using first = await spawnServer(dir);
    for (let i = 0; i < 40; i++) expect((await post(first, `t${i}`, noise())).status).toBe(202);
    await until(() => ballastBytes(dir) === 8 * 2 ** 20);
    disk!.fill();
    expect(disk!.freeBytes).toBe(0);
    await expectUnavailable(await postUntil(first, 503));
    const { spanCount } = await statusOf(first);
    expect(spanCount).toBeGreaterThanOrEqual(40);
    expect(await api<object>(first, "/api/traces/t7", "DELETE")).toEqual({ deleted: 1 });
    // What was given back is taken away, too.
    disk!.fill();
    await expectUnavailable(await post(first, "none"));
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);
    expect(await first.log).not.toContain("bug");

    rmSync(join(disk!.dir, "filler"));
    await using second = await spawnServer(dir);
    await until(() => ballastBytes(dir) === 8 * 2 ** 20);
    disk!.fill();
    second.signal("SIGTERM");
    expect(await second.exited).toBe(0);
    disk!.fill();
    expect(disk!.freeBytes).toBe(0);
    await using third = await spawnServer(dir);
    expect(existsSync(join(dir, "server.json"))).toBe(true);
    expect((await statusOf(third)).spanCount).toBe(spanCount - 1);
    await expectUnavailable(await postUntil(third, 503));
    rmSync(join(disk!.dir, "filler"));
    await postUntil(third, 202);
    third.signal("SIGTERM");
    expect(await third.exited).toBe(0);
    rmSync(dir, { recursive: true });
  });

  test("without a free byte and without a ballast: after a kill it starts, reads and is found by other commands", async () => {
    const dir = join(disk!.dir, "killed");
    await using first = await spawnServer(dir);
    expect((await post(first, "kept")).status).toBe(202);
    first.signal("SIGKILL");
    await first.exited;
    rmSync(join(dir, "ballast"), { force: true });
    disk!.fill();
    await using second = await spawnServer(dir);
    expect((await statusOf(second)).spanCount).toBe(1);
    await expectUnavailable(await postUntil(second, 503));
    expect(readServerInfo(dir)).toMatchObject({ pid: second.pid, port: second.port });
    second.signal("SIGTERM");
    expect(await second.exited).toBe(0);
    for (const name of readdirSync(disk!.dir)) rmSync(join(disk!.dir, name), { recursive: true });
  });

  test("without a free byte and without a ballast: after an orderly end a start gives up the search index, and without one it says what to do", async () => {
    const dir = join(disk!.dir, "ended");
    await using first = await spawnServer(dir);
    expect((await post(first, "kept")).status).toBe(202);
    const indexes = () => (existsSync(join(dir, "search")) ? readdirSync(join(dir, "search")) : []);
    await until(() => indexes().length > 0);
    first.signal("SIGTERM");
    expect(await first.exited).toBe(0);
    rmSync(join(dir, "ballast"), { force: true });
    disk!.fill();
    await using second = await spawnServer(dir);
    expect((await statusOf(second)).spanCount).toBe(1);
    expect(indexes()).toEqual([]);
    second.signal("SIGTERM");
    expect(await second.exited).toBe(0);

    // What is left of the room is kept for the start that follows, unless someone takes it.
    expect(ballastBytes(dir)).toBeGreaterThan(0);
    rmSync(join(dir, "ballast"));
    disk!.fill();
    const child = spawnProcess(dir);
    const log = child.stderr.text();
    expect(await child.exited).toBe(1);
    expect((await log).trim().split("\n")).toEqual([
      expect.stringMatching(/^tealight: the store .* its disk is full or failing/),
      expect.stringMatching(/^ +hint: free some space/),
    ]);
    for (const name of readdirSync(disk!.dir)) rmSync(join(disk!.dir, name), { recursive: true });
  });

  test("that has no room for a new store says so in one line", async () => {
    disk!.fill();
    const child = spawnProcess(join(disk!.dir, "new"));
    const log = child.stderr.text();
    expect(await child.exited).toBe(1);
    expect((await log).trim().split("\n")).toEqual([
      expect.stringMatching(/^tealight: the (data directory|store) .* \((ENOSPC|SQLITE_\w+)\)$/),
      expect.stringMatching(/^ +hint: its disk is full/),
    ]);
    for (const name of readdirSync(disk!.dir)) rmSync(join(disk!.dir, name), { recursive: true });
  });
});
