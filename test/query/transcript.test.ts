/** A trace as it is read, over HTTP: what is new in each call, and which span ran which tool. */
import { Database } from "bun:sqlite";
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import { Value } from "@sinclair/typebox/value";
import { SpanMessages } from "../../src/query/news.ts";
import { TranscriptPage, type TranscriptEntry } from "../../src/query/transcript.ts";
import {
  cpuMs,
  makePayload,
  makeSpan,
  readAgentSessions,
  readCaptures,
  startServer,
  type TestServer,
} from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

type Span = Record<string, unknown>;

let traces = 0;

/** Sends spans of one trace, one request each. */
async function send(spans: Span[]): Promise<string> {
  const traceId = `transcript-${traces++}`;
  for (const span of spans) {
    expect((await server.ingest(makePayload({ traceId, spans: [makeSpan(span)] }))).status).toBe(
      202,
    );
  }
  return traceId;
}

async function pageOf(traceId: string, query = ""): Promise<TranscriptPage> {
  const response = await server.api(`/api/traces/${traceId}/transcript${query}`);
  expect(response.status).toBe(200);
  const page = (await response.json()) as TranscriptPage;
  expect(Value.Errors(TranscriptPage, page).First()).toBeUndefined();
  return page;
}

async function entriesOf(spans: Span[]): Promise<TranscriptEntry[]> {
  return (await pageOf(await send(spans))).entries;
}

async function messagesOf(traceId: string, spanId: string): Promise<SpanMessages> {
  const response = await server.api(`/api/traces/${traceId}/spans/${spanId}/messages`);
  expect(response.status).toBe(200);
  const messages = (await response.json()) as SpanMessages;
  expect(Value.Errors(SpanMessages, messages).First()).toBeUndefined();
  return messages;
}

const long = "and so on at some length, which makes a message a piece of its own";
const user = (text: string) => ({ role: "user", content: `${text} ${long}` });
const says = (text: string) => ({ role: "assistant", content: `${text} ${long}` });
const asks = (...calls: [id: string, name: string, args?: unknown][]) => ({
  role: "assistant",
  content: "",
  tool_calls: calls.map(([id, name, args = { about: long }]) => ({
    id,
    type: "function",
    function: { name, arguments: JSON.stringify(args) },
  })),
});
const answers = (id: string, text: string) => ({
  role: "tool",
  tool_call_id: id,
  content: `${text} ${long}`,
});

const llm = (at: number, input: unknown, output?: unknown, more: Span = {}): Span => ({
  spanId: `call-${at}`,
  spanType: "llm",
  name: "chat",
  modelId: "model-1",
  startTime: at,
  endTime: at + 5,
  input: JSON.stringify(input),
  ...(output !== undefined && { output: JSON.stringify(output) }),
  ...more,
});
const tool = (at: number, name: string, more: Span = {}): Span => ({
  spanId: `tool-${at}`,
  spanType: "tool",
  name,
  startTime: at,
  endTime: at + 2,
  input: '{"q":1}',
  output: `result of ${name}`,
  ...more,
});
/** Each message as `role: texts`. */
const lines = (messages: TranscriptEntry["input"]) =>
  messages.map(
    ({ role, parts }) =>
      `${role}: ${parts.map((part) => ("text" in part ? part.text.replace(` ${long}`, "") : "")).join("|")}`,
  );

