/** Which spans report one model call: by rules that are written out here, and against a plain model. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { Usage } from "../../src/contract/v1.ts";
import type { SpanFacts } from "../../src/tally/spanfacts.ts";
import { Tally } from "../../src/tally/tally.ts";
import { countCalls, type ModelSpan } from "./calls.model.ts";

type Sent = ModelSpan & Partial<Pick<SpanFacts, "hasInput" | "hasOutput" | "ttftMs">>;

function factsOf(span: Sent, key: number): SpanFacts {
  const { x, ...rest } = span;
  return {
    key,
    status: "ok",
    parentSpanId: undefined,
    ttftMs: undefined,
    toolName: undefined,
    provider: undefined,
    modelId: undefined,
    usage: undefined,
    hasInput: false,
    hasOutput: false,
    cost: undefined,
    isCostEstimated: false,
    reportedCost: undefined,
    header: {},
    ...rest,
    requestModelId: x?.requestModelId,
    responseId: x?.responseId,
    instrumentation: x?.instrumentation,
  } as SpanFacts;
}

function tallyOf(spans: Sent[], isAsked: () => boolean = () => false): Tally {
  const tally = new Tally();
  spans.forEach((span, key) => {
    tally.put(factsOf(span, key));
    if (isAsked()) tally.row();
  });
  return tally;
}

/** What each span repeats, by ids. */
function repeatsIn(tally: Tally): Record<string, string> {
  const marked = tally.takeMarks();
  const ids = new Map([...tally.facts()].map(({ key, spanId }) => [key, spanId]));
  return Object.fromEntries(
    marked.flatMap(({ spanId, mark }) =>
      mark!.repeats === null ? [] : [[spanId, ids.get(mark!.repeats)!]],
    ),
  );
}

const span = (
  spanId: string,
  spanType: string,
  parentSpanId?: string,
  more: Partial<Sent> = {},
) => ({
  spanId,
  spanType,
  parentSpanId,
  startTime: 100,
  endTime: 200,
  ...more,
});
const llm = (
  spanId: string,
  parentSpanId: string | undefined,
  counts: [input: number, output: number] | null,
  more: Partial<Sent> = {},
): Sent =>
  span(spanId, "llm", parentSpanId, {
    modelId: "gpt-4o",
    ...(counts && { usage: { inputTokens: counts[0], outputTokens: counts[1] } }),
    ...more,
  });
const by = (instrumentation: string, responseId?: string) => ({
  x: { instrumentation, ...(responseId !== undefined && { responseId }) },
});
const failed = { status: "error" };
const mini = { modelId: "gpt-4o-mini" };
const long = "chatcmpl-AbCdEf0123456789";

