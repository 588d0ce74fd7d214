/** Two traces side by side over HTTP. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import type { ComparedPair } from "../../src/query/comparepair.ts";
import type { Comparable, Comparison } from "../../src/query/comparison.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

type Sent = Record<string, unknown>;

async function send(traceId: string, spans: Sent[], trace: Sent = {}): Promise<void> {
  for (let at = 0; at < spans.length; at += 1000) {
    const part = spans.slice(at, at + 1000).map(makeSpan);
    const response = await server.ingest(makePayload({ traceId, ...trace, spans: part }));
    expect(response.status).toBe(202);
  }
}

async function get<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect([path, response.status]).toEqual([path, 200]);
  return (await response.json()) as T;
}

const compare = (a: string, b: string) => get<Comparison>(`/api/compare?a=${a}&b=${b}`);

/** Each row in a few words. */
const shown = ({ rows }: Comparison) =>
  rows.map(({ change, a, b }) => `${change} ${a?.spanId ?? "-"} ${b?.spanId ?? "-"}`);

let clock = 0;
const times = () => ({ startTime: (clock += 10), endTime: clock + 5 });

const tool = (spanId: string, name: string, input: unknown, more: Sent = {}): Sent => ({
  ...{ spanId, name, spanType: "tool", parentSpanId: "root", ...times() },
  input: typeof input === "string" ? input : JSON.stringify(input),
  output: "done",
  ...more,
});
const call = (spanId: string, input: unknown, output: unknown, more: Sent = {}): Sent => ({
  ...{ spanId, name: "chat", parentSpanId: "root", modelId: "m", ...times() },
  input: JSON.stringify(input),
  output: JSON.stringify(output),
  ...more,
});
const root = (more: Sent = {}): Sent => ({
  ...{ spanId: "root", name: "agent", spanType: "agent", startTime: 0, endTime: 100_000 },
  ...more,
});
const user = (content: string) => ({ role: "user", content });
const answer = (content: string) => ({ role: "assistant", content });
const toolCall = (id: string, name: string, args: string) => ({
  role: "assistant",
  tool_calls: [{ id, type: "function", function: { name, arguments: args } }],
});

