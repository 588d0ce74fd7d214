import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { readFileSync, rmSync } from "node:fs";
import { type ServerInfo } from "../../src/directory/directory.ts";
import type { Status } from "../../src/http/server.ts";
import { nextStall, timed, type Stall } from "../../src/ingest/stalls.ts";
import { stallMs } from "../../src/limits.ts";
import { storeFiles } from "../../src/sqlite/storage/files.ts";
import { firstLine } from "../faults/faults.ts";
import { makePayload, makeTempDir } from "../helpers.ts";
import { spawnProcess } from "../server.process.ts";

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

test("a server logs a stall of its writer with what it did, and counts it", async () => {
  const dir = makeTempDir();
  const child = spawnProcess(dir);
  let log = "";
  const ended = (async () => {
    const decoder = new TextDecoder();
    for await (const bytes of child.stderr) log += decoder.decode(bytes, { stream: true });
  })();
  try {
    const { url, keyFile, tokenFile } = JSON.parse((await firstLine(child.stdout))!) as ServerInfo;
    const post = () =>
      fetch(`${url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${readFileSync(keyFile, "utf8").trim()}` },
        body: JSON.stringify(makePayload()),
      });
    const other = new Database(storeFiles(dir).storePath);
    other.run("PRAGMA busy_timeout = 5000");
    // Work in the background may be what waits for the lock of the other: then once more.
    while (!log.includes("commit of 1 span")) {
      other.run("BEGIN IMMEDIATE");
      const posted = post();
      await Bun.sleep(1.5 * stallMs);
      other.run("ROLLBACK");
      await posted;
    }
    other.close();
    expect(log).toMatch(/the writer was busy for \d+ ms","with":"commit of 1 span"/);
    const headers = { authorization: `Bearer ${readFileSync(tokenFile, "utf8").trim()}` };
    const { stalls } = (await (await fetch(`${url}/api/status`, { headers })).json()) as Status;
    expect(stalls).toBeGreaterThan(0);
  } finally {
    child.kill("SIGKILL");
    await ended;
    rmSync(dir, { recursive: true, force: true });
  }
});
