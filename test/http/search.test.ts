import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
const startTime = Date.UTC(2026, 5, 1, 12);
const history = [
  { role: "system", content: `You are a careful agent. ${"Be brief. ".repeat(20)}` },
  { role: "user", content: 'Where does the "Zebrafish" log go?\nLook in C:\\logs' },
];
const answer = {
  role: "assistant",
  content: "In 日本語 folders 🦓🐟, mostly under /var/log/zebra.",
};

async function ingest(trace: Record<string, unknown>): Promise<void> {
  const response = await server.ingest({ version: "v1", traces: [trace] });
  expect(response.status).toBe(202);
}

async function get(path: string): Promise<any> {
  const response = await server.api(path);
  return { status: response.status, ...((await response.json()) as object) };
}

const find = (q: string, more = "") => get(`/api/search?q=${encodeURIComponent(q)}${more}`);

beforeAll(async () => {
  server = await startServer();
  await ingest({
    traceId: "first",
    agentName: "finder",
    sessionId: "session-77",
    spans: [
      makeSpan({
        spanId: "late",
        startTime: startTime + 10,
        endTime: startTime + 20,
        input: JSON.stringify([...history, answer, { role: "user", content: "Thanks." }]),
        output: "You are welcome.",
      }),
      makeSpan({
        spanId: "early",
        startTime,
        endTime: startTime + 5,
        input: JSON.stringify(history),
        output: JSON.stringify(answer),
      }),
      makeSpan({
        spanId: "tool",
        spanType: "tool",
        name: "grep_files",
        startTime: startTime + 6,
        endTime: startTime + 7,
        status: "error",
        errorMessage: "ENOENT: no such file",
      }),
    ],
  });
  await ingest({
    traceId: "second",
    agentName: "helper",
    spans: [
      makeSpan({
        startTime: startTime + 1000,
        endTime: startTime + 1001,
        input: JSON.stringify([history[0], { role: "user", content: "Zebrafish again" }]),
      }),
    ],
  });
});
afterAll(() => server[Symbol.asyncDispose]());