describe("two traces", () => {
  test("are one table of steps: same, changed, moved, or of one alone", async () => {
    await send("t1", [
      root(),
      tool("read", "read", { file_path: "/a.ts", limit: 10 }),
      tool("list", "bash", { command: "ls -la src" }),
      tool("fetch", "fetch", { url: "https://example.com" }),
      tool("grep", "grep", { pattern: "needle" }),
      tool("only", "search", { query: "weather in Rome" }),
      tool("last", "write", { path: "/b.ts", content: "one" }),
    ]);
    await send("t2", [
      root(),
      tool("grep2", "grep", { pattern: "needle" }),
      tool("read2", "read", { file_path: "/a.ts", limit: 10 }),
      tool("list2", "bash", { command: "ls -la src test" }),
      tool("new", "deploy", { target: "production" }),
      tool(
        "fetch2",
        "fetch",
        { url: "https://example.com" },
        {
          status: "error",
          errorMessage: "refused",
        },
      ),
      tool("last2", "write", { path: "/b.ts", content: "two" }),
    ]);
    const found = await compare("t1", "t2");
    expect(shown(found)).toEqual([
      "same read read2",
      "changed list list2",
      "onlyB - new",
      "changed fetch fetch2",
      "moved grep grep2",
      "onlyA only -",
      "changed last last2",
    ]);
    expect(found.counts).toEqual({ same: 1, changed: 3, onlyA: 1, onlyB: 1, moved: 1 });
    expect(found.rows.map(({ a, b }) => (a ?? b)!.argument)).toEqual([
      "/a.ts",
      "ls -la src",
      "production",
      "https://example.com",
      "needle",
      "weather in Rome",
      "/b.ts",
    ]);
    expect(found.rows[3]!.b).toMatchObject({
      spanType: "tool",
      name: "fetch",
      agent: "agent",
      status: "error",
      errorMessage: "refused",
      durationMs: 5,
    });
    const { counts } = await compare("t2", "t1");
    expect(counts).toEqual({
      ...found.counts,
      onlyA: found.counts.onlyB,
      onlyB: found.counts.onlyA,
    });
  });

  test("are the same although ids, times and the model's place in a name differ", async () => {
    const run = (id: string, model: string) => [
      root(),
      call(`${id}1`, [user("go")], [toolCall(`${id}x`, "bash", "{}")], {
        name: `chat ${model}`,
        modelId: model,
      }),
      tool(`${id}2`, "bash", {}),
      call(
        `${id}3`,
        [
          user("go"),
          toolCall(`${id}x`, "bash", "{}"),
          { role: "tool", tool_call_id: `${id}x`, content: "done" },
        ],
        [answer("ready")],
        { name: `chat ${model}`, modelId: model },
      ),
    ];
    await send("ids1", run("a", "m"));
    await send("ids2", run("b", "m"));
    expect((await compare("ids1", "ids2")).counts).toMatchObject({ same: 3 });
    await send("ids3", run("c", "n"));
    expect(shown(await compare("ids1", "ids3"))).toEqual([
      "changed a1 c1",
      "same a2 c2",
      "changed a3 c3",
    ]);
  });

  test("have agents as containers: who has no steps is one, and repeated calls are left out", async () => {
    await send("agents", [
      root(),
      { spanId: "sub", name: "helper", spanType: "agent", parentSpanId: "root", ...times() },
      tool("inner", "bash", { command: "make" }, { parentSpanId: "sub" }),
      { spanId: "idle", name: "idle", spanType: "agent", parentSpanId: "root", ...times() },
      { spanId: "other", name: "step", spanType: "other", parentSpanId: "root", ...times() },
    ]);
    const { rows } = await compare("agents", "agents");
    expect(rows.map(({ a }) => [a!.spanId, a!.agent])).toEqual([
      ["inner", "helper"],
      ["idle", "agent"],
    ]);
  });

  test("tell what of their totals differs; unknown stays unknown", async () => {
    const usage = (inputTokens: number) => ({ usage: { inputTokens, outputTokens: 5 } });
    await send("sum1", [call("s1", [user("x")], "y", { ...usage(10), parentSpanId: undefined })]);
    await send("sum2", [call("s1", [user("x")], "y", { ...usage(4), parentSpanId: undefined })]);
    const { a, b, deltas } = await compare("sum1", "sum2");
    expect([a.traceId, b.traceId]).toEqual(["sum1", "sum2"]);
    expect(deltas).toEqual({
      durationMs: 0,
      inputTokens: -6,
      outputTokens: 0,
      totalTokens: null,
      costUsd: null,
    });
  });

  test("are compared anew where one of them changes after it was compared at rest", async () => {
    const asked = call("c1", [user("hello")], [answer("Yes, I do that at once.")]);
    const steps = [root(), asked, tool("x1", "bash", { command: "ls" })];
    await send("rest1", steps);
    await send("rest2", steps);
    using db = new Database(join(server.dataDir, "tealight.db"), { readonly: true });
    const unsettled = db.query<{ n: number }, []>(
      "SELECT count(*) AS n FROM traces WHERE traceId LIKE 'rest_' AND isSettled = 0",
    );
    while (unsettled.get()!.n > 0) await Bun.sleep(50);
    for (let i = 0; i < 2; i++)
      expect(shown(await compare("rest1", "rest2"))).toEqual(["same c1 c1", "same x1 x1"]);
    const output = JSON.stringify([answer("No, I do that at last.")]);
    await send("rest2", [{ ...asked, output, endTime: clock + 50_000 }]);
    expect(shown(await compare("rest1", "rest2"))).toEqual(["changed c1 c1", "same x1 x1"]);
    while (unsettled.get()!.n > 0) await Bun.sleep(50);
    for (let i = 0; i < 2; i++)
      expect(shown(await compare("rest1", "rest2"))).toEqual(["changed c1 c1", "same x1 x1"]);
  });

  test("of 2,000 steps are aligned", async () => {
    const run = (id: string, skipped: number) => [
      root({ endTime: 1_000_000 }),
      ...Array.from({ length: 1000 }, (_, i) => i)
        .filter((i) => i % skipped !== 3)
        .flatMap((i) => [
          call(`${id}-c${i}`, [user(`task ${i}`)], [answer(`I run ${i}`)]),
          tool(`${id}-t${i}`, "bash", { command: `make target-${i % 37 === 5 ? id : i}` }),
        ]),
    ];
    await send("long1", run("a", 50));
    await send("long2", run("b", 40));
    const startMs = performance.now();
    const { counts, rows, partial } = await compare("long1", "long2");
    console.log(`2,000 steps compared in ${Math.round(performance.now() - startMs)} ms`);
    expect(partial).toBe(false);
    const ids = (side: "a" | "b") => rows.flatMap((row) => row[side]?.spanId ?? []);
    expect(new Set(ids("a")).size).toBe(1960);
    expect(ids("a").length).toBe(1960);
    expect(new Set(ids("b")).size).toBe(1950);
    expect(ids("b").length).toBe(1950);
    expect(counts.moved).toBe(0);
    expect(counts.same).toBeGreaterThan(1800);
    expect((await compare("long1", "long1")).counts).toMatchObject({ same: 1960, changed: 0 });
  });

  test("of more than 20,000 steps are compared as far as that, which is said", async () => {
    const tools = Array.from({ length: 20_010 }, (_, i) => tool(`h${i}`, "bash", `make ${i % 7}`));
    await send("huge1", tools);
    await send("huge2", tools.slice(5).reverse());
    const startMs = performance.now();
    const { counts, rows, partial } = await compare("huge1", "huge2");
    console.log(`20,000 steps compared in ${Math.round(performance.now() - startMs)} ms`);
    expect(partial).toBe(true);
    expect(rows.length).toBe(20_000 + counts.onlyB);
    expect(rows.filter(({ b }) => b).length).toBe(20_000);
  });

  test("are named by id with their project, or by key; errors are told", async () => {
    const { a } = await compare("t1", "t2");
    expect((await compare(`~${a.key}`, "t2")).a.traceId).toBe("t1");
    expect((await server.api(`/api/compare?a=t1&b=nobody`)).status).toBe(404);
    expect((await server.api(`/api/compare?a=t1`)).status).toBe(400);
    expect((await server.api(`/api/compare?a=t1&b=t2&projectA=none`)).status).toBe(404);
    expect((await server.api(`/api/compare?a=t1&b=t2&projectA=default`)).status).toBe(200);
  });
});

