import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { nextStall, timed, type Stall } from "../../src/ingest/stalls.ts";
import { stallMs } from "../../src/limits.ts";
import { homeFiles } from "../../src/store/home.ts";
import { makePayload, makeTempDir } from "../helpers.ts";
import { spawnServer } from "../server.process.ts";

const long = () => Bun.sleepSync(stallMs + 50);

/** All that were noted since the last look. */
async function noted(): Promise<Stall[]> {
  timed("the end", long);
  const stalls: Stall[] = [];
  for (let stall = await nextStall(); stall.what !== "the end"; stall = await nextStall()) {
    stalls.push(stall);
  }
  return stalls;
}

test("work that takes long is noted with its name, and other work is not", async () => {
  expect(timed("short", () => 1)).toBe(1);
  expect(
    timed(
      () => `commit of ${2} spans`,
      () => (long(), 2),
    ),
  ).toBe(2);
  const stalls = await noted();
  expect(stalls).toEqual([{ what: "commit of 2 spans", tookMs: expect.any(Number) }]);
  expect(stalls[0]!.tookMs).toBeGreaterThanOrEqual(stallMs);
});

test("of work within work the one that took the time is noted, once", async () => {
  timed("settling", () => {
    timed("commit of 1 span", long);
    timed("something else", () => {});
  });
  expect((await noted()).map(({ what }) => what)).toEqual(["commit of 1 span"]);
});

test("work that fails is noted, too, for who asked before", async () => {
  const next = nextStall();
  const failing = () => {
    long();
    throw new Error("full");
  };
  expect(() => timed("packing", failing)).toThrow("full");
  expect((await next).what).toBe("packing");
});

test("a server logs a stall of its writer and counts it", async () => {
  const dir = makeTempDir();
  const server = await spawnServer(dir);
  try {
    const other = new Database(homeFiles(dir).storePath);
    other.run("BEGIN IMMEDIATE");
    const posted = fetch(`${server.url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.key}` },
      body: JSON.stringify(makePayload()),
    });
    // The writer waits for the other's lock from some moment on.
    await Bun.sleep(3 * stallMs);
    other.run("ROLLBACK");
    other.close();
    expect((await posted).status).toBe(202);
    const headers = { authorization: `Bearer ${server.token}` };
    const { stalls } = (await (await fetch(`${server.url}/api/status`, { headers })).json()) as {
      stalls: number;
    };
    expect(stalls).toBeGreaterThan(0);
    server.signal("SIGTERM");
    expect(await server.log).toMatch(/the writer was busy for \d+ ms","with":"[a-z]/);
  } finally {
    await server[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  }
});
