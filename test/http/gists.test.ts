/** What spans did, in a few words each, over HTTP. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TraceColumns } from "../../src/query/columns.ts";
import type { Gists } from "../../src/query/gists.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
let keys: Map<string, number>;

const said = (...content: unknown[]) => JSON.stringify([{ role: "assistant", content }]);
const text = (words: string) => ({ type: "text", text: words });
const use = (name: string, input: unknown) => ({ type: "tool_use", id: "1", name, input });

/** By its id what a span was sent or wrote, and what is told of it. */
const spans: Record<string, { sent: Record<string, unknown>; told: Partial<Gists["gists"][0]> }> = {
  command: {
    sent: { spanType: "tool", name: "bash", input: '{"timeout":5,"command":"ls  -la\\n/tmp"}' },
    told: { text: "ls -la /tmp" },
  },
  path: {
    sent: { spanType: "tool", name: "write", input: '{"content":"x","file_path":"a/b.ts"}' },
    told: { text: "a/b.ts" },
  },
  other: {
    sent: { spanType: "tool", name: "note", input: '{"count":3,"title":"first short text"}' },
    told: { text: "first short text" },
  },
  bare: { sent: { spanType: "tool", name: "grep" }, told: { text: null } },
  words: {
    sent: { output: said(text("Let me\nlook at it."), use("bash", { command: "ls" })) },
    told: { text: "Let me look at it." },
  },
  call: {
    sent: { output: said(use("bash", { command: "ls" }), use("read", { path: "x" })) },
    told: { text: "bash ls", isCall: true },
  },
  silent: { sent: {}, told: { text: null } },
  agent: {
    sent: { spanType: "agent", input: '[{"role":"user","content":"Fix the test"}]' },
    told: { text: "Fix the test" },
  },
  embedding: { sent: { spanType: "embedding", input: "a text" }, told: { text: null } },
};

beforeAll(async () => {
  server = await startServer();
  const sent = Object.entries(spans).map(([spanId, { sent }]) =>
    makeSpan({ spanId, input: undefined, output: undefined, ...sent }),
  );
  expect((await server.ingest(makePayload({ spans: sent }))).status).toBe(202);
  expect((await server.ingest(makePayload({ traceId: "trace-2" }))).status).toBe(202);
  const columns = (await (
    await server.api("/api/traces/trace-1?format=columns")
  ).json()) as TraceColumns;
  keys = new Map(columns.columns.spanId.map((id, row) => [id, columns.columns.key[row]!]));
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const ask = (trace: string, spans: string) =>
  server.api(`/api/traces/${trace}/gists?spans=${spans}`);

describe("the gist of a span", () => {
  test.each(Object.entries(spans))("%s", async (spanId, { told }) => {
    const key = keys.get(spanId)!;
    const { gists } = (await (await ask("trace-1", String(key))).json()) as Gists;
    expect(gists).toEqual([{ key, text: null, ...told }]);
  });
});

test("many are answered at once, in the order of their keys, and those of other traces are not", async () => {
  const wanted = [...keys.values()];
  const list = [...wanted.toReversed(), 1, 2 ** 50].join();
  const { gists } = (await (await ask("trace-1", list)).json()) as Gists;
  expect(gists.map(({ key }) => key)).toEqual(wanted.toSorted((a, b) => a - b));
  const others = (await (await ask("trace-2", list)).json()) as Gists;
  expect(others.gists).toEqual([]);
});

test("what is no list of keys, or too long a one, is refused, and an unknown trace is not found", async () => {
  for (const list of ["", "a", "1,", "1,,2", Array(201).fill("1").join()]) {
    expect((await ask("trace-1", list)).status).toBe(400);
  }
  expect((await ask("nothing", "1")).status).toBe(404);
});