describe("two spans", () => {
  const catalog = (description: string) =>
    JSON.stringify([{ name: "bash", description, parameters: { type: "object" } }]);

  test("differ in words of prompt, tools, what is new, and answer; the rest is folded", async () => {
    const long = Array.from({ length: 100 }, (_, i) => `word${i}`).join(" ");
    const run = (id: string, rule: string, said: string) => [
      root({ systemPrompt: `${long} Be ${rule}. ${long}`, toolCatalog: catalog(`Runs ${rule}`) }),
      call(`${id}1`, [user("first")], [answer("one")]),
      call(`${id}2`, [user("first"), answer("one"), user(said)], [answer(`you said ${said}`)]),
    ];
    await send("pair1", run("a", "brief", "red"));
    await send("pair2", run("b", "kind", "blue"));
    const pair = await get<ComparedPair>("/api/compare/pair?a=pair1&b=pair2&spanA=a2&spanB=b2");
    expect(pair.a.spanId).toBe("a2");
    const changed = (field: "systemPrompt" | "tools" | "input" | "output") =>
      pair[field].parts.flatMap((part) =>
        part.change === "onlyA" || part.change === "onlyB"
          ? `${part.change} ${part.text.trim()}`
          : [],
      );
    expect(changed("systemPrompt")).toEqual(["onlyA brief", "onlyB kind"]);
    expect(pair.systemPrompt).toMatchObject({ unit: "words", isEqual: false });
    expect(pair.systemPrompt.parts.filter(({ change }) => change === "folded").length).toBe(2);
    expect(changed("tools")).toEqual(["onlyA brief", "onlyB kind"]);
    expect(changed("input")).toEqual(["onlyA red", "onlyB blue"]);
    expect(changed("output")).toEqual(["onlyA red", "onlyB blue"]);
  });

  test("of more than 20,000 words differ in lines", async () => {
    const lines = Array.from({ length: 21_000 }, (_, i) => `line${i}`);
    const other = lines.with(7, "changed");
    await send("lines1", [tool("x", "cat", lines.join("\n"))]);
    await send("lines2", [tool("x", "cat", other.join("\n"))]);
    const { input, systemPrompt } = await get<ComparedPair>(
      "/api/compare/pair?a=lines1&b=lines2&spanA=x&spanB=x",
    );
    expect(input.unit).toBe("lines");
    expect(input.parts).toContainEqual({ change: "onlyA", text: "line7\n" });
    expect(input.parts.at(-1)).toEqual({ change: "folded", count: 21_000 - 8 - 8 });
    expect(systemPrompt).toMatchObject({ lengthA: null, lengthB: null, isEqual: true, parts: [] });
  });

  test("that are not there are a 404", async () => {
    expect((await server.api("/api/compare/pair?a=t1&b=t2&spanA=no&spanB=no")).status).toBe(404);
  });
});

test("a trace may be compared with the one before it and the last good one of its agent", async () => {
  const at = (startTime: number, more: Sent = {}) => [
    root({ startTime, endTime: startTime + 1, ...more }),
  ];
  const failed = { status: "error" };
  await send("c1", at(1000), { agentName: 'co"der' });
  await send("c2", at(2000, failed), { agentName: 'co"der' });
  await send("c3", at(2500), { agentName: "another" });
  await send("c4", at(3000, failed), { agentName: 'co"der' });
  const { by, previous, lastOk } = await get<Comparable>("/api/traces/c4/comparable");
  expect([by, previous?.traceId, lastOk?.traceId]).toEqual(["agent", "c2", "c1"]);
  expect(await get<Comparable>("/api/traces/c1/comparable")).toEqual({
    by: "agent",
    previous: null,
    lastOk: null,
  });
  const run = { workflowName: "nightly", workflowRunId: "r" };
  await send("w1", at(1000), run);
  await send("w2", at(2000), run);
  const flow = await get<Comparable>("/api/traces/w2/comparable");
  expect([flow.by, flow.previous?.traceId]).toEqual(["workflow", "w1"]);
});
