/** Spans of a sender's runtime, over OTLP: which of them are told apart, and where that is said. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startServer, type TestServer } from "../helpers.ts";

interface Sent {
  id: number;
  parent?: number;
  name: string;
  attributes?: Record<string, string>;
  events?: string[];
  isError?: boolean;
}

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await send(1, work);
  await send(2, [
    { id: 1, name: "sql.execute", attributes: { "db.system.name": "sqlite" } },
    { id: 2, parent: 1, name: "fsync" },
  ]);
  await send(3, [{ id: 1, name: "sql.execute", isError: true }]);
  await send(4, [{ id: 1, name: "plain", attributes: { "gen_ai.tool.name": "x" } }]);
});
afterAll(() => server[Symbol.asyncDispose]());

const hex = (n: number, length: number) => n.toString(16).padStart(length, "0");

const work: Sent[] = [
  { id: 1, name: "serve" },
  { id: 2, parent: 1, name: "loop" },
  {
    id: 3,
    parent: 2,
    name: "invoke_agent",
    attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "coder" },
  },
  { id: 4, parent: 3, name: "lock" },
  { id: 5, parent: 4, name: "lock.inner", attributes: { tool_count: "3", "thread.id": "7" } },
  { id: 6, parent: 3, name: "read", isError: true },
  { id: 7, parent: 3, name: "says", attributes: { "input.value": "a text" } },
  { id: 8, parent: 3, name: "plan", attributes: { "gen_ai.conversation.id": "c" } },
  { id: 9, parent: 3, name: "caught", events: ["exception"] },
  { id: 10, parent: 99, name: "orphan" },
  { id: 11, parent: 3, name: "noted", events: ["a log line"] },
];

async function send(trace: number, spans: Sent[]): Promise<void> {
  const response = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
    body: JSON.stringify({
      resourceSpans: [
        {
          resource: {},
          scopeSpans: [
            {
              scope: { name: "app" },
              spans: spans.map(({ id, parent, name, attributes, events, isError }) => ({
                traceId: hex(trace, 32),
                spanId: hex(id, 16),
                ...(parent && { parentSpanId: hex(parent, 16) }),
                name,
                startTimeUnixNano: String((1e12 + id) * 1e6),
                endTimeUnixNano: String((1e12 + id + 5) * 1e6),
                attributes: Object.entries(attributes ?? {}).map(([key, stringValue]) => ({
                  key,
                  value: { stringValue },
                })),
                events: (events ?? []).map((event) => ({ name: event, timeUnixNano: "1" })),
                ...(isError && { status: { code: 2 } }),
              })),
            },
          ],
        },
      ],
    }),
  });
  expect(response.status).toBe(200);
}

const get = async (path: string): Promise<any> => (await server.api(path)).json();
const workPath = `/api/traces/${hex(1, 32)}`;
const wanted = ["lock", "lock.inner", "noted"];

describe("internal spans", () => {
  test("are those of the runtime that lead to no work; errors, texts, GenAI and roots are none", async () => {
    const { trace, spans } = await get(workPath);
    const internal = spans.filter(({ isInternal }: any) => isInternal);
    expect(internal.map(({ name }: any) => name)).toEqual(wanted);
    expect(internal.map(({ spanType }: any) => spanType)).toEqual(["other", "other", "other"]);
    expect(trace).toMatchObject({ spanCount: 11, internalSpanCount: 3, isInternal: false });
  });

  test("are named by their rows where the skeleton comes as columns", async () => {
    const { internalRows, columns } = await get(`${workPath}?format=columns`);
    const { values, rows } = columns.name;
    expect(internalRows.map((row: number) => values[rows[row]])).toEqual(wanted);
  });

  test("take nothing from an agent: it is shown, as nothing else is below it", async () => {
    await send(
      5,
      [
        ...work
          .slice(2, 5)
          .map(({ parent, ...span }) => (span.id === 3 ? span : { ...span, parent })),
        { id: 20, name: "chat m", attributes: { "gen_ai.operation.name": "chat" } },
      ].map((span) =>
        span.id === 3
          ? {
              ...span,
              attributes: {
                ...span.attributes,
                "gen_ai.input.messages":
                  '[{"role":"user","parts":[{"type":"text","content":"hi"}]}]',
              },
            }
          : span,
      ) as Sent[],
    );
    const { entries } = await get(`/api/traces/${hex(5, 32)}/transcript`);
    expect(entries[0].input[0].parts[0].text).toBe("hi");
  });

  test("are in no figure of statistics", async () => {
    const { groups } = await get(`/api/stats?by=type&filter=trace:${hex(1, 32)}`);
    const requests = groups.map(({ value, totals }: any) => [value, totals.requests]);
    expect(Object.fromEntries(requests)).toEqual({ agent: 1, other: 7 });
  });

  test("stay so through a full export and import", async () => {
    const exported = await (await server.api(`${workPath}/export?full=1`)).text();
    const marks = JSON.parse(exported).traces.flatMap(({ spans }: any) =>
      spans.map(({ name, x }: any) => [name, x.isRuntime ?? false]),
    );
    expect(Object.fromEntries(marks)).toMatchObject({ lock: true, serve: true, read: false });
  });
});

describe("a trace of runtime spans alone", () => {
  const ids = async (filter: string) =>
    (await get(`/api/traces?filter=${encodeURIComponent(filter)}`)).traces.map(({ traceId }: any) =>
      Number.parseInt(traceId, 16),
    );

  test("is found and left out by is:internal, and there without a filter", async () => {
    expect(await ids("is:internal")).toEqual([2]);
    expect(await ids("-is:internal")).not.toContain(2);
    expect(await ids("-is:internal")).toContain(3);
    expect(await ids("")).toContain(2);
  });

  test("has no internal spans: its page shows them all", async () => {
    const { trace, spans } = await get(`/api/traces/${hex(2, 32)}`);
    expect(trace).toMatchObject({ isInternal: true, internalSpanCount: 0, spanCount: 2 });
    expect(spans.some(({ isInternal }: any) => isInternal)).toBe(false);
  });

  test("is counted apart, and in nothing else", async () => {
    const { totals } = await get(`/api/stats?filter=trace:${hex(2, 32)}`);
    expect(totals).toMatchObject({ traces: 0, internalTraces: 1, requests: 0 });
    expect(totals.traceDurationMs).toBeNull();
  });

  test("is one no longer when work comes into it", async () => {
    await send(6, [{ id: 1, name: "http" }]);
    expect(await ids("is:internal")).toContain(6);
    await send(6, [
      { id: 2, parent: 1, name: "t", attributes: { "gen_ai.operation.name": "execute_tool" } },
    ]);
    expect(await ids("is:internal")).not.toContain(6);
  });
});

test("spans of ingest v1 are never of the runtime", async () => {
  const span = { spanType: "other", startTime: 1e12, endTime: 1e12 };
  await server.ingest({
    version: "v1",
    traces: [
      {
        traceId: "v1",
        agentName: "a",
        spans: [
          { ...span, spanId: "1", name: "run", spanType: "agent" },
          { ...span, spanId: "2", parentSpanId: "1", name: "step" },
        ],
      },
    ],
  });
  expect((await get("/api/traces/v1")).trace).toMatchObject({ internalSpanCount: 0, spanCount: 2 });
});
