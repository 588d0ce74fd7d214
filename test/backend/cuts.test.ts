/** A text that was cut says so wherever it is read: over HTTP, from real requests. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { SpanView } from "../../src/backend/views.ts";
import type { SpanMessages } from "../../src/query/news.ts";
import type { TranscriptPage } from "../../src/query/transcript.ts";
import { makePayload, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const message = (content: string) => ({ role: "user", content });

async function read<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function sendV1(traceId: string, span: Record<string, unknown>): Promise<SpanView> {
  expect((await server.ingest(makePayload({ traceId }, span))).status).toBe(202);
  return read<SpanView>(`/api/traces/${traceId}/spans/span-1`);
}

/** @returns the span as it is answered, and its transcript's entry. */
async function sendOtlp(
  traceId: string,
  attributes: Record<string, string | number | boolean>,
  scope = "test",
) {
  const typed = (value: string | number | boolean) =>
    typeof value === "string"
      ? { stringValue: value }
      : typeof value === "number"
        ? { intValue: `${value}` }
        : { boolValue: value };
  const body = {
    resourceSpans: [
      {
        scopeSpans: [
          {
            scope: { name: scope },
            spans: [
              {
                traceId,
                spanId: "00000000000000aa",
                name: attributes.name ?? "chat",
                startTimeUnixNano: "1700000000000000000",
                endTimeUnixNano: "1700000001000000000",
                attributes: Object.entries(attributes).map(([key, value]) => ({
                  key,
                  value: typed(value),
                })),
              },
            ],
          },
        ],
      },
    ],
  };
  const response = await fetch(`${server.url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  });
  expect(response.status).toBe(200);
  const span = await read<SpanView>(`/api/traces/${traceId}/spans/00000000000000aa`);
  const { entries } = await read<TranscriptPage>(`/api/traces/${traceId}/transcript`);
  return { span, entry: entries[0]! };
}

const call = { "gen_ai.operation.name": "chat", "gen_ai.request.model": "gpt-4o" };
const lastPart = (messages: SpanMessages["input"]) => messages.at(-1)!.parts.at(-1)!;

test("the mark that a client leaves says that it cut, in the span and in its messages", async () => {
  const whole = JSON.stringify([message("first"), message("x".repeat(200_000))]);
  const input = `${whole.slice(0, 99_988)}…[truncated]`;
  const span = await sendV1("marked", { input, output: "All of it." });
  expect(span.cut).toEqual([{ field: "input", length: 100_000, by: "sender", wholeLength: null }]);
  const messages = await read<SpanMessages>("/api/traces/marked/spans/span-1/messages");
  expect(lastPart(messages.input)).toMatchObject({
    type: "raw",
    cut: { by: "sender", wholeLength: null },
  });
  expect(lastPart(messages.output)).not.toHaveProperty("cut");
  const { entries } = await read<TranscriptPage>("/api/traces/marked/transcript");
  expect(lastPart(entries[0]!.input)).toMatchObject({
    fullLength: expect.any(Number),
    cut: { by: "sender", wholeLength: null },
  });
});

test("a mark with the length of the whole says that, too", async () => {
  const output = `${"y".repeat(10_000)}...[TRUNCATED: original length 52310]`;
  const span = await sendV1("length", { output });
  expect(span.cut).toMatchObject([{ field: "output", by: "sender", wholeLength: 52_310 }]);
  const messages = await read<SpanMessages>("/api/traces/length/spans/span-1/messages");
  expect(lastPart(messages.output)).toMatchObject({ cut: { wholeLength: 52_310 } });
});

test("JSON that has no end was cut, by a limit of the sender's SDK for one", async () => {
  const input = JSON.stringify([message("first"), message("x".repeat(500))]).slice(0, 256);
  const { span, entry } = await sendOtlp("00000000000000000000000000000001", {
    ...call,
    "gen_ai.input.messages": input,
  });
  expect(span.cut).toEqual([{ field: "input", length: 256, by: "sender", wholeLength: null }]);
  expect(lastPart(entry.input)).toMatchObject({ cut: { by: "sender", wholeLength: null } });
});

test("the length that Claude Code says beside what it cut is that of the whole", async () => {
  const { span, entry } = await sendOtlp(
    "00000000000000000000000000000002",
    {
      name: "claude_code.tool",
      tool_name: "Bash",
      new_context: `[TOOL RESULT: Bash]\n${"z".repeat(61_420)}\n\n[TRUNCATED - Content exceeds 60KB limit]`,
      new_context_truncated: true,
      new_context_original_length: 90_000,
    },
    "com.anthropic.claude_code.tracing",
  );
  expect(span.cut).toMatchObject([{ field: "output", by: "sender", wholeLength: 90_000 }]);
  expect(lastPart(entry.output)).toMatchObject({ cut: { by: "sender", wholeLength: 90_000 } });
});

test("what this server cuts of a text stays in its attribute, and the span says how long it was", async () => {
  const text = JSON.stringify([message("x".repeat(1_100_000))]);
  const { span, entry } = await sendOtlp("00000000000000000000000000000003", {
    ...call,
    "gen_ai.input.messages": text,
  });
  const wholeLength = text.length;
  expect(span.cut).toEqual([{ field: "input", length: 1_000_000, by: "server", wholeLength }]);
  expect(JSON.parse(span.attributes!)["gen_ai.input.messages"]).toHaveLength(wholeLength);
  expect(lastPart(entry.input)).toMatchObject({ cut: { by: "server", wholeLength } });

  const path = "/api/traces/00000000000000000000000000000003/export";
  const exported = await server.api(`${path}?full=1&format=jsonl`);
  expect(exported.headers.get("x-tealight-cut-texts")).toBe("1");
  const project = await server.api("/api/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: "again" }),
  });
  expect(project.status).toBe(201);
  const imported = await server.api("/api/import?project=again", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: await exported.text(),
  });
  expect(imported.status).toBe(202);
  const again = await read<SpanView>(
    "/api/traces/00000000000000000000000000000003/spans/00000000000000aa?project=again",
  );
  expect(again.cut).toEqual(span.cut!);
});

test("what only begins or ends like a cut text is whole", async () => {
  for (const [i, output] of [
    "[INFO] the server starts\n",
    "{ if (x) return; ",
    '"Hello," she said',
    "a list: [1, 2]",
    `${"[".repeat(150)}${"]".repeat(150)}`,
    JSON.stringify([message("whole")]),
    "the log was [truncated] here, not above",
  ].entries()) {
    const span = await sendV1(`whole-${i}`, { output });
    expect([output, span.cut]).toEqual([output, undefined]);
  }
  const exported = await server.api("/api/traces/whole-0/export");
  expect(exported.headers.has("x-tealight-cut-texts")).toBe(false);
});