describe("a transcript", () => {
  test("shows of each call what is new, the answer to the one before left out", async () => {
    const [q1, a1, q2, a2] = [user("one"), says("first"), user("two"), says("second")];
    const entries = await entriesOf([llm(10, [q1], a1), llm(20, [q1, a1, q2], [a2])]);
    expect(entries.map(({ spanId }) => spanId)).toEqual(["call-10", "call-20"]);
    expect(entries.map(({ input }) => lines(input))).toEqual([["user: one"], ["user: two"]]);
    expect(entries.map(({ output }) => lines(output))).toEqual([
      ["assistant: first"],
      ["assistant: second"],
    ]);
    expect(entries[0]).toMatchObject({ earlier: null, isEdited: false, modelId: "model-1" });
    expect(entries[1]).toMatchObject({ earlier: { spanId: "call-10" }, isEdited: false });
  });

  test("shows what is new behind a first message that is as short as it gets", async () => {
    const short = (role: string, content: string) => ({ role, content });
    const [first, second, third] = await entriesOf([
      llm(10, [short("user", "hi")], [short("assistant", "hello")]),
      llm(20, [short("user", "hi"), short("assistant", "hello"), short("user", "go on")]),
      llm(30, [short("user", "hi")]),
    ]);
    expect(first).toMatchObject({ earlier: null, input: [{ role: "user" }] });
    expect(second).toMatchObject({
      earlier: { spanId: "call-10" },
      isEdited: false,
      input: [{ role: "user", parts: [{ type: "text", text: "go on" }] }],
    });
    expect(second!.input).toHaveLength(1);
    // The same question once more is not the first one's sequel.
    expect(third).toMatchObject({ earlier: null, input: [{ role: "user" }] });
  });

  test("shows an answer that went on in the history otherwise than it was given", async () => {
    const [q1, a1] = [user("one"), says("first")];
    const entries = await entriesOf([
      llm(10, [q1], a1),
      llm(20, [q1, says("first, but nicer"), user("two")]),
    ]);
    expect(lines(entries[1]!.input)).toEqual(["assistant: first, but nicer", "user: two"]);
  });

  test("shows from the edited message on where the history was edited", async () => {
    const [q1, a1, q2] = [user("one"), says("first"), user("two")];
    const entries = await entriesOf([
      llm(10, [q1, a1, q2], says("second")),
      llm(20, [q1, says("another"), q2]),
      llm(30, [q1, q2]),
    ]);
    expect(entries[1]).toMatchObject({ earlier: { spanId: "call-10" }, isEdited: true });
    expect(lines(entries[1]!.input)).toEqual(["assistant: another", "user: two"]);
    expect(entries[2]).toMatchObject({ isEdited: true });
    expect(lines(entries[2]!.input)).toEqual(["user: two"]);
  });

  test("reads the messages of an object, and short ones", async () => {
    const call = (...messages: unknown[]) => ({ system: `Rules ${long}`, messages });
    const ok = { role: "user", content: "ok" };
    const entries = await entriesOf([
      llm(10, call(user("one"))),
      llm(20, call(user("one"), says("first"), ok)),
      llm(30, call(user("one"), says("first"), ok, { role: "user", content: "?" })),
    ]);
    expect(entries.map(({ input }) => lines(input))).toEqual([
      ["system: Rules", "user: one"],
      ["assistant: first", "user: ok"],
      ["user: ?"],
    ]);
  });

  test("is the same whatever arrived first", async () => {
    const [q1, a1, q2] = [user("one"), asks(["c1", "search"]), answers("c1", "found")];
    const spans = [
      { ...tool(0, "agent"), spanId: "root", spanType: "agent", endTime: 100 },
      llm(10, [q1], a1, { parentSpanId: "root" }),
      tool(16, "search", { parentSpanId: "root" }),
      llm(20, [q1, a1, q2], says("done"), { parentSpanId: "root" }),
    ];
    const strip = (entries: TranscriptEntry[]) =>
      JSON.parse(JSON.stringify(entries).replace(/"key":\d+/g, '"key":0')) as TranscriptEntry[];
    const inOrder = strip(await entriesOf(spans));
    expect(strip(await entriesOf(spans.toReversed()))).toEqual(inOrder);
    expect(inOrder.map(({ spanId }) => spanId)).toEqual(["root", "call-10", "tool-16", "call-20"]);
  });

  test("shows of an agent its messages where nothing below it does", async () => {
    const agent = (id: string, at: number) => ({
      ...llm(at, [user(id)], says(`${id} is done`)),
      spanId: id,
      spanType: "agent",
    });
    const [busy, , idle] = await entriesOf([
      agent("busy", 0),
      llm(10, [user("busy")], says("busy is done"), { parentSpanId: "busy" }),
      agent("idle", 20),
    ]);
    expect(busy).toMatchObject({ input: [], output: [] });
    expect(lines([...idle!.input, ...idle!.output])).toEqual([
      "user: idle",
      "assistant: idle is done",
    ]);
  });

  describe("tells the system prompt of a run once", () => {
    const rules = "You answer questions about the weather.";
    const system = { role: "system", content: rules };
    const root = { ...llm(0, [user("hi")], says("done")), spanId: "root", spanType: "agent" };
    const call = (at: number, input: unknown[], more: Span = {}) =>
      llm(at, input, says(`answer ${at}`), { parentSpanId: "root", ...more });
    const told = (entries: TranscriptEntry[]) =>
      entries.map(({ spanId, input }) => [spanId, ...lines(input)]);

    test("with the agent, where no call has it", async () => {
      const traceId = await send([{ ...root, systemPrompt: rules }, call(10, [user("hi")])]);
      expect(told((await pageOf(traceId)).entries)).toEqual([
        ["root", `system: ${rules}`],
        ["call-10", "user: hi"],
      ]);
      expect(lines((await messagesOf(traceId, "root")).input)).toEqual([
        `system: ${rules}`,
        "user: hi",
      ]);
      expect(lines((await messagesOf(traceId, "call-10")).input)).toEqual(["user: hi"]);
    });

    test("with the first call, where that was sent it", async () => {
      const traceId = await send([
        { ...root, systemPrompt: `${rules}\n` },
        call(10, [system, user("hi")], { systemPrompt: rules }),
        call(20, [system, user("hi"), says("answer 10"), user("and then?")]),
      ]);
      expect(told((await pageOf(traceId)).entries)).toEqual([
        ["root"],
        ["call-10", `system: ${rules}`, "user: hi"],
        ["call-20", "user: and then?"],
      ]);
      expect(lines((await messagesOf(traceId, "call-10")).input)).toEqual([
        `system: ${rules}`,
        "user: hi",
      ]);
    });

    test("where each call has it in a field of its own, with the first one", async () => {
      const own = { systemPrompt: rules };
      const more = [user("hi"), says("answer 10"), user("and then?")];
      const traceId = await send([call(10, [user("hi")], own), call(20, more, own)]);
      for (const query of ["", "?from=call-20"]) {
        const entries = told((await pageOf(traceId, query)).entries);
        expect(entries).toContainEqual(["call-20", "user: and then?"]);
      }
      const [first] = (await pageOf(traceId)).entries;
      expect(lines(first!.input)).toEqual([`system: ${rules}`, "user: hi"]);
      const { input, newFrom } = await messagesOf(traceId, "call-20");
      expect(lines(input.slice(newFrom))).toEqual(["user: and then?"]);
      expect(lines(input)[0]).toBe(`system: ${rules}`);
    });

    test("of each agent its own, beside each other", async () => {
      const agent = (id: string, at: number) => ({
        ...{ ...root, spanId: id, startTime: at, endTime: 100 },
        systemPrompt: `rules of ${id}`,
      });
      const own = { role: "system", content: "rules of b" };
      const entries = await entriesOf([
        agent("a", 0),
        agent("b", 1),
        call(10, [own, user("b?")], { parentSpanId: "b" }),
        call(20, [user("a?")], { parentSpanId: "a" }),
      ]);
      expect(told(entries)).toEqual([
        ["a", "system: rules of a"],
        ["b"],
        ["call-10", "system: rules of b", "user: b?"],
        ["call-20", "user: a?"],
      ]);
    });
  });

  test("shows a tool as the call and the result that it is, whatever its texts look like", async () => {
    const [found] = await entriesOf([
      tool(10, "search", {
        input: '[{"role":"user","content":"no message"}]',
        output: '[{"type":"text","text":"a"},{"type":"text","text":"b"}]',
        status: "error",
      }),
    ]);
    expect(found!.input).toEqual([
      {
        role: "assistant",
        parts: [
          {
            type: "toolCall",
            id: null,
            name: "search",
            text: '[{"role":"user","content":"no message"}]',
          },
        ],
      },
    ]);
    expect(found!.output).toEqual([
      {
        role: "tool",
        parts: [{ type: "toolResult", id: null, name: "search", text: "a\nb", isError: true }],
      },
    ]);
  });
});

