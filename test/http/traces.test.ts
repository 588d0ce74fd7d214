import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
const startTime = Date.now() - 3 * 3_600_000;

async function get(path: string, query: Record<string, string> = {}): Promise<any> {
  const answer = await server.api(`${path}?${new URLSearchParams(query)}`);
  const body = await answer.json();
  return { status: answer.status, ...(body as object) };
}

async function list(query: Record<string, string>): Promise<string[]> {
  const { status, traces } = await get("/api/traces", query);
  expect(status).toBe(200);
  return traces.map(({ traceId }: { traceId: string }) => traceId);
}

beforeAll(async () => {
  server = await startServer();
  const traces = [0, 1, 2, 3].map((i) => ({
    traceId: `t${i}`,
    agentName: i < 2 ? "coder" : "reviewer of texts",
    metadata: { env: i % 2 ? "prod" : "dev" },
    spans: [
      makeSpan({
        spanId: "a",
        startTime: startTime + i * 3_600_000,
        endTime: startTime + i * 3_600_000 + 1000 * (4 - i),
        modelId: "gpt-4o",
        provider: "openai",
        ...(i === 1 && { status: "error", errorMessage: "Rate limit" }),
        ...(i < 3 && { usage: { inputTokens: 1000 * i, outputTokens: 10, totalTokens: 1000 * i } }),
      }),
    ],
  }));
  const answer = await server.ingest({ version: "v1", traces });
  expect(answer.status).toBe(202);
});
afterAll(() => server[Symbol.asyncDispose]());

describe("GET /api/traces", () => {
  test("lists what a filter fits", async () => {
    expect(await list({ filter: "status:error" })).toEqual(["t1"]);
    expect(await list({ filter: 'agent:"reviewer of texts" -meta.env:prod' })).toEqual(["t2"]);
    expect(await list({ filter: "model:gpt* tokens:>=1k" })).toEqual(["t2", "t1"]);
    expect(await list({ filter: '"rate LIMIT"' })).toEqual(["t1"]);
    expect(await list({ filter: "" })).toEqual(["t3", "t2", "t1", "t0"]);
  });

  test("sorts by what is asked for, the unknown last", async () => {
    expect(await list({ sort: "-startTime" })).toEqual(["t0", "t1", "t2", "t3"]);
    expect(await list({ sort: "duration" })).toEqual(["t0", "t1", "t2", "t3"]);
    expect(await list({ sort: "tokens" })).toEqual(["t2", "t1", "t0", "t3"]);
    expect(await list({ sort: "-tokens" })).toEqual(["t0", "t1", "t2", "t3"]);
    expect(await list({ sort: "cost", filter: "has:cost" })).toEqual(["t2", "t1", "t0"]);
  });

  test("takes times ago in the query and in the filter", async () => {
    expect(await list({ since: "90m" })).toEqual(["t3", "t2"]);
    expect(await list({ until: "now-90m" })).toEqual(["t1", "t0"]);
    expect(await list({ filter: "since:150m until:30m" })).toEqual(["t2", "t1"]);
  });

  test("goes on at a cursor with the same question alone", async () => {
    const query = { limit: "1", since: "1d", sort: "duration" };
    const first = await get("/api/traces", query);
    expect(first).toMatchObject({ partial: false, traces: [{ traceId: "t0" }] });
    const cursor = first.nextCursor;
    expect(await list({ ...query, limit: "2", cursor })).toEqual(["t1", "t2"]);
    for (const other of [{ sort: "cost" }, { filter: "agent:coder" }, { since: "2d" }]) {
      const answer = await get("/api/traces", { ...query, ...other, cursor });
      expect(answer).toMatchObject({
        status: 400,
        code: "bad_request",
        error: "the cursor belongs to another query",
      });
    }
    expect(await get("/api/traces", { cursor: "bm9uc2Vuc2U" })).toMatchObject({
      status: 400,
      error: "invalid cursor",
    });
  });

  test.each([
    ["filter", "statsu:error", { position: 0, length: 6 }, "did you mean status?"],
    ["filter", "model:x duration:>5parsecs", { position: 18, length: 8 }, "ms, s, m, h, d, w"],
    ["since", "yesterday", {}, "15m"],
    ["sort", "size", {}, ""],
  ])("refuses %s=%s and says where", async (name, value, place, hint) => {
    const answer = await get("/api/traces", { [name]: value });
    expect(answer).toMatchObject({ status: 400, code: "bad_request", ...place });
    expect(answer.hint).toContain(hint);
  });
});

describe("GET /api/complete", () => {
  const texts = async (query: Record<string, string>) => {
    const { status, items } = await get("/api/complete", query);
    expect(status).toBe(200);
    return items.map(({ insert }: { insert: string }) => insert);
  };

  test("completes keys, also behind a minus and in the middle", async () => {
    expect(await texts({ filter: "-stat" })).toEqual(["status:"]);
    const filter = "status:error mod agent:x";
    expect(await get("/api/complete", { filter, position: "16" })).toMatchObject({
      position: 13,
      length: 3,
      items: [{ insert: "model:", count: null }],
    });
  });

  test("completes choices, metadata and projects", async () => {
    expect(await texts({ filter: "is:s" })).toEqual(["stale"]);
    expect(await texts({ filter: "status:ok" })).toEqual(["ok", "ok-with-errors"]);
    expect(await texts({ filter: "has:err" })).toEqual(["errors", "error"]);
    expect(await texts({ filter: "meta." })).toEqual(["env:"]);
    expect((await texts({ filter: "meta.env:" })).sort()).toEqual(["dev", "prod"]);
    expect(await texts({ filter: "project:" })).toEqual(["default"]);
    expect(await texts({ filter: "nonsense:" })).toEqual([]);
  });

  test("completes what settled traces have, in quotes where it must be", async () => {
    // Settling begins two seconds after the last span.
    while ((await texts({ filter: "agent:" })).length === 0) await Bun.sleep(50);
    const answer = await get("/api/complete", { filter: "status:ok,error agent:coder,REV" });
    expect(answer).toMatchObject({
      position: 28,
      length: 3,
      partial: false,
      items: [
        {
          text: "reviewer of texts",
          insert: '"reviewer of texts"',
          count: 2,
          isCapped: false,
        },
      ],
    });
    expect(await get("/api/complete", { filter: "model:", project: "nobody" })).toMatchObject({
      status: 404,
    });
  });
});
