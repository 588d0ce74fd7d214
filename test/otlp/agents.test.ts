/** Sessions of agents that tell in log records what they did, read back as traces. */
import { afterAll, afterEach, beforeAll, expect, test } from "bun:test";
import type { SpanView, Summary, TracePage, TraceView } from "../../src/backend/views.ts";
import { readUnit } from "../../src/otlp/agents.ts";
import { startServer, type TestServer } from "../helpers.ts";
import {
  claudeCode,
  codex,
  copilot,
  geminiCli,
  qwenCode,
  requestOf,
  sessionId,
  spanId,
  turnTrace,
  type Record,
  type Session,
} from "./agents.ts";
import { answered, attributes, nanos, otlpLog, otlpSpan, send, tracesRequest } from "./sender.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterEach(async () => {
  for (const { trace } of await shown()) {
    await server.api(`/api/traces/~${trace.key}`, { method: "DELETE" });
  }
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

async function take(records: Record[]): Promise<void> {
  const bySignal = Map.groupBy(records, ({ signal }) => signal);
  for (const [signal, some] of bySignal) {
    const answer = await answered(signal, send(server, signal, requestOf(some)));
    expect(answer).toMatchObject({ status: 200, partial: null });
  }
}

async function read(path: string): Promise<unknown> {
  return (await server.api(path)).json();
}

/** All traces, the earliest first, with their spans. */
async function shown(): Promise<{ trace: Summary; spans: SpanView[] }[]> {
  const { traces } = (await read("/api/traces")) as TracePage;
  const whole = traces.map(async (trace) => {
    const path = `/api/traces/~${trace.key}`;
    const { spans } = (await read(path)) as TraceView;
    const views = spans.map(({ key }) => read(`${path}/spans/~${key}`) as Promise<SpanView>);
    const sorted = (await Promise.all(views)).sort(
      (a, b) => a.startTime - b.startTime || (a.spanId < b.spanId ? -1 : 1),
    );
    return { trace, spans: sorted };
  });
  return (await Promise.all(whole)).sort((a, b) => a.trace.startTime - b.trace.startTime);
}

const isTyped = ({ spanType }: SpanView) => spanType !== "other";

function totalsOf(traces: Summary[]) {
  const sum = (field: "inputTokens" | "outputTokens" | "cachedInputTokens") =>
    traces.reduce((total, { [field]: count }) => total + Number(count ?? 0), 0);
  return {
    input: sum("inputTokens"),
    output: sum("outputTokens"),
    cached: sum("cachedInputTokens"),
    calls: traces.reduce((total, { llmCount }) => total + llmCount, 0),
    tools: traces.reduce((total, { toolCount }) => total + toolCount, 0),
  };
}

function expected({ calls }: Session) {
  const sum = (field: "input" | "output" | "cached") =>
    calls.reduce((total, { [field]: count }) => total + count, 0);
  return { input: sum("input"), output: sum("output"), cached: sum("cached"), calls: 3, tools: 1 };
}

const sessions = { claudeCode, codex, geminiCli, qwenCode };

test.each(Object.entries(sessions))(
  "log records of %s alone are a trace for each turn, with its calls and tools",
  async (_name, session) => {
    const told = session(false);
    await take(told.logs);
    const [first, second, ...others] = await shown();
    expect(others).toEqual([]);
    for (const { trace } of [first!, second!]) {
      expect(trace).toMatchObject({ sessionId, status: "ok", state: "ended" });
    }
    expect(first!.spans.map(({ spanType }) => spanType)).toEqual(["agent", "llm", "tool", "llm"]);
    expect(second!.spans.map(({ spanType }) => spanType)).toEqual(["agent", "llm"]);
    const [turn, call, tool] = first!.spans;
    expect(turn).toMatchObject({ input: "List the files", startTime: 10_000 });
    expect(turn!.endTime).toBeGreaterThanOrEqual(11_000);
    expect(turn).not.toHaveProperty("parentSpanId");
    expect(call).toMatchObject({ parentSpanId: turn!.spanId, status: "ok" });
    expect(call!.modelId).toBeTruthy();
    expect(tool).toMatchObject({ parentSpanId: turn!.spanId, endTime: 10_600 });
    expect(tool!.startTime).toBeGreaterThan(10_400);
    expect(tool!.input).toBeTruthy();
    expect(second!.spans[0]).toMatchObject({ input: "Thanks" });
    expect(totalsOf([first!.trace, second!.trace])).toEqual(expected(told));
  },
);