/** Each tool call as `name → span: result`. */
const joined = ({ calls }: TranscriptEntry) =>
  calls.map(
    ({ name, span, result }) =>
      `${name} → ${span?.spanId ?? null}: ${result?.text.replace(` ${long}`, "") ?? null}`,
  );

describe("a tool call in a transcript", () => {
  const question = user("one");

  test("goes with the span whose id ends with its own", async () => {
    const [call] = await entriesOf([
      llm(10, [question], asks(["c1", "search"], ["c2", "search"])),
      tool(16, "search", { spanId: "x:tool:c2", output: "second" }),
      tool(17, "search", { spanId: "x:tool:c1", output: "first" }),
    ]);
    expect(joined(call!)).toEqual(["search → x:tool:c1: first", "search → x:tool:c2: second"]);
  });

  test("goes with the span that has its id as an attribute, wherever that stands", async () => {
    const start = 1_700_000_000_000;
    const nanos = (ms: number) => `${start + ms}000000`;
    const attribute = (key: string, stringValue: string) => ({ key, value: { stringValue } });
    const span = (n: number, parent: number, at: number, ...attributes: [string, string][]) => ({
      traceId: "a".repeat(31) + (traces % 10),
      spanId: `${n}`.padStart(16, "0"),
      ...(parent && { parentSpanId: `${parent}`.padStart(16, "0") }),
      name: attributes[0]![1],
      startTimeUnixNano: nanos(at),
      endTimeUnixNano: nanos(at + 5),
      attributes: attributes.map(([key, value]) => attribute(key, value)),
    });
    const spans = [
      span(1, 0, 0, ["gen_ai.operation.name", "invoke_agent"]),
      span(
        2,
        1,
        10,
        ["gen_ai.operation.name", "chat"],
        ["gen_ai.request.model", "m"],
        ["gen_ai.output.messages", JSON.stringify([asks(["c1", "search"], ["c2", "search"])])],
      ),
      ...[2, 1].map((n) =>
        span(
          10 + n,
          9,
          20 - n,
          ["gen_ai.operation.name", "execute_tool"],
          ["gen_ai.tool.name", "search"],
          ["gen_ai.tool.call.id", `c${n}`],
          ["gen_ai.tool.call.result", `result ${n}`],
        ),
      ),
    ];
    const response = await fetch(`${server.url}/v1/traces`, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
    });
    expect(response.status).toBe(200);
    const { entries } = await pageOf(spans[0]!.traceId);
    expect(joined(entries.find(({ spanType }) => spanType === "llm")!)).toEqual([
      "search → 0000000000000011: result 1",
      "search → 0000000000000012: result 2",
    ]);
  });

  test("goes by its name and order with spans below the call, or beside it until the next", async () => {
    const beside = { parentSpanId: "root" };
    const [first, , , , second] = await entriesOf([
      llm(10, [question], asks(["c1", "search"], ["c2", "fetch"], ["c3", "search"]), beside),
      tool(16, "search", { ...beside, output: "first" }),
      tool(17, "search", { parentSpanId: "call-10", output: "below" }),
      tool(18, "fetch", { ...beside, output: "fetched" }),
      llm(20, [question, user("two")], asks(["c4", "search"]), beside),
      tool(26, "search", { ...beside, output: "later" }),
    ]);
    expect(joined(first!)).toEqual([
      "search → tool-17: below",
      "fetch → tool-18: fetched",
      "search → tool-16: first",
    ]);
    expect(joined(second!)).toEqual(["search → tool-26: later"]);
  });

  test("goes with the one span below its call whatever that is called", async () => {
    const [call] = await entriesOf([
      llm(10, [question], asks(["c1", "find_file"])),
      tool(16, "bash", { parentSpanId: "call-10" }),
    ]);
    expect(joined(call!)).toEqual(["find_file → tool-16: result of bash"]);
  });

  test("has its result from the next call where no span ran it", async () => {
    const asked = asks(["c1", "search"], ["c2", "fetch"], ["c3", "lost"]);
    const [call] = await entriesOf([
      llm(10, [question], asked),
      llm(20, [question, asked, answers("c2", "fetched"), answers("c1", "found")]),
    ]);
    expect(joined(call!)).toEqual([
      "search → null: found",
      "fetch → null: fetched",
      "lost → null: null",
    ]);
  });

  test("is known from the next call where the answer has only its text", async () => {
    const q1 = user("one");
    const said = { ...asks(["c1", "search"]), content: "I look." };
    const [call] = await entriesOf([
      llm(10, [q1], { role: "assistant", content: "I look." }),
      tool(16, "search", { parentSpanId: "call-10" }),
      llm(20, [q1, said, answers("c1", "found")]),
    ]);
    expect(joined(call!)).toEqual(["search → tool-16: result of search"]);
  });

  test("has what its span failed with, and no result where none came", async () => {
    const [call] = await entriesOf([
      llm(10, [question], asks(["c1", "search"], ["c2", "fetch"])),
      tool(16, "search", {
        parentSpanId: "call-10",
        output: undefined,
        status: "error",
        errorMessage: "timed out",
      }),
      tool(17, "fetch", { parentSpanId: "call-10", output: undefined }),
    ]);
    expect(joined(call!)).toEqual(["search → tool-16: timed out", "fetch → tool-17: null"]);
    expect(call!.calls[0]!.result).toMatchObject({ id: "c1", isError: true });
  });

  test("finds its span and its result behind the end of the page", async () => {
    const asked = asks(["c1", "search"], ["c2", "fetch"]);
    const traceId = await send([
      llm(10, [question], asked),
      tool(16, "search", { parentSpanId: "call-10", output: "found" }),
      llm(20, [question, asked, answers("c1", "found"), answers("c2", "fetched")]),
    ]);
    const { entries } = await pageOf(traceId, "?limit=1");
    expect(joined(entries[0]!)).toEqual(["search → tool-16: found", "fetch → null: fetched"]);
  });

  test("keeps apart the calls of answers that count their ids anew", async () => {
    const entries = await entriesOf([
      llm(10, [question], asks(["0", "search"]), { parentSpanId: "root" }),
      tool(16, "search", { spanId: "a:0", parentSpanId: "root", output: "first" }),
      llm(20, [question, user("two")], asks(["0", "search"]), { parentSpanId: "root" }),
      tool(26, "search", { spanId: "b:0", parentSpanId: "root", output: "second" }),
    ]);
    expect(entries.flatMap(joined)).toEqual(["search → a:0: first", "search → b:0: second"]);
  });
});

