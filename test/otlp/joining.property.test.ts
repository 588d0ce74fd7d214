/**
 * A trace comes in pieces: spans when they end, so children first; log records before or after their
 * span; each perhaps twice; from several processes. Whatever the order, the same trace is shown.
 */
import { afterAll, beforeAll, expect, test } from "bun:test";
import fc from "fast-check";
import type { SpanView, Summary, TracePage, TraceView } from "../../src/backend/views.ts";
import type { Encoding, Signal } from "../../src/otlp/request.ts";
import { startServer, type TestServer } from "../helpers.ts";
import type { Message } from "./second.ts";
import {
  answered,
  attributes,
  encodings,
  idOf,
  logsRequest,
  nanos,
  otlpLog,
  otlpSpan,
  send,
  tracesRequest,
} from "./sender.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

/** A span or a log record, from one of the services that take part in the trace. */
interface Piece {
  signal: "traces" | "logs";
  service: number;
  record: Message;
}

const services = ["agent", "tools"];
const messages = JSON.stringify([{ role: "user", parts: [{ type: "text", content: "whole" }] }]);

/** What the span may be, and what of its content it carries itself. */
const sorts: Record<string, Message> = {
  call: { "gen_ai.operation.name": "chat", "gen_ai.request.model": "m", "gen_ai.system": "openai" },
  fullCall: {
    "gen_ai.operation.name": "chat",
    "gen_ai.input.messages": messages,
    "gen_ai.usage.input_tokens": 7,
  },
  agent: { "gen_ai.operation.name": "invoke_agent", "gen_ai.usage.input_tokens": 7 },
  tool: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "search" },
  session: { "session.id": "s", "user.id": "u", "metadata.env": "prod" },
  plain: {},
};

const span = fc
  .record({
    id: fc.integer({ min: 1, max: 4 }),
    parent: fc.constantFrom(0, 1, 2, 3, 4, 9),
    sort: fc.constantFrom(...Object.keys(sorts)),
    start: fc.integer({ min: 0, max: 5 }),
    end: fc.integer({ min: 6, max: 8 }),
    status: fc.constantFrom(0, 1, 2),
    hasEvent: fc.boolean(),
    service: fc.nat(1),
  })
  .map(({ id, parent, sort, start, end, status, hasEvent, service }) => ({
    signal: "traces" as const,
    service,
    end,
    record: otlpSpan({
      spanId: idOf(id),
      ...(parent > 0 && { parentSpanId: idOf(parent) }),
      name: `${sort} ${end}`,
      startTimeUnixNano: nanos(start),
      endTimeUnixNano: nanos(end),
      attributes: attributes(sorts[sort]!),
      status: { code: status },
      ...(hasEvent && { events: [{ name: "first token", timeUnixNano: nanos(start + 1) }] }),
    }),
  }));

/** Several versions of one span may end at the same time. */
const spans = fc.array(span, { minLength: 1, maxLength: 7 });

const logSorts: Record<string, (text: string) => Message> = {
  user: (text) => ({ eventName: "gen_ai.user.message", body: mapOf({ content: text }) }),
  system: (text) => ({
    attributes: attributes({ "event.name": "gen_ai.system.message", content: text }),
  }),
  choice: (text) => ({
    eventName: "gen_ai.choice",
    body: mapOf({ finish_reason: "stop", content: text }),
  }),
  whole: (text) => ({
    eventName: "gen_ai.client.inference.operation.details",
    attributes: attributes({ "gen_ai.input.messages": messages, "gen_ai.output.messages": text }),
  }),
  plain: (text) => ({ severityText: "INFO", severityNumber: 9, body: { stringValue: text } }),
};

function mapOf(map: Record<string, string>): Message {
  return { kvlistValue: { values: attributes(map) } };
}

const log = fc
  .record({
    // Of 5 there is never a span.
    id: fc.integer({ min: 1, max: 5 }),
    sort: fc.constantFrom(...Object.keys(logSorts)),
    text: fc.constantFrom("a", "b", '{"c":1}'),
    time: fc.constantFrom("0", "1", "999999", "1000000", "18446744073709551615"),
    service: fc.nat(1),
  })
  .map(({ id, sort, text, time, service }) => ({
    signal: "logs" as const,
    service,
    record: otlpLog({ spanId: idOf(id), timeUnixNano: time, ...logSorts[sort]!(text) }),
  }));

const story = fc.tuple(spans, fc.array(log, { maxLength: 8 })).map(([spans, logs]): Piece[] => [
  // Every span before its logs.
  ...spans,
  ...logs,
]);

interface Request {
  signal: Signal;
  encoding: Encoding;
  message: Message;
}

/** All pieces at least once, in any order, cut into any number of requests. */
const arrival = (pieces: Piece[]): fc.Arbitrary<Request[]> =>
  fc
    .tuple(
      fc.shuffledSubarray(pieces, { minLength: pieces.length }),
      fc.array(fc.tuple(fc.nat(), fc.nat()), { maxLength: 6 }),
      fc.infiniteStream(fc.tuple(fc.boolean(), fc.constantFrom(...encodings))),
    )
    .map(([shuffled, repeats, cuts]) => {
      const sent = [...shuffled];
      for (const [from, to] of repeats) {
        sent.splice(to % (sent.length + 1), 0, shuffled[from % shuffled.length]!);
      }
      const parts: Piece[][] = [];
      for (const piece of sent) {
        const [isCut] = cuts.next().value!;
        const last = parts.at(-1);
        if (last && !isCut && last[0]!.signal === piece.signal) last.push(piece);
        else parts.push([piece]);
      }
      return parts.map((part) => requestOf(part, cuts.next().value![1]));
    });

