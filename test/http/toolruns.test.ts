/** One run of a tool that two libraries have a span of each: over OTLP, it is one tool everywhere. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await send("agent", [
    {
      id: 1,
      name: "session.prompt",
      at: [0, 100],
      attributes: { "gen_ai.operation.name": "invoke_agent" },
    },
    {
      id: 2,
      parent: 1,
      name: "Tool.execute",
      at: [10, 60],
      attributes: {
        "gen_ai.operation.name": "execute_tool",
        "gen_ai.tool.name": "bash",
        "tool.call_id": "call_7",
      },
      isError: true,
    },
  ]);
  // Of one scope with the other, beside it and not below it, and later.
  await send("agent", [
    {
      id: 3,
      parent: 1,
      name: "ai.toolCall",
      at: [5, 70],
      attributes: {
        "ai.operationId": "ai.toolCall",
        "ai.toolCall.name": "bash",
        "ai.toolCall.id": "call_7",
        "ai.toolCall.args": '{"command":"ls"}',
        "ai.toolCall.result": '"a file"',
      },
      isError: true,
    },
  ]);
});
afterAll(() => server[Symbol.asyncDispose]());

interface Sent {
  id: number;
  parent?: number;
  name: string;
  at: [number, number];
  attributes: Record<string, string>;
  isError?: boolean;
}

const hex = (n: number, length: number) => n.toString(16).padStart(length, "0");
const traceId = hex(1, 32);

async function send(scope: string, sent: Sent[]): Promise<void> {
  const spans = sent.map(({ id, parent, name, at: [from, to], attributes, isError }) => ({
    traceId,
    spanId: hex(id, 16),
    ...(parent && { parentSpanId: hex(parent, 16) }),
    name,
    startTimeUnixNano: String((1e12 + from) * 1e6),
    endTimeUnixNano: String((1e12 + to) * 1e6),
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    })),
    ...(isError && { status: { code: 2 } }),
  }));
  const response = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ scope: { name: scope }, spans }] }] }),
  });
  expect(response.status).toBe(200);
}

const get = async (path: string): Promise<any> => (await server.api(path)).json();

test("the trace has one tool and one error, and the span without texts says whose run it repeats", async () => {
  const { trace, spans } = await get(`/api/traces/${traceId}`);
  expect(trace).toMatchObject({ spanCount: 3, toolCount: 1, errorCount: 1 });
  const repeats = spans.map(({ spanId, repeats }: any) => [Number.parseInt(spanId, 16), repeats]);
  expect(Object.fromEntries(repeats)).toEqual({ 1: undefined, 2: hex(3, 16), 3: undefined });
  const columns = await get(`/api/traces/${traceId}?format=columns`);
  const [[row, counting]] = columns.repeats;
  expect([columns.columns.spanId[row], columns.columns.spanId[counting]]).toEqual([
    hex(2, 16),
    hex(3, 16),
  ]);
});

test("the transcript shows it once, with its arguments and its result", async () => {
  const { entries } = await get(`/api/traces/${traceId}/transcript`);
  const tools = entries.filter(({ spanType }: any) => spanType === "tool");
  expect(tools.map(({ spanId }: any) => spanId)).toEqual([hex(3, 16)]);
  expect(tools[0].output[0].parts[0].text).toContain("a file");
});

test("statistics and the breakdown count it once", async () => {
  const { groups } = await get("/api/stats?by=tool");
  expect(groups.map(({ value, totals }: any) => [value, totals.requests, totals.errors])).toEqual([
    ["bash", 1, 1],
  ]);
  const { tools } = await get(`/api/traces/${traceId}/breakdown`);
  expect(tools.map(({ name, count }: any) => [name, count])).toEqual([["bash", 1]]);
});