describe("GET /api/search", () => {
  test("finds a message at the first span that has it, the newest trace first", async () => {
    const { hits, nextCursor, partial } = await find("zebrafish");
    expect({ nextCursor, partial }).toEqual({ nextCursor: null, partial: false });
    expect(hits.map((hit: any) => [hit.traceId, hit.spanId, hit.field, hit.message])).toEqual([
      ["second", "span-1", "input", 1],
      ["first", "early", "input", 1],
    ]);
    expect(hits[1]).toMatchObject({
      project: "default",
      traceName: "finder",
      startTime,
      spanName: "chat",
      spanType: "llm",
    });
    const { snippet, highlights } = hits[1];
    expect(snippet).toContain('Where does the "Zebrafish" log go? Look in C:\\logs');
    expect(highlights.map(([at, length]: number[]) => snippet.slice(at, at! + length!))).toEqual([
      "Zebrafish",
    ]);
  });

  test("wants all words, and a phrase as it stands, in one message", async () => {
    expect((await find("zebrafish thanks")).hits).toEqual([]);
    expect((await find("LOG where")).hits).toHaveLength(1);
    expect((await find('"log go"')).hits).toHaveLength(1);
    expect((await find('"go log"')).hits).toEqual([]);
    expect((await find('"\\"Zebrafish\\" log"')).hits).toHaveLength(1);
    expect((await find('"C:\\\\logs"')).hits).toHaveLength(1);
  });

  test("finds one and two characters, other scripts, emoji, parts of words", async () => {
    for (const q of ["日", "日本", "日本語", "🦓", "🦓🐟", "/var/log", "ebr 語", "C:"]) {
      expect([q, (await find(q, "&filter=trace:first")).hits.length > 0]).toEqual([q, true]);
    }
    expect((await find("語日")).hits).toEqual([]);
  });

  test("finds names, errors and ids", async () => {
    const fields = async (q: string) =>
      (await find(q)).hits.map((hit: any) => [hit.field, hit.spanId, hit.message]);
    expect(await fields("grep_f")).toEqual([["name", "tool", null]]);
    expect(await fields("enoent file")).toEqual([["error", "tool", null]]);
    expect(await fields("session-77")).toEqual([["id", "early", null]]);
    expect(await fields("finder")).toEqual([["name", "early", null]]);
  });

  test("shows once what many spans carry, in each trace that has it", async () => {
    const { hits } = await find("careful");
    expect(hits.map((hit: any) => [hit.traceId, hit.spanId])).toEqual([
      ["second", "span-1"],
      ["first", "early"],
    ]);
  });

  test("looks only where filter, project and time say", async () => {
    const ids = async (more: string) =>
      (await find("careful", more)).hits.map((h: any) => h.traceId);
    expect(await ids("&filter=status:error")).toEqual(["first"]);
    expect(await ids(`&since=${startTime + 1}`)).toEqual(["second"]);
    expect(await ids(`&until=${startTime + 1}`)).toEqual(["first"]);
    expect(await ids("&project=default")).toHaveLength(2);
    expect((await find("careful", "&project=nowhere")).status).toBe(404);
    expect((await find("careful", "&filter=nokey:x")).status).toBe(400);
  });

  test("goes on at the cursor without a gap or a double", async () => {
    const all = (await find("e", "&limit=500")).hits;
    const paged: any[] = [];
    for (let cursor = ""; ;) {
      const { hits, nextCursor } = await find("e", `&limit=2${cursor}`);
      expect(hits.length).toBeWithin(0, 3);
      paged.push(...hits);
      if (nextCursor === null) break;
      cursor = `&cursor=${nextCursor}`;
    }
    expect(all.length).toBeGreaterThan(5);
    expect(paged).toEqual(all);
    const { nextCursor } = await find("e", "&limit=2");
    expect((await find("a", `&cursor=${nextCursor}`)).status).toBe(400);
    expect((await find("e", "&cursor=nonsense")).status).toBe(400);
  });

  test("refuses what says nothing", async () => {
    for (const q of ["", " ", '""']) expect((await find(q)).status).toBe(400);
    expect((await get("/api/search")).status).toBe(400);
    expect((await find("x".repeat(1001))).status).toBe(400);
  });
});

test("one trace is searched in the order of its spans", async () => {
  const { hits } = await get("/api/traces/first/search?q=zebra");
  expect(hits.map((hit: any) => [hit.spanId, hit.field])).toEqual([
    ["early", "input"],
    ["early", "output"],
  ]);
  const { nextCursor } = await get("/api/traces/first/search?q=zebra&limit=1");
  const second = await get(`/api/traces/first/search?q=zebra&limit=1&cursor=${nextCursor}`);
  expect(second.hits.map((hit: any) => hit.field)).toEqual(["output"]);
  expect((await get("/api/traces/none/search?q=zebra")).status).toBe(404);
});

test("indexed, deleted, rebuilt: the hits stay right, and nothing is logged as a bug", async () => {
  const status = () => get("/api/search/index");
  const ready = async () => {
    for (;;) {
      const { state, pendingTraces } = await status();
      if (state === "ready" && pendingTraces === 0) return;
      await Bun.sleep(50);
    }
  };
  const before = await find("careful");
  await ready();
  expect(await find("careful")).toEqual(before);
  expect(await status()).toMatchObject({ state: "ready", files: 1, indexedTraces: 2, progress: 1 });
  const response = await server.api("/api/search/rebuild", { method: "POST" });
  expect(response.status).toBe(202);
  expect(await find("careful")).toEqual(before);
  await ready();
  const deleted = await server.api("/api/traces/first", { method: "DELETE" });
  expect(await deleted.json()).toEqual({ deleted: 1 });
  expect((await find("careful")).hits).toEqual(before.hits.slice(0, 1));
  expect((await find("ENOENT")).hits).toEqual([]);
  expect(server.bugs).toEqual([]);
});