/** One request, with a resource for each run of pieces from one service. */
function requestOf(pieces: Piece[], encoding: Encoding): Request {
  const { signal } = pieces[0]!;
  const groups = pieces.map(({ service, record }) => {
    const resource = { attributes: attributes({ "service.name": services[service]! }) };
    return signal === "traces"
      ? tracesRequest([record], resource).resourceSpans[0]
      : logsRequest([record], resource).resourceLogs[0];
  });
  const field = signal === "traces" ? "resourceSpans" : "resourceLogs";
  return { signal, encoding, message: { [field]: groups } };
}

let traceCount = 0;

/** Sends a trace under an id of its own, so that nothing waits for it from before. */
async function shownAfter(requests: Request[], atOnce = false): Promise<string> {
  const id = (++traceCount).toString(16).padStart(32, "0");
  const ofThisTrace = (message: Message): Message =>
    JSON.parse(JSON.stringify(message).replaceAll(otlpSpan().traceId, id));
  const sending = requests.map(({ signal, encoding, message }) => async () => {
    const answer = await answered(signal, send(server, signal, ofThisTrace(message), encoding));
    expect(answer).toMatchObject({ status: 200, partial: null });
  });
  if (atOnce) await Promise.all(sending.map((start) => start()));
  else for (const start of sending) await start();
  const shown = await readTrace();
  return JSON.stringify(shown, null, 1).replaceAll(id, "the trace");
}

/** The one trace that there is, less what depends on the clock and on the order of arrival; and then it is deleted. */
async function readTrace() {
  const { traces } = (await read("/api/traces")) as TracePage;
  expect(traces).toHaveLength(1);
  const summary = traces[0]!;
  const path = `/api/traces/~${summary.key}`;
  const { trace, spans } = (await read(path)) as TraceView;
  expect(trace).toMatchObject({ ...summary });
  const whole: unknown[] = [];
  for (const { key } of spans.toSorted((a, b) => (a.spanId < b.spanId ? -1 : 1))) {
    const view = (await read(`${path}/spans/~${key}`)) as SpanView;
    const { key: _, traceKey: __, receivedAt: ___, ...span } = view;
    whole.push(span);
  }
  await server.api(path, { method: "DELETE" });
  const { key: _, receivedAt: __, lastReceivedAt: ___, ...rest } = trace satisfies Summary;
  return { trace: rest, spans: whole };
}

async function read(path: string): Promise<unknown> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return response.json();
}

const inOrder = (pieces: Piece[]): Request[] => pieces.map((piece) => requestOf([piece], "json"));

test("a trace in pieces of any order and number shows what the pieces in order do", async () => {
  await fc.assert(
    fc.asyncProperty(
      story.chain((pieces) => fc.tuple(fc.constant(pieces), arrival(pieces))),
      async ([pieces, requests]) => {
        expect(await shownAfter(requests)).toBe(await shownAfter(inOrder(pieces)));
      },
    ),
    { numRuns: 40 },
  );
});

test("and so do pieces that come at the same time", async () => {
  await fc.assert(
    fc.asyncProperty(
      story.chain((pieces) => fc.tuple(fc.constant(pieces), arrival(pieces))),
      async ([pieces, requests]) => {
        expect(await shownAfter(requests, true)).toBe(await shownAfter(inOrder(pieces)));
      },
    ),
    { numRuns: 15 },
  );
});

test("what only log records say is the span's, whichever comes first", async () => {
  const ofCall = (sort: string, text: string, ms: number): Piece => ({
    signal: "logs",
    service: 0,
    record: otlpLog({ timeUnixNano: nanos(ms), ...logSorts[sort]!(text) }),
  });
  const call: Piece = {
    signal: "traces",
    service: 0,
    record: otlpSpan({ attributes: attributes(sorts.call!) }),
  };
  const logs = [
    ofCall("system", "be brief", 8),
    ofCall("user", "hello", 9),
    ofCall("choice", "hi", 10),
    ofCall("plain", "a line", 11),
  ];
  const after = await shownAfter(inOrder([call, ...logs]));
  expect(await shownAfter(inOrder([...logs.toReversed(), call]))).toBe(after);
  expect(await shownAfter(inOrder([...logs, call, call, ...logs]))).toBe(after);
  const { trace, spans } = JSON.parse(after) as Awaited<ReturnType<typeof readTrace>>;
  expect(trace).toMatchObject({ agentName: "agent", state: "ended", spanCount: 1 });
  const [view] = spans as SpanView[];
  expect(JSON.parse(view!.input!)).toEqual([
    { role: "system", content: "be brief" },
    { role: "user", content: "hello" },
  ]);
  expect(JSON.parse(view!.output!)).toEqual([
    { role: "assistant", finish_reason: "stop", content: "hi" },
  ]);
  expect(JSON.parse(view!.events!).map(({ name }: { name: string }) => name)).toEqual([
    "gen_ai.system.message",
    "gen_ai.user.message",
    "gen_ai.choice",
    "",
  ]);
});
