/** What is new in a call, over HTTP, as a viewer asks for it. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import fc from "fast-check";
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

/** A call as the model has it: numbers stand for messages, odd ones for those of the assistant. */
interface Sent {
  input: number[];
  output: number;
}

/** Each call goes on from an earlier one, from all or a part of its history, with or without its answer. */
const conversation = fc
  .array(
    fc.record({
      from: fc.nat(),
      keep: fc.oneof({ weight: 3, arbitrary: fc.constant(Infinity) }, fc.nat(6)),
      isAnswered: fc.boolean(),
      next: fc.array(fc.nat(7), { minLength: 1, maxLength: 3 }),
      output: fc.nat(3).map((n) => 2 * n + 1),
    }),
    { minLength: 1, maxLength: 12 },
  )
  .map((steps) => {
    const calls: Sent[] = [];
    for (const { from, keep, isAnswered, next, output } of steps) {
      const before = calls[from % (calls.length || 1)];
      const history = before ? [...before.input, ...(isAnswered ? [before.output] : [])] : [];
      calls.push({ input: [...history.slice(0, keep), ...next], output });
    }
    return calls;
  });

const wordsOf = (n: number) => `message ${n}, said at some length so that it is a piece of its own`;

function expected(calls: Sent[], at: number) {
  const { input } = calls[at]!;
  let best = { call: -1, shared: 0, weight: 1 };
  for (const [i, other] of calls.slice(0, at).entries()) {
    let shared = 0;
    while (shared < input.length && input[shared] === other.input[shared]) shared++;
    // That both go on, or both end, is the comma or the bracket in common.
    const isSameSign =
      shared === input.length ? shared === other.input.length : shared < other.input.length;
    const weight = 2 * shared + (isSameSign ? 1 : 0);
    if (shared > 0 && weight >= best.weight) best = { call: i, shared, weight };
  }
  if (best.call < 0) return { earlier: null, isEdited: false, fresh: input };
  const earlier = calls[best.call]!;
  const isEdited = best.shared < earlier.input.length;
  const fresh = input.slice(best.shared);
  while (!isEdited && fresh[0] === earlier.output) fresh.shift();
  return { earlier: `s${best.call}`, isEdited, fresh };
}

test("along any conversation all three routes tell the same news as a model that compares messages", async () => {
  const message = (n: number) => ({ role: n % 2 ? "assistant" : "user", content: wordsOf(n) });
  await fc.assert(
    fc.asyncProperty(conversation, fc.boolean(), async (calls, isRequest) => {
      const traceId = `model-${traces++}`;
      const spans = calls.map(({ input, output }, i) => {
        const messages = input.map(message);
        return makeSpan({
          spanId: `s${i}`,
          startTime: i,
          endTime: i + 1,
          input: JSON.stringify(isRequest ? { model: "m", messages, tools: [] } : messages),
          output: JSON.stringify(message(output)),
        });
      });
      expect((await server.ingest(makePayload({ traceId, spans }))).status).toBe(202);
      const read = async (path: string) =>
        (await (await server.api(`/api/traces/${traceId}/${path}`)).json()) as any;
      const { entries } = await read("transcript");
      for (const [i, { input }] of calls.entries()) {
        const { earlier, isEdited, fresh } = expected(calls, i);
        const texts = (messages: any[]) => messages.map(({ parts }) => parts[0].text);
        const idOf = (news: { earlier: { spanId: string } | null }) => news.earlier?.spanId ?? null;
        expect({
          earlier: idOf(entries[i]),
          isEdited: entries[i].isEdited,
          fresh: texts(entries[i].input),
        }).toEqual({ earlier, isEdited, fresh: fresh.map(wordsOf) });
        const whole = await read(`spans/s${i}/messages`);
        expect(texts(whole.input)).toEqual(input.map(wordsOf));
        expect({ earlier: idOf(whole), isEdited: whole.isEdited, newFrom: whole.newFrom }).toEqual({
          earlier,
          isEdited,
          newFrom: input.length - fresh.length,
        });
        const news = await read(`spans/s${i}/new`);
        expect({ earlier: idOf(news), isEdited: news.isEdited }).toEqual({ earlier, isEdited });
      }
    }),
    { numRuns: 60 },
  );
});