describe("a page of a transcript", () => {
  test("goes on where the one before ended, spans of one moment included", async () => {
    const spans = Array.from({ length: 25 }, (_, i) =>
      makeSpan({
        ...llm(100 + Math.floor(i / 6), [user("one"), user(`${i}`)]),
        spanId: `s${i}`,
        spanType: (["llm", "tool", "agent", "other"] as const)[i % 4],
      }),
    );
    const traceId = `transcript-${traces++}`;
    expect((await server.ingest(makePayload({ traceId, spans }))).status).toBe(202);
    const whole = await pageOf(traceId, "?limit=200");
    expect(whole.nextCursor).toBeNull();
    expect(whole.entries).toHaveLength(19);
    const paged: TranscriptEntry[] = [];
    let cursor: string | null = null;
    do {
      const { entries, nextCursor }: TranscriptPage = await pageOf(
        traceId,
        `?limit=3${cursor ? `&cursor=${cursor}` : ""}`,
      );
      expect(entries.length).toBeLessThanOrEqual(3);
      paged.push(...entries);
      cursor = nextCursor;
    } while (cursor);
    expect(paged).toEqual(whole.entries);
  });

  test("begins with the model call that a span follows", async () => {
    const traceId = await send([
      tool(5, "before"),
      llm(10, [user("one")], asks(["c1", "search"])),
      tool(16, "search"),
      llm(20, [user("one"), user("two")]),
      tool(26, "other"),
    ]);
    const idsFrom = async (span: string) =>
      (await pageOf(traceId, `?from=${span}`)).entries.map(({ spanId }) => spanId);
    const whole = (await pageOf(traceId)).entries;
    expect(await idsFrom("tool-26")).toEqual(["call-20", "tool-26"]);
    expect(await idsFrom("call-20")).toEqual(["call-20", "tool-26"]);
    expect(await idsFrom(`~${whole[2]!.key}`)).toEqual([
      "call-10",
      "tool-16",
      "call-20",
      "tool-26",
    ]);
    expect(await idsFrom("tool-5")).toEqual(whole.map(({ spanId }) => spanId));

    const { nextCursor } = await pageOf(traceId, "?from=call-20&limit=1");
    const { entries } = await pageOf(traceId, `?from=call-20&cursor=${nextCursor}`);
    expect(entries.map(({ spanId }) => spanId)).toEqual(["tool-26"]);
    const unknown = await server.api(`/api/traces/${traceId}/transcript?from=nobody`);
    expect(unknown.status).toBe(404);
  });

  test("clips what is long, says how long it is, and ends where it grows too long", async () => {
    const words = "word ".repeat(4000);
    const history = (name: string) =>
      Array.from({ length: 45 }, (_, i) => ({ role: "user", content: `${name} ${i} ${words}` }));
    const traceId = await send([
      llm(10, history("first"), { role: "assistant", content: "short" }),
      llm(20, history("second")),
      llm(30, [user("other")]),
    ]);
    const { entries, nextCursor } = await pageOf(traceId);
    expect(entries.map(({ spanId }) => spanId)).toEqual(["call-10", "call-20"]);
    const part = (entry: number, message: number) => entries[entry]!.input[message]!.parts[0];
    const text = `first 0 ${words}`;
    expect(part(0, 0)).toMatchObject({ text: text.slice(0, 16_384), fullLength: text.length });
    expect(entries[0]!.output[0]!.parts[0]).toEqual({ type: "text", text: "short" });
    const lastText = `second 44 ${words}`;
    expect(part(1, 44)).toMatchObject({
      text: lastText.slice(0, 200),
      fullLength: lastText.length,
    });
    expect(JSON.stringify(entries).length).toBeLessThan(1_200_000);
    expect((await pageOf(traceId, `?cursor=${nextCursor}`)).entries).toMatchObject([
      { spanId: "call-30" },
    ]);
  });

  test("takes less than 100 ms of a trace of 50,000 spans, wherever it begins", async () => {
    const history = Array.from({ length: 41 }, (_, i) => (i % 2 ? says(`${i}`) : user(`${i}`)));
    const steps = 20;
    for (let from = 0; from < 25_000; from += 500) {
      const spans = Array.from({ length: 500 }, (_, i) => [
        llm(20 * (from + i), history.slice(0, 2 * (i % steps) + 1), asks([`c${i}`, "search"])),
        tool(20 * (from + i) + 6, "search", { parentSpanId: `call-${20 * (from + i)}` }),
      ]);
      const payload = makePayload({ traceId: "huge", spans: spans.flat() });
      for (const trace of payload.traces) {
        const halves = [trace.spans.slice(0, 500), trace.spans.slice(500)];
        payload.traces = halves.map((spans) => ({ ...trace, spans }));
      }
      expect((await server.ingest(payload)).status).toBe(202);
    }
    for (const call of [0, 12_000, 24_990]) {
      const cursor = Buffer.from(JSON.stringify([20 * call, 0, 0])).toString("base64url");
      let best = Infinity;
      for (let i = 0; i < 7; i++) {
        const startMs = cpuMs();
        const response = await server.api(`/api/traces/huge/transcript?cursor=${cursor}`);
        const { entries } = (await response.json()) as TranscriptPage;
        best = Math.min(best, cpuMs() - startMs);
        expect(entries[0]).toMatchObject({ spanId: `call-${20 * call}` });
        expect(joined(entries[0]!)).toEqual([`search → tool-${20 * call + 6}: result of search`]);
      }
      // It takes 30 ms.
      expect(best).toBeLessThan(300);
    }
  });

  test("is a 404 of no trace, a 400 for no cursor or limit", async () => {
    const traceId = await send([llm(10, [user("one")])]);
    const status = async (path: string) => (await server.api(`/api/traces/${path}`)).status;
    expect(await status("none/transcript")).toBe(404);
    expect(await status(`${traceId}/spans/none/messages`)).toBe(404);
    expect(await status(`${traceId}/transcript?cursor=x`)).toBe(400);
    expect(await status(`${traceId}/transcript?limit=201`)).toBe(400);
    expect(await status(`${traceId}/transcript?more=1`)).toBe(400);
    expect(await status(`${traceId}/transcript?project=none`)).toBe(404);
  });

  test("is empty for a trace of which nothing is shown", async () => {
    const traceId = await send([{ spanId: "o", spanType: "other" }]);
    expect(await pageOf(traceId)).toEqual({ entries: [], nextCursor: null });
  });
});