describe("of spans within each other", () => {
  test.each<[string, Sent[], Record<string, string>]>([
    [
      "the outer one repeats the inner one with its counts",
      [llm("a", undefined, [9, 1]), llm("b", "a", [9, 1])],
      { a: "b" },
    ],
    [
      "a call of another model is one of its own",
      [llm("a", undefined, [1000, 100]), llm("b", "a", [50, 5], mini)],
      {},
    ],
    [
      "one of another model is so with the same counts, too",
      [llm("a", undefined, [9, 1]), llm("b", "a", [9, 1], mini)],
      {},
    ],
    [
      "a call of the same model with other counts is one of its own",
      [llm("a", undefined, [1000, 100]), llm("b", "a", [50, 5])],
      {},
    ],
    [
      "an embedding is a call of its own",
      [
        llm("a", undefined, [9, 0]),
        span("b", "embedding", "a", { usage: { inputTokens: 9 }, modelId: "gpt-4o" }),
      ],
      {},
    ],
    [
      "one behind a tool is a call of its own",
      [llm("a", undefined, [9, 1]), span("t", "tool", "a"), llm("b", "t", [9, 1])],
      {},
    ],
    [
      "one behind an agent is a call of its own",
      [llm("a", undefined, [9, 1]), span("t", "agent", "a"), llm("b", "t", [9, 1])],
      {},
    ],
    [
      "what is neither stands in no way",
      [llm("a", undefined, [9, 1]), span("t", "other", "a"), llm("b", "t", [9, 1])],
      { a: "b" },
    ],
    [
      "the id of the answer tells, whatever they count",
      [llm("a", undefined, [9, 1], by("x", long)), llm("b", "a", [7, 3], by("y", long))],
      { a: "b" },
    ],
    [
      "a router between two of one call is a call of its own",
      [llm("a", undefined, [9, 1]), llm("r", "a", [40, 2], mini), llm("b", "r", [9, 1])],
      { a: "b" },
    ],
    [
      "a total says the same as its parts",
      [llm("a", undefined, null, { usage: { totalTokens: 10 } }), llm("b", "a", [9, 1])],
      { a: "b" },
    ],
    [
      "a part of the counts is enough",
      [llm("a", undefined, null, { usage: { inputTokens: 9 } }), llm("b", "a", [9, 1])],
      { a: "b" },
    ],
    [
      "three of one call are one",
      [llm("a", undefined, [9, 1]), llm("b", "a", [9, 1]), llm("c", "b", [9, 1])],
      { a: "c", b: "c" },
    ],
    [
      "the one that says more counts: its price is nearer",
      [
        llm("a", undefined, null, {
          usage: { inputTokens: 9, outputTokens: 1, cachedInputTokens: 8 },
        }),
        llm("b", "a", [9, 1]),
      ],
      { b: "a" },
    ],
    [
      "the sum over two calls is no third",
      [
        llm("a", undefined, [12, 3]),
        llm("b", "a", [9, 1]),
        llm("c", "a", [3, 2], { endTime: 300 }),
      ],
      { a: "c" },
    ],
    [
      "the sum over calls of several models is none, either",
      [
        llm("a", undefined, [12, 3]),
        llm("b", "a", [9, 1]),
        llm("c", "a", [3, 2], { ...mini, endTime: 300 }),
      ],
      { a: "c" },
    ],
    [
      "a sum counts duplicates once",
      [
        llm("a", undefined, [12, 3]),
        llm("b", "a", [9, 1]),
        llm("c", "b", [9, 1]),
        llm("d", "a", [3, 2], { endTime: 300 }),
      ],
      { a: "d", b: "c" },
    ],
    [
      "of two tries the last one is the outer span's",
      [llm("a", undefined, [9, 1]), llm("b", "a", [9, 1], { endTime: 120 }), llm("c", "a", [9, 1])],
      { a: "c" },
    ],
    [
      "one that says no counts is the call that does",
      [llm("a", undefined, null), llm("b", "a", [9, 1])],
      { a: "b" },
    ],
    [
      "an inner one without counts is the outer one's call",
      [llm("a", undefined, [9, 1]), llm("b", "a", null)],
      { b: "a" },
    ],
    ["zeros say nothing", [llm("a", undefined, [0, 0]), llm("b", "a", [9, 1])], { a: "b" }],
    [
      "one that names no model may be any",
      [llm("a", undefined, null, { modelId: undefined }), llm("b", "a", [9, 1])],
      { a: "b" },
    ],
    [
      "a failed call is one",
      [llm("a", undefined, null, failed), llm("b", "a", null, failed)],
      { a: "b" },
    ],
    [
      "a failed try beside the one that worked is a call of its own",
      [
        llm("a", undefined, [9, 1]),
        llm("b", "a", null, { ...failed, endTime: 120 }),
        llm("c", "a", [9, 1], { startTime: 120 }),
      ],
      { a: "c" },
    ],
    [
      "of three failed tries the last one is the outer span's",
      [
        llm("a", undefined, null, failed),
        llm("b", "a", null, { ...failed, endTime: 120 }),
        llm("c", "a", null, { ...failed, startTime: 130, endTime: 150 }),
        llm("d", "a", null, { ...failed, startTime: 160 }),
      ],
      { a: "d" },
    ],
    [
      "a failed call of another model is one of its own",
      [llm("a", undefined, null, failed), llm("b", "a", null, { ...failed, ...mini })],
      {},
    ],
    [
      "one that ran at another time is a call of its own",
      [
        llm("a", undefined, null, failed),
        llm("b", "a", null, { ...failed, startTime: 900, endTime: 950 }),
      ],
      {},
    ],
    [
      "an alias is the dated model that answered",
      [llm("a", undefined, [9, 1]), llm("b", "a", [9, 1], { modelId: "openai/GPT-4o-2024-08-06" })],
      { a: "b" },
    ],
    [
      "a deployment is the model that another span says answered it",
      [
        llm("a", undefined, [9, 1], { modelId: "my-deployment" }),
        llm("b", "a", [9, 1], { x: { requestModelId: "my-deployment" } }),
      ],
      { a: "b" },
    ],
  ])("%s", (_, spans, expected) => {
    fc.assert(
      fc.property(
        fc.shuffledSubarray(spans, { minLength: spans.length }),
        fc.infiniteStream(fc.boolean()),
        (shuffled, asks) => {
          expect(repeatsIn(tallyOf(shuffled, () => asks.next().value!))).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

describe("of spans beside each other", () => {
  const agent = span("r", "agent");
  test.each<[string, Sent[], Record<string, string>]>([
    [
      "one answer's id, at once, from two instrumentations is one call",
      [
        llm("a", "r", [9, 1], by("x", "id-1")),
        llm("b", "r", [9, 1], { ...by("y", "id-1"), startTime: 110, endTime: 190 }),
      ],
      { a: "b" },
    ],
    [
      "so it is where one does not count",
      [llm("a", "r", [9, 1], by("x", "id-1")), llm("b", "r", null, by("y", "id-1"))],
      { b: "a" },
    ],
    [
      "an id of one instrumentation is two calls",
      [llm("a", "r", [9, 1], by("x", "id-1")), llm("b", "r", [9, 1], by("x", "id-1"))],
      {},
    ],
    [
      "an id that comes again later is another call",
      [
        llm("a", "r", [9, 1], by("x", "id-1")),
        llm("b", "r", [9, 1], { ...by("y", "id-1"), startTime: 200, endTime: 300 }),
      ],
      {},
    ],
    [
      "a short id with other counts is another call",
      [llm("a", "r", [9, 1], by("x", "id-1")), llm("b", "r", [8, 1], by("y", "id-1"))],
      {},
    ],
    [
      "a long id is of one answer, whatever they count",
      [
        llm("a", "r", [9, 1], by("x", long)),
        llm("b", "r", [9, 2], { ...by("y", long), endTime: 190 }),
      ],
      { a: "b" },
    ],
    [
      "an id is no proof between agents",
      [
        span("a", "agent", "r", { ...by("x", "id-1"), usage: { inputTokens: 9 } }),
        span("b", "agent", "r", { ...by("y", "id-1"), usage: { inputTokens: 9 } }),
      ],
      {},
    ],
    [
      "embeddings are joined by it, too",
      [
        span("a", "embedding", "r", { ...by("x", "id-1"), usage: { inputTokens: 9 } }),
        span("b", "embedding", "r", {
          ...by("y", "id-1"),
          usage: { inputTokens: 9 },
          endTime: 190,
        }),
      ],
      { a: "b" },
    ],
    [
      "spans elsewhere in the trace are joined by it",
      [
        span("o", "other", "r"),
        llm("a", "o", [9, 1], by("x", "id-1")),
        llm("b", "r", [9, 1], { ...by("y", "id-1"), endTime: 190 }),
      ],
      { a: "b" },
    ],
    [
      "where one has no id, the same counts at once from two instrumentations are one call",
      [llm("a", "r", [9, 1], by("x")), llm("b", "r", [9, 1], { ...by("y", long), endTime: 190 })],
      { a: "b" },
    ],
    [
      "two ids are two calls",
      [llm("a", "r", [9, 1], by("x", "id-1")), llm("b", "r", [9, 1], by("y", "id-2"))],
      {},
    ],
    [
      "without an id, another model is another call",
      [llm("a", "r", [9, 1], by("x")), llm("b", "r", [9, 1], { ...by("y"), ...mini })],
      {},
    ],
    [
      "without an id, one that reaches out of the other is another call",
      [
        llm("a", "r", [9, 1], by("x")),
        llm("b", "r", [9, 1], { ...by("y"), startTime: 150, endTime: 250 }),
      ],
      {},
    ],
    [
      "a call that failed is one",
      [
        llm("a", "r", null, { ...by("x"), ...failed }),
        llm("b", "r", null, { ...by("y"), ...failed, endTime: 190 }),
      ],
      { a: "b" },
    ],
    [
      "five at once that two instrumentations report are five",
      [0, 1, 2, 3, 4].flatMap((i) => [
        llm(`a${i}`, "r", [9, 1], { ...by("x"), startTime: 100 + 10 * i }),
        llm(`b${i}`, "r", [9, 1], { ...by("y"), startTime: 101 + 10 * i, endTime: 199 }),
      ]),
      { a0: "b0", a1: "b1", a2: "b2", a3: "b3", a4: "b4" },
    ],
    [
      "a third span within one of them is of the same call",
      [
        llm("a", "r", [9, 1], by("x", "id-1")),
        llm("b", "r", [9, 1], { ...by("y", "id-1"), startTime: 110, endTime: 190 }),
        llm("c", "a", [9, 1], { ...by("z"), startTime: 120, endTime: 180 }),
      ],
      { a: "c", b: "c" },
    ],
  ])("%s", (_, spans, expected) => {
    const all = [agent, ...spans];
    fc.assert(
      fc.property(
        fc.shuffledSubarray(all, { minLength: all.length }),
        fc.infiniteStream(fc.boolean()),
        (shuffled, asks) => {
          expect(repeatsIn(tallyOf(shuffled, () => asks.next().value!))).toEqual(expected);
        },
      ),
      { numRuns: 30 },
    );
  });
});

test("a call that several spans report counts once: calls, errors, models, tokens, time to first token", () => {
  const tally = tallyOf([
    span("r", "agent", undefined, { usage: { inputTokens: 18, outputTokens: 2 } }),
    llm("a", "r", [9, 1], { ttftMs: 5 }),
    llm("b", "a", [9, 1], { modelId: "gpt-4o-2024-08-06" }),
    llm("c", "r", null, failed),
    llm("d", "c", null, failed),
  ]);
  expect(tally.row()).toMatchObject({
    llmCount: 2,
    errorCount: 1,
    models: ["gpt-4o", "gpt-4o-2024-08-06"],
    usage: { inputTokens: 9, outputTokens: 1 },
    priceableSpanCount: 2,
    ttftMs: 5,
  });
  expect(tally.ttftOf(tally.get("b")!)).toBe(5);
});

test("an error of the outer span alone stays one, and the call is none that failed", () => {
  const tally = tallyOf([llm("a", undefined, [9, 1], failed), llm("b", "a", [9, 1])]);
  expect(tally.row()).toMatchObject({ llmCount: 1, errorCount: 1 });
  expect(tally.isRepeated(tally.get("a")!)).toBe(true);
});

test("the span that says most of the messages is shown for the call", () => {
  const tally = tallyOf([
    llm("step", undefined, null, { hasInput: true, hasOutput: true }),
    llm("inference", "step", [9, 1], { hasOutput: true }),
  ]);
  expect(Object.fromEntries(tally.takeMarks().map(({ spanId, mark }) => [spanId, mark]))).toEqual({
    step: { repeats: 1, shownBy: null },
    inference: { repeats: null, shownBy: 0 },
  });
  expect(tally.takeMarks()).toEqual([]);
});

describe("what an agent reports", () => {
  const usageOf = (spans: Sent[]) => tallyOf(spans).row().usage;
  const reporting = (id: string, parent: string | undefined, counts: Usage) =>
    span(id, "agent", parent, { usage: counts });
  test("beyond the calls below it counts where one of them does not say its own", () => {
    const spans = [
      reporting("r", undefined, { inputTokens: 300, outputTokens: 30 }),
      llm("a", "r", [100, 10]),
      llm("b", "r", null, { startTime: 300, endTime: 400 }),
    ];
    expect(usageOf(spans)).toEqual({ inputTokens: 300, outputTokens: 30 });
    expect(usageOf(spans.toReversed())).toEqual({ inputTokens: 300, outputTokens: 30 });
  });

  test("does not count where all of them do, or the one that does not has failed", () => {
    const more = reporting("r", undefined, { inputTokens: 300 });
    expect(usageOf([more, llm("a", "r", [100, 10])])).toEqual({
      inputTokens: 100,
      outputTokens: 10,
    });
    expect(
      usageOf([more, llm("a", "r", [100, 10]), llm("b", "r", null, { ...failed, ...mini })]),
    ).toEqual({
      inputTokens: 100,
      outputTokens: 10,
    });
  });

  test("counts at the agent next above the call, once", () => {
    expect(
      usageOf([
        reporting("r", undefined, { inputTokens: 500 }),
        reporting("s", "r", { inputTokens: 150 }),
        llm("a", "s", [100, 10]),
        llm("b", "s", null, { startTime: 300, endTime: 400 }),
        llm("c", "r", [300, 1], { startTime: 500, endTime: 600 }),
      ]),
    ).toEqual({ inputTokens: 450, outputTokens: 11 });
  });
});

const ids = ["a", "b", "c", "d", "e", "f", "g"];
const count = fc.constantFrom(0, 1, 2, 3);
const anySpan: fc.Arbitrary<Sent> = fc
  .record(
    {
      spanId: fc.constantFrom(...ids),
      spanType: fc.constantFrom(
        "agent",
        "llm",
        "llm",
        "llm",
        "tool",
        "embedding",
        "other",
        "other",
      ),
      startTime: fc.constantFrom(0, 10, 20, 30),
      durationMs: fc.constantFrom(0, 10, 20, 40),
      parentSpanId: fc.constantFrom(...ids, "missing"),
      status: fc.constantFrom("ok", "ok", "error"),
      modelId: fc.constantFrom("m1", "m1", "m2", "gpt-4o", "openai/gpt-4o-2024-08-06"),
      usage: fc.record(
        {
          inputTokens: count,
          outputTokens: count,
          totalTokens: count,
          cachedInputTokens: fc.constant(1),
        },
        { requiredKeys: [] },
      ),
      ttftMs: fc.nat(3),
      x: fc.record(
        {
          instrumentation: fc.constantFrom("x", "y"),
          responseId: fc.constantFrom("chatcmpl-1", long),
          requestModelId: fc.constant("m2"),
        },
        { requiredKeys: [] },
      ),
    },
    { requiredKeys: ["spanId", "spanType", "startTime", "durationMs"] },
  )
  .map(({ durationMs, ...rest }) => ({ ...rest, endTime: rest.startTime + durationMs }) as Sent);

test("whatever spans come, in any order, what counts is what the plain model counts", () => {
  fc.assert(
    fc.property(
      fc.uniqueArray(anySpan, { selector: ({ spanId }) => spanId, minLength: 1, maxLength: 7 }),
      fc.infiniteStream(fc.boolean()),
      (spans, asks) => {
        const tally = tallyOf(spans, () => asks.next().value!);
        const model = countCalls(spans);
        for (const fact of tally.facts()) {
          const sent = spans.find(({ spanId }) => spanId === fact.spanId)!;
          expect([fact.spanId, tally.isRepeated(fact), tally.usageOf(fact)]).toEqual([
            fact.spanId,
            model.isRepeated(sent),
            model.usageOf(sent),
          ]);
        }
        expect(tally.row().errorCount).toBe(model.errorCount);
      },
    ),
    { numRuns: 3000 },
  );
});
