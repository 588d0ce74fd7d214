/** What newer clients send is counted: by field and sender, within bounds, across restarts. */
import { afterAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { join } from "node:path";
import { type UnknownNote } from "../../src/backend/store.ts";
import type { Status } from "../../src/http/server.ts";
import { createUnknownCounts } from "../../src/ingest/unknown.ts";
import { largeBodyBytes, unknownFields as limits } from "../../src/limits.ts";
import { listUnknown, recordUnknown } from "../../src/sqlite/accounts/unknown.ts";
import { openWriter } from "../../src/sqlite/db/open.ts";
import { makePayload, makeSpan, makeTempDir, startServer, type TestServer } from "../helpers.ts";
import { spawnServer } from "../server.process.ts";

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

function tempDir(): string {
  const dir = makeTempDir();
  dirs.push(dir);
  return dir;
}

async function countsOf(server: TestServer): Promise<Status["unknownFields"]> {
  const status = (await (await server.api("/api/status")).json()) as Status;
  return status.unknownFields;
}

const told = (counts: Status["unknownFields"]) =>
  counts
    .map(({ keyName, userAgent, object, field, count }) =>
      [keyName, userAgent, `${object}.${field}`, count].join(" "),
    )
    .sort();

describe("fields that a newer client sends", () => {
  test("are counted by their sender once they are stored, and stay counted", async () => {
    const dataDir = tempDir();
    const server = await startServer({ dataDir });
    const sent = makePayload({ env: "prod", spans: ["a", "b"].map((spanId) => newer({ spanId })) });
    const send = (payload: unknown, userAgent: string) =>
      server.ingest(payload, { "user-agent": userAgent });
    const before = Date.now();
    expect((await send(sent, "foglamp/0.11")).status).toBe(202);
    expect((await send(sent, "foglamp/0.11")).status).toBe(202);
    expect((await send(makePayload({}, { costUsd: 1 }), "other")).status).toBe(202);
    const refused = makePayload({ traceId: "" }, { costUsd: 1, refused: true });
    expect((await send(refused, "other")).status).toBe(400);
    const body = JSON.stringify(makePayload({}, { later: 1 }));
    const headers = { "user-agent": "importer" };
    expect((await server.api("/api/import", { method: "POST", body, headers })).status).toBe(202);
    const counts = await countsOf(server);
    expect(told(counts)).toEqual([
      " importer span.later 1",
      "default foglamp/0.11 span.parentSpanid 4",
      "default foglamp/0.11 span.usage.audioTokens 4",
      "default foglamp/0.11 trace.env 2",
      "default other span.costUsd 1",
    ]);
    for (const { lastSeenAt } of counts) expect(lastSeenAt).toBeWithin(before, Date.now() + 1);
    const meant = counts.filter((count) => count.meant !== null);
    expect(meant).toMatchObject([{ field: "parentSpanid", meant: "parentSpanId" }]);
    await server.stop();
    await using again = await startServer({ dataDir });
    expect(await countsOf(again)).toEqual(counts);
  });

  test("are counted in large bodies and compressed ones, too", async () => {
    await using server = await startServer();
    const large = makePayload({ env: "x".repeat(largeBodyBytes) }, { costUsd: 1 });
    expect((await server.ingest(large, { "user-agent": "large" })).status).toBe(202);
    const response = await fetch(`${server.url}/ingest`, {
      method: "POST",
      headers: {
        authorization: `Bearer ${server.key}`,
        "user-agent": "zipped",
        "content-encoding": "gzip",
      },
      body: Bun.gzipSync(JSON.stringify(large)),
    });
    expect(response.status).toBe(202);
    expect(told(await countsOf(server))).toEqual([
      "default large span.costUsd 1",
      "default large trace.env 1",
      "default zipped span.costUsd 1",
      "default zipped trace.env 1",
    ]);
  });

  test("are logged once each, with what was likely meant", async () => {
    await using server = await spawnServer(tempDir());
    const send = () =>
      fetch(`${server.url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}`, "user-agent": "foglamp/0.11" },
        body: JSON.stringify(makePayload({}, { parentSpanid: "p" })),
      });
    const status = () =>
      fetch(`${server.url}/api/status`, { headers: { authorization: `Bearer ${server.token}` } });
    for (let i = 0; i < 3; i++) {
      expect((await send()).status).toBe(202);
      expect((await status()).status).toBe(200);
    }
    server.signal("SIGTERM");
    await server.exited;
    const lines = (await server.log).split("\n").filter((line) => line.includes("parentSpanid"));
    expect(lines.map((line) => JSON.parse(line))).toEqual([
      {
        time: expect.any(String),
        level: "warn",
        message: "a client sends a field that this version does not know, it is kept",
        field: "span.parentSpanid",
        didYouMean: "parentSpanId",
        key: "default",
        userAgent: "foglamp/0.11",
      },
    ]);
  });
});