describe("the messages of a span", () => {
  test("are whole, with the place of the first that is new", async () => {
    const [q1, a1, q2] = [user("one"), says("first"), user("two")];
    const words = "word ".repeat(10_000);
    const traceId = await send([
      llm(10, [q1], a1, { toolCatalog: '[{"name":"search"}]' }),
      llm(20, [q1, a1, q2], { role: "assistant", content: words }),
    ]);
    expect(await messagesOf(traceId, "call-10")).toMatchObject({
      earlier: null,
      newFrom: 0,
      tools: [{ name: "search" }],
    });
    const messages = await messagesOf(traceId, "call-20");
    expect(lines(messages.input)).toEqual(["user: one", "assistant: first", "user: two"]);
    expect(messages.output[0]!.parts).toEqual([{ type: "text", text: words }]);
    expect(messages).toMatchObject({
      earlier: { spanId: "call-10" },
      newFrom: 2,
      isEdited: false,
      tools: [],
    });
  });

  test("begin behind the answer, whatever a sender keeps beside it", async () => {
    const [q1, a1, q2] = [user("one"), says("first"), user("two")];
    const traceId = await send([
      llm(10, [q1], { ...a1, annotations: [{ title: "a source" }] }),
      llm(20, [q1, { ...a1, mood: "calm" }, q2]),
    ]);
    expect(await messagesOf(traceId, "call-20")).toMatchObject({ newFrom: 2, isEdited: false });
  });

  test("say where the history was edited, and where nothing is new", async () => {
    const [q1, a1, q2] = [user("one"), says("first"), user("two")];
    const traceId = await send([
      llm(10, [q1, a1, q2]),
      llm(20, [q1, says("another"), q2]),
      llm(30, [q1, a1, q2]),
    ]);
    expect(await messagesOf(traceId, "call-20")).toMatchObject({ newFrom: 1, isEdited: true });
    expect(await messagesOf(traceId, "call-30")).toMatchObject({
      earlier: { spanId: "call-10" },
      newFrom: 3,
      isEdited: false,
    });
  });

  test("of a tool are its call and its result, of an empty span none", async () => {
    const traceId = await send([tool(10, "search"), { spanId: "empty", startTime: 20 }]);
    expect((await messagesOf(traceId, "tool-10")).output).toEqual([
      {
        role: "tool",
        parts: [
          {
            type: "toolResult",
            id: null,
            name: "search",
            text: "result of search",
            isError: false,
          },
        ],
      },
    ]);
    expect(await messagesOf(traceId, "empty")).toEqual({
      input: [],
      output: [],
      tools: [],
      earlier: null,
      isEdited: false,
      newFrom: 0,
    });
  });
});