test.each([
  ["claudeCode", claudeCode],
  ["geminiCli", geminiCli],
  ["qwenCode", qwenCode],
])("a turn of %s ends with its last answer, and a call has its own", async (_name, session) => {
  await take(session(false).logs);
  const [first] = await shown();
  const [turn, call, , last] = first!.spans;
  expect(turn).toMatchObject({ output: "There are two." });
  expect(JSON.stringify(call!.output)).toContain("I will look.");
  expect(JSON.stringify(last!.output)).toContain("There are two.");
});

test.each(Object.entries({ ...sessions, copilot }))(
  "where %s sends spans, its log records join them and no span is made",
  async (_name, session) => {
    const told = session();
    await take([...told.logs, ...told.spans]);
    const traces = await shown();
    const spans = traces.flatMap((one) => one.spans);
    const sent = told.spans.map(({ record }) => record.spanId).sort();
    expect(spans.map(({ spanId }) => spanId).sort()).toEqual(sent as string[]);
    const { input, output, cached, calls } = totalsOf(traces.map(({ trace }) => trace));
    expect({ input, output, cached, calls, tools: 1 }).toEqual(expected(told));
  },
);

test("Claude Code's records join the spans that have no ids in common by what they count", async () => {
  const told = claudeCode(false, false);
  await take([...told.spans, ...told.logs]);
  const traces = await shown();
  expect(traces.flatMap(({ spans }) => spans)).toHaveLength(told.spans.length);
  const calls = traces.flatMap(({ spans }) => spans.filter(({ spanType }) => spanType === "llm"));
  expect(calls.map(({ output }) => JSON.stringify(output))).toEqual([
    expect.stringContaining("I will look."),
    expect.stringContaining("There are two."),
    expect.stringContaining("You are welcome."),
  ]);
});

test("what Claude Code's records say beyond its spans is on the spans", async () => {
  const told = claudeCode();
  await take([...told.spans, ...told.logs]);
  const [first] = await shown();
  const [turn, call, tool] = first!.spans.filter(isTyped);
  expect(turn).toMatchObject({ output: "There are two." });
  expect(call).toMatchObject({ reportedCostUsd: 0.25 });
  expect(tool!.input).toContain('"command":"ls"');
});

test("Gemini CLI's spans get the counts of the cache and the thoughts from its records", async () => {
  const told = geminiCli();
  await take([...told.spans, ...told.logs]);
  const [first] = await shown();
  expect(first!.spans[0]!.usage).toMatchObject({
    inputTokens: 1500,
    outputTokens: 90,
    cachedInputTokens: 1000,
    reasoningTokens: 50,
    totalTokens: 1590,
  });
});

test("a span that some records are of is enough: the others make spans beside it", async () => {
  const told = claudeCode();
  const lost = told.spans.filter(({ record }) => record.spanId !== spanId(2));
  await take([...told.logs, ...lost]);
  const [first] = await shown();
  const made = first!.spans.filter(({ isFromLogs }) => isFromLogs);
  expect(made).toMatchObject([
    { spanType: "llm", parentSpanId: spanId(1), usage: { outputTokens: 40 } },
  ]);
  expect(totalsOf((await shown()).map(({ trace }) => trace))).toEqual(expected(told));
});

test("spans that come after their records take the place of what was made", async () => {
  const told = codex(false);
  await take(told.logs);
  expect(await shown()).toHaveLength(2);
  await take(told.spans);
  const traces = await shown();
  expect(traces.map(({ trace }) => trace.traceId)).toEqual(turnTrace);
  expect(traces[0]!.spans.some(({ isFromLogs }) => isFromLogs)).toBe(false);
});

test.each([
  ["claudeCode", claudeCode],
  ["codex", codex],
])(
  "the first call of a turn of %s has its prompt as input, made or sent",
  async (_name, session) => {
    for (const told of [session(false).logs, [...session().spans, ...session().logs]]) {
      await take(told);
      const [first, second] = await shown();
      const calls = (spans: SpanView[]) => spans.filter(({ spanType }) => spanType === "llm");
      expect(JSON.stringify(calls(first!.spans)[0]!.input)).toContain("List the files");
      expect(JSON.stringify(calls(second!.spans)[0]!.input)).toContain("Thanks");
      expect(JSON.stringify(calls(first!.spans)[1]!.input ?? "")).not.toContain("List");
      for (const { trace } of [first!, second!]) {
        await server.api(`/api/traces/~${trace.key}`, { method: "DELETE" });
      }
    }
  },
);