const newer = (span: object) => makeSpan({ parentSpanid: "p", usage: { audioTokens: 1 }, ...span });

const noteOf = (note: Partial<UnknownNote>): UnknownNote => ({
  keyName: "default",
  userAgent: "sdk",
  object: "span",
  field: "costUsd",
  meant: null,
  count: 1,
  lastSeenAt: 5,
  ...note,
});

const others = { object: null, field: null };

describe("the counts", () => {
  test("have at most 64 fields of a sender, and the others as one", () => {
    const db = openWriter(join(tempDir(), "tealight.db"), "process");
    const fields = Array.from({ length: 70 }, (_, i) => noteOf({ field: `f${i}` }));
    expect(recordUnknown(db, [noteOf({ ...others, count: 2 }), ...fields])).toHaveLength(64);
    expect(recordUnknown(db, [...fields, noteOf({ userAgent: "b" })])).toHaveLength(1);
    const counts = listUnknown(db);
    expect(counts).toHaveLength(66);
    expect(counts).toContainEqual(noteOf({ ...others, count: 2 + 6 + 6 }));
    expect(counts).toContainEqual(noteOf({ field: "f63", count: 2 }));
    db.close();
  });

  test("have at most 100 senders, and the others as one; the API has the newest", () => {
    const db = openWriter(join(tempDir(), "tealight.db"), "process");
    const notes = Array.from({ length: 110 }, (_, i) =>
      ["a", "b", "c", "d"].map((field) =>
        noteOf({ userAgent: `sdk ${i}`, field, lastSeenAt: 1000 + i }),
      ),
    );
    expect(recordUnknown(db, notes.flat())).toHaveLength(4 * limits.senders);
    const [first, ...rest] = listUnknown(db);
    const nobody = { keyName: null, userAgent: null, ...others };
    expect(first).toEqual(noteOf({ ...nobody, count: 40, lastSeenAt: 1109 }));
    expect(rest).toHaveLength(limits.shown - 1);
    db.close();
  });

  test("between two writes are one for each field and sender, and never too many", () => {
    const counts = createUnknownCounts();
    const client = { keyName: "k", userAgent: null };
    const field = (name: string) => ({ object: "span" as const, field: name, meant: null });
    counts.note(client, [{ ...field("a"), count: 2 }], 1);
    counts.note(client, [{ ...field("a"), count: 3 }], 2);
    expect(counts.take()).toEqual([{ ...client, ...field("a"), count: 5, lastSeenAt: 2 }]);
    for (let i = 0; i < 5000; i++) counts.note(client, [{ ...field(`${i}`), count: 1 }], i);
    counts.note(client, [{ ...field("0"), count: 1 }], 6000);
    const notes = counts.take();
    expect(notes[0]).toEqual({ ...client, ...field("0"), count: 2, lastSeenAt: 6000 });
    expect(notes.length).toBeLessThanOrEqual(1001);
    expect(notes.reduce((sum, { count }) => sum + count, 0)).toBe(5001);
    expect(counts.take()).toEqual([]);
  });
});