/** Whole messages, clipped where others of the same shape are. */
function clippedLike(shown: TranscriptEntry["input"], whole: TranscriptEntry["input"]) {
  return whole.map(({ parts, ...message }, m) => ({
    ...message,
    parts: parts.map((part, p) => {
      const other = shown[m]?.parts[p];
      if (!other || other.type === "media" || part.type === "media" || !other.fullLength)
        return part;
      return { ...part, text: part.text.slice(0, other.text.length), fullLength: part.text.length };
    }),
  }));
}

test("where the store is damaged a transcript and messages say so, and show the rest", async () => {
  const dying = await startServer();
  const [q1, a1] = [user("one"), says("first")];
  const spans = [llm(10, [q1], a1), llm(20, [q1, a1, user("two")])].map(makeSpan);
  expect((await dying.ingest(makePayload({ traceId: "t", spans }))).status).toBe(202);
  await dying.stop();
  const db = new Database(join(dying.dataDir, "tealight.db"));
  db.run("UPDATE blocks SET data = x'00'");
  db.close();
  await using again = await startServer({ dataDir: dying.dataDir });
  const { entries } = (await (
    await again.api("/api/traces/t/transcript")
  ).json()) as TranscriptPage;
  expect(entries.map(({ spanId }) => spanId)).toEqual(["call-10", "call-20"]);
  for (const { input } of entries) expect(lines(input)[0]).toContain("is damaged in the store");
  const response = await again.api("/api/traces/t/spans/call-20/messages");
  expect(response.status).toBe(200);
  expect(lines(((await response.json()) as SpanMessages).input)[0]).toContain("is damaged");
  expect((await again.api("/api/traces/t/spans/call-20/new")).status).toBe(200);
});