test("a later call of Codex has what its tools answered as input", async () => {
  await take(codex(false).logs);
  const [first] = await shown();
  expect(first!.spans[3]!.input).toBe(
    JSON.stringify([{ role: "tool", tool_call_id: "call_1", content: "a\nb" }]),
  );
});

test("a failed call and a refused tool say so", async () => {
  const { resource, scope } = claudeCode().logs[0]!;
  const log = (ms: number, name: string, values: { [key: string]: string | number }): Record => ({
    signal: "logs",
    resource,
    scope,
    record: {
      timeUnixNano: nanos(ms),
      body: { stringValue: `claude_code.${name}` },
      attributes: attributes({
        "session.id": "s",
        "prompt.id": "p",
        "event.name": name,
        ...values,
      }),
    },
  });
  await take([
    log(1000, "user_prompt", { prompt: "Try" }),
    log(2000, "api_error", {
      model: "claude",
      error: "overloaded",
      status_code: "529",
      duration_ms: 500,
    }),
    log(3000, "tool_decision", { tool_name: "Bash", tool_use_id: "t", decision: "reject" }),
    log(4000, "tool_result", {
      tool_name: "Edit",
      tool_use_id: "u",
      success: "false",
      error: "no such file",
    }),
  ]);
  const [trace] = await shown();
  expect(trace!.spans.slice(1)).toMatchObject([
    { spanType: "llm", status: "error", errorMessage: "overloaded", startTime: 1500 },
    { spanType: "tool", name: "Bash", status: "aborted" },
    { spanType: "tool", name: "Edit", status: "error", errorMessage: "no such file" },
  ]);
});

test("a trace that is deleted does not come back with the next record", async () => {
  const told = claudeCode(false);
  await take(told.logs.slice(0, 6));
  const [only] = await shown();
  await server.api(`/api/traces/~${only!.trace.key}`, { method: "DELETE" });
  await take(told.logs.slice(-3));
  const traces = await shown();
  expect(traces.map(({ spans }) => spans[0]!.input)).toEqual(["Thanks"]);
});

test("records without a session, and those that say nothing of a turn, are counted and not kept", async () => {
  const { resource, scope } = claudeCode().logs[0]!;
  const record = {
    timeUnixNano: nanos(1000),
    body: { stringValue: "claude_code.plugin_loaded" },
    attributes: attributes({ "event.name": "plugin_loaded" }),
  };
  const other = { ...record, body: { stringValue: "claude_code.user_prompt" } };
  await take([record, other].map((record) => ({ signal: "logs", record, resource, scope })));
  expect(await shown()).toEqual([]);
});

test("an exception that comes as a log record makes its span fail, unless that says that it is ok", async () => {
  const spans = [0, 1].map((code) =>
    otlpSpan({ spanId: spanId(code + 1), name: `status ${code}`, status: { code } }),
  );
  const logs = [0, 1].map((code) =>
    otlpLog({
      spanId: spanId(code + 1),
      severityNumber: 17,
      eventName: "exception",
      attributes: attributes({ "exception.type": "Boom", "exception.message": "it broke" }),
    }),
  );
  const home = { resource: {}, scope: {} };
  await take(logs.map((record) => ({ signal: "logs", record, ...home })));
  await send(server, "traces", tracesRequest(spans));
  const [trace] = await shown();
  const byName = trace!.spans.toSorted((a, b) => (a.name < b.name ? -1 : 1));
  expect(byName).toMatchObject([{ status: "error", errorMessage: "it broke" }, { status: "ok" }]);
});

test("a call whose records count nothing has no usage", () => {
  const name = "gen_ai.client.inference.operation.details";
  const attributes = { "gen_ai.request.model": "gpt-4o" };
  const reading = readUnit("copilot", "call", [{ name, attributes, timeUnixNano: "1" }]);
  expect(reading).toEqual({ model: "gpt-4o" });
});
