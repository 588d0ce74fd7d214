/** What is new in all calls of a trace, against what is said of each call by itself. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { join } from "node:path";
import fc from "fast-check";
import type { ReadBackend } from "../../src/backend/reader.ts";
import type { TraceRef } from "../../src/backend/traces.ts";
import { budget } from "../../src/limits.ts";
import { readTraceNews, type NewsQuery, type TraceNews } from "../../src/query/tracenews.ts";
import { openReadBackend } from "../../src/sqlite/reader.ts";
import { cpuMs, makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
let backend: ReadBackend;
beforeAll(async () => {
  server = await startServer();
  backend = openReadBackend(join(server.dataDir, "tealight.db"));
});
afterAll(async () => {
  backend.close();
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

function newsOf(ref: TraceRef, query: NewsQuery, budgetMs: number): TraceNews {
  return backend.read((reader) => readTraceNews(reader, ref, query, Date.now(), budgetMs));
}

async function get<T>(path: string): Promise<T> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return (await response.json()) as T;
}

async function send(traceId: string, spans: object[]): Promise<void> {
  for (let at = 0; at < spans.length; at += 1000) {
    const part = makePayload({ traceId, spans: spans.slice(at, at + 1000) });
    expect((await server.ingest(part)).status).toBe(202);
  }
}

/** How an input is made from an earlier one: many histories have few beginnings. */
const step = fc.record({
  from: fc.nat(),
  kept: fc.nat({ max: 6 }),
  added: fc.array(fc.nat({ max: 5 }), { maxLength: 3 }),
  shape: fc.constantFrom("list", "list", "list", "object", "cut", "spaced", "none"),
  startTime: fc.nat({ max: 8 }),
  spanType: fc.constantFrom("llm", "llm", "llm", "tool"),
});

const words = ["short", ..."abcde"].map((word, i) =>
  i === 0 ? word : `${word} is said at such length that it is more than a literal, é ${i} 日本`,
);

function toInput(messages: object[], shape: string): string | undefined {
  const json = JSON.stringify(messages);
  switch (shape) {
    case "object":
      return JSON.stringify({ model: "m", messages, tools: [] });
    case "cut":
      return json.slice(0, -15);
    case "spaced":
      return JSON.stringify(messages, null, 1);
    case "none":
      return undefined;
    default:
      return json;
  }
}

let traces = 0;

describe("what is new in all calls of a trace", () => {
  test("is what is new in each", async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 14 }), async (steps) => {
        const histories: object[][] = [[]];
        const spans = steps.map(({ from, kept, added, shape, startTime, spanType }, i) => {
          const base = histories[from % histories.length]!;
          const said = added.map((word) => ({ role: "user", content: words[word] }));
          const messages = [...base.slice(0, base.length - (kept % 3)), ...said];
          histories.push(messages);
          const input = toInput(messages, shape);
          return makeSpan({ spanId: `s${i}`, spanType, startTime, endTime: 20, input });
        });
        const traceId = `news-${traces++}`;
        await send(traceId, spans);
        // Whatever else the machine does.
        const { calls, partial } = newsOf({ traceId }, {}, Infinity);
        expect(partial).toBe(false);
        expect(calls.map(({ spanId }) => spanId)).toEqual(
          spans
            .filter(({ spanType }) => spanType === "llm")
            .sort((a, b) => a.startTime - b.startTime)
            .map(({ spanId }) => spanId),
        );
        const paged: TraceNews["calls"] = [];
        for (let cursor: string | null | undefined; cursor !== null;) {
          const page = newsOf({ traceId }, { cursor, limit: 3 }, Infinity);
          paged.push(...page.calls);
          cursor = page.nextCursor;
        }
        expect(paged).toEqual(calls);
        for (const { key, spanId: _, ...news } of calls) {
          expect(news).toEqual(await get(`/api/traces/${traceId}/spans/~${key}/new`));
        }
      }),
      { numRuns: 60 },
    );
  });

  test("is known at once for a conversation of 10,000 calls", async () => {
    const say = (i: number) => ({
      role: "user",
      content: `what was said in step ${i}, at length ${"x".repeat(40)}`,
    });
    // Each call has the start of the conversation and the last ones of a window that moves on.
    const spans = Array.from({ length: 10_000 }, (_, i) => {
      const messages = [
        say(-1),
        ...Array.from({ length: (i % 10) + 1 }, (_, k) => say(i - (i % 10) + k)),
      ];
      return makeSpan({
        spanId: `s${i}`,
        startTime: i,
        endTime: i + 1,
        input: JSON.stringify(messages),
      });
    });
    await send("long", spans);
    const startMs = cpuMs();
    const { calls } = newsOf({ traceId: "long" }, {}, Infinity);
    expect(cpuMs() - startMs).toBeLessThan(3000);
    expect(calls).toHaveLength(10_000);
    expect(calls[9]).toMatchObject({
      earlier: { spanId: "s8" },
      newLength: JSON.stringify(say(9)).length + 2,
      isEdited: false,
    });
    expect(calls[10]).toMatchObject({ earlier: { spanId: "s9" }, isEdited: true });
  });

  test("is known without its lengths where there is no time for the texts", async () => {
    const [a, b, c] = words.slice(1).map((content) => ({ role: "user", content }));
    await send("hasty", [
      makeSpan({ spanId: "s0", startTime: 0, input: JSON.stringify([a, b]) }),
      makeSpan({ spanId: "s1", startTime: 1, input: JSON.stringify([a, b, c]) }),
    ]);
    const lengths = { sharedLength: null, newLength: null, isEdited: null };
    const { leastSteps } = budget;
    budget.leastSteps = 0;
    try {
      expect(newsOf({ traceId: "hasty" }, {}, -1)).toMatchObject({
        calls: [
          { spanId: "s0", earlier: null, ...lengths },
          { spanId: "s1", earlier: { spanId: "s0" }, ...lengths },
        ],
        partial: true,
      });
    } finally {
      budget.leastSteps = leastSteps;
    }
  });
});
