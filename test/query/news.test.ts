/** What is new in a call, over HTTP, as a viewer asks for it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface News {
  earlier: { key: number; spanId: string } | null;
  sharedLength: number;
  newLength: number;
  isEdited: boolean;
}

let traces = 0;

/** Sends model calls with these inputs, one request each, and asks what is new in the last. */
async function newsOf(inputs: (string | undefined)[], last = inputs.length - 1): Promise<News> {
  const traceId = `news-${traces++}`;
  for (const [i, input] of inputs.entries()) {
    const span = makeSpan({
      spanId: `s${i}`,
      spanType: "llm",
      startTime: i,
      endTime: i + 1,
      input,
    });
    expect((await server.ingest(makePayload({ traceId, spans: [span] }))).status).toBe(202);
  }
  const response = await server.api(`/api/traces/${traceId}/spans/s${last}/new`);
  expect(response.status).toBe(200);
  return (await response.json()) as News;
}

const say = (text: string) => ({
  role: "user",
  content: `${text}, said at some length to be a piece`,
});
const [a, b, c, d] = ["one", "two", "three", "four"].map(say);

describe("what is new in a call", () => {
  test("is everything in the first", async () => {
    const input = JSON.stringify([a]);
    expect(await newsOf([input])).toEqual({
      earlier: null,
      sharedLength: 0,
      newLength: input.length,
      isEdited: false,
    });
  });

  test("is what follows the messages of the call before", async () => {
    const [before, now] = [JSON.stringify([a, b]), JSON.stringify([a, b, c])];
    const news = await newsOf([before, now]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, isEdited: false });
    expect(now.slice(news.sharedLength)).toBe(`,${JSON.stringify(c)}]`);
    expect(news.newLength).toBe(now.length - news.sharedLength);
  });

  test("is measured against the call that shares most, not the one before", async () => {
    const main = JSON.stringify([a, b, c]);
    const aside = JSON.stringify([a, d]);
    const news = await newsOf([main, aside, JSON.stringify([a, b, c, d])]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, isEdited: false });
  });

  test("says so where the history was edited, and counts from the edited message on", async () => {
    const now = JSON.stringify([a, say("another two"), c]);
    const news = await newsOf([JSON.stringify([a, b, c]), now]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, isEdited: true });
    expect(now.slice(news.sharedLength)).toStartWith(JSON.stringify(say("another two")));
  });

  test("says so where messages were dropped", async () => {
    const news = await newsOf([JSON.stringify([a, b, c]), JSON.stringify([a, c])]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, isEdited: true });
  });

  test("is nothing where the same is sent again", async () => {
    const news = await newsOf([JSON.stringify([a, b]), JSON.stringify([a, b])]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, newLength: 0, isEdited: false });
  });

  test("is not an edit where short messages follow, or what a client cut off", async () => {
    const short = [a, { role: "user", content: "ok" }];
    const now = JSON.stringify([...short, b]);
    const news = await newsOf([JSON.stringify(short), now]);
    expect(news.isEdited).toBe(false);
    expect(now.slice(news.sharedLength)).toBe(`,${JSON.stringify(b)}]`);
    const cut = JSON.stringify([a, b]).slice(0, -20);
    expect(await newsOf([cut, JSON.stringify([a, b, c])])).toMatchObject({ isEdited: false });
  });

  test("looks into the messages of an object", async () => {
    const call = (messages: unknown[]) =>
      JSON.stringify({ model: "m", messages, tools: [say("tool")] });
    const now = call([a, b, c]);
    const news = await newsOf([call([a, b]), now]);
    expect(news).toMatchObject({ earlier: { spanId: "s0" }, isEdited: false });
    expect(now.slice(news.sharedLength)).toStartWith(`,${JSON.stringify(c)}]`);
  });

  test("compares with calls that started before, whatever arrived first", async () => {
    const [before, now] = [JSON.stringify([a]), JSON.stringify([a, b])];
    expect(await newsOf([before, now], 0)).toMatchObject({ earlier: null });
  });

  test("is nothing for a span without input, and a 404 without the span", async () => {
    expect(await newsOf([undefined])).toEqual({
      earlier: null,
      sharedLength: 0,
      newLength: 0,
      isEdited: false,
    });
    expect((await server.api("/api/traces/news-0/spans/none/new")).status).toBe(404);
  });

  test("is found along a conversation of 600 steps", async () => {
    const messages = Array.from({ length: 600 }, (_, i) => say(`message ${i}`));
    const spans = messages.map((_, i) =>
      makeSpan({
        spanId: `s${i}`,
        spanType: "llm",
        startTime: i,
        endTime: i + 1,
        input: JSON.stringify(messages.slice(0, i + 1)),
      }),
    );
    for (let at = 0; at < spans.length; at += 50) {
      const part = makePayload({ traceId: "long", spans: spans.slice(at, at + 50) });
      expect((await server.ingest(part)).status).toBe(202);
    }
    const response = await server.api("/api/traces/long/spans/s599/new");
    expect(await response.json()).toMatchObject({
      earlier: { spanId: "s598" },
      newLength: JSON.stringify(messages[599]).length + 2,
      isEdited: false,
    });
  });
});