const sessions = readAgentSessions();
const captures = readCaptures();

test.skipIf(!sessions || !captures)(
  "real traffic is read whole: each call shows what /messages has from the first new one on",
  async () => {
    const ids = new Set<string>();
    const bodies = [
      ...sessions!.map((line) => JSON.parse(line) as { traces: { traceId: string }[] }),
      ...captures!.flatMap(({ requests }) =>
        requests.filter(({ expect }) => expect.status === 202).map(({ body }) => body as never),
      ),
    ];
    for (const body of bodies as { traces: { traceId: string }[] }[]) {
      expect((await server.ingest(body)).status).toBe(202);
      for (const { traceId } of body.traces) ids.add(traceId);
    }
    const seen = { calls: 0, joined: 0, answered: 0, continued: 0 };
    for (const traceId of ids) {
      let cursor: string | null = null;
      do {
        const page: TranscriptPage = await pageOf(traceId, cursor ? `?cursor=${cursor}` : "");
        for (const entry of page.entries) {
          const types = [...entry.input, ...entry.output].flatMap(({ parts }) => parts);
          expect(types.filter(({ type }) => type === "raw")).toEqual([]);
          if (entry.spanType !== "llm") continue;
          const whole = await messagesOf(traceId, encodeURIComponent(entry.spanId));
          expect(entry.input).toEqual(clippedLike(entry.input, whole.input.slice(whole.newFrom)));
          expect(entry).toMatchObject({ earlier: whole.earlier, isEdited: whole.isEdited });
          if (entry.earlier) seen.continued++;
          seen.calls += entry.calls.length;
          seen.joined += entry.calls.filter(({ span }) => span).length;
          seen.answered += entry.calls.filter(({ result }) => result).length;
        }
        cursor = page.nextCursor;
      } while (cursor);
    }
    expect(seen.continued).toBeGreaterThan(100);
    expect(seen.calls).toBeGreaterThan(20);
    expect(seen).toMatchObject({ joined: seen.calls, answered: seen.calls });
  },
);
