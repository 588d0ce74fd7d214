import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { type SpanFacts } from "../../src/tally/spanfacts.ts";
import { Tally } from "../../src/tally/tally.ts";
import { cpuMs } from "../helpers.ts";
import { maxCount } from "../payload.arbitrary.ts";

let nextKey = 0;

function facts(spanId: string, more: Partial<SpanFacts> = {}): SpanFacts {
  return {
    key: nextKey++,
    spanId,
    parentSpanId: undefined,
    spanType: "other",
    status: "ok",
    startTime: 10,
    endTime: 20,
    ttftMs: undefined,
    toolName: undefined,
    provider: undefined,
    modelId: undefined,
    isModelInherited: false,
    requestModelId: undefined,
    responseId: undefined,
    instrumentation: undefined,
    usage: undefined,
    hasInput: false,
    hasOutput: false,
    toolCallId: undefined,
    toolCallKey: undefined,
    isRuntime: false,
    cost: undefined,
    isCostEstimated: false,
    reportedCost: undefined,
    header: { traceName: "n" },
    ...more,
  };
}

function rowOf(...spans: SpanFacts[]) {
  const tally = new Tally();
  for (const span of spans) tally.put(span);
  return tally.row();
}

const agent = (id: string, parentSpanId?: string, inputTokens?: number) =>
  facts(id, {
    spanType: "agent",
    parentSpanId,
    usage: inputTokens === undefined ? undefined : { inputTokens },
  });
const call = (id: string, parentSpanId?: string, inputTokens?: number, more = {}) =>
  facts(id, {
    spanType: "llm",
    parentSpanId,
    usage: inputTokens === undefined ? undefined : { inputTokens },
    ...more,
  });

describe("the status of a trace", () => {
  const root = (status: string) => facts("root", { spanType: "agent", status });
  test.each([
    [
      "aborted where a root is, whatever else failed",
      [root("aborted"), call("c", "root", 1, { status: "error" })],
      "aborted",
    ],
    ["error where a root is", [root("error"), call("c", "root")], "error"],
    [
      "error where the model call that ended last is",
      [root("ok"), call("c", "root", 1, { status: "error" })],
      "error",
    ],
    [
      "ok where a model call failed and a later one did not",
      [
        root("ok"),
        call("a", "root", 1, { status: "error", endTime: 20 }),
        call("b", "root", 1, { endTime: 21 }),
      ],
      "ok",
    ],
    [
      "error where of two that ended together the greater id failed",
      [root("ok"), call("b", "root", 1, { status: "error" }), call("a", "root", 1)],
      "error",
    ],
    [
      "ok where only a tool failed",
      [root("ok"), facts("t", { spanType: "tool", parentSpanId: "root", status: "error" })],
      "ok",
    ],
    [
      "ok where only a child was aborted",
      [root("ok"), call("c", "root", 1, { status: "aborted" })],
      "ok",
    ],
  ] as [string, SpanFacts[], string][])("is %s", (_, spans, status) => {
    expect(rowOf(...spans).status).toBe(status as "ok");
    expect(rowOf(...spans.toReversed()).status).toBe(status as "ok");
  });

  test("leaves the count of errors to all spans", () => {
    const failed = { status: "error" };
    const spans = [facts("a", failed), call("b", "a", 1, failed), call("c", "a", 1)];
    expect(rowOf(...spans)).toMatchObject({ errorCount: 2, status: "error", rootCount: 1 });
  });
});

describe("a span's own usage", () => {
  test.each([
    ["counts where nobody below reports any", [agent("a", undefined, 7), call("c", "a")], 7],
    [
      "does not count beside that of its model calls",
      [agent("a", undefined, 7), call("c", "a", 5)],
      5,
    ],
    [
      "does not count where a far descendant reports",
      [
        agent("a", undefined, 7),
        agent("b", "a", 6),
        facts("t", { spanType: "tool", parentSpanId: "b" }),
        call("c", "t", 5),
      ],
      5,
    ],
    [
      "counts beside its sibling's",
      [agent("a", undefined, 7), agent("b", undefined, 6), call("c", "b", 5)],
      12,
    ],
    [
      "is not covered by a usage without counts",
      [agent("a", undefined, 7), call("c", "a", undefined, { usage: {} })],
      7,
    ],
    [
      "is covered by any count, though another",
      [
        agent("a", undefined, 7),
        facts("o", { parentSpanId: "a", usage: { imageCount: 1 } }),
        call("c", "a", undefined, { status: "error" }),
      ],
      undefined,
    ],
    [
      "counts beside a call that says only its images",
      [agent("a", undefined, 7), call("c", "a", undefined, { usage: { imageCount: 1 } })],
      7,
    ],
    [
      "is not covered through a parent that never came",
      [agent("a", undefined, 7), call("c", "missing", 5)],
      12,
    ],
    [
      "is covered by itself in a ring of parents",
      [agent("a", "b", 7), agent("b", "a", 6)],
      undefined,
    ],
    ["is covered by itself where it is its own parent", [agent("a", "a", 7)], undefined],
    [
      "is covered from a ring below it",
      [agent("a", undefined, 7), agent("b", "b", 5), call("c", "a", 1)],
      1,
    ],
    [
      "counts once where one library's span of a call stands around another's",
      [agent("a", undefined, 9), call("b", "a", 7), call("c", "b", 7)],
      7,
    ],
    [
      "counts once through a span between the two that is neither",
      [call("a", undefined, 7), facts("b", { parentSpanId: "a" }), call("c", "b", 7)],
      7,
    ],
    [
      "of a call counts beside that of a tool's own calls",
      [
        call("a", undefined, 7),
        facts("t", { spanType: "tool", parentSpanId: "a" }),
        call("c", "t", 5),
      ],
      12,
    ],
    [
      "of a call counts beside what a tool reports of itself",
      [
        call("a", undefined, 7),
        facts("t", { spanType: "tool", parentSpanId: "a", usage: { inputTokens: 5 } }),
      ],
      12,
    ],
    [
      "of anything else does not count above a report",
      [facts("o", { usage: { inputTokens: 7 } }), call("c", "o", 5)],
      5,
    ],
  ] as [string, SpanFacts[], number | undefined][])("%s", (_, spans, expected) => {
    fc.assert(
      fc.property(fc.shuffledSubarray(spans, { minLength: spans.length }), (shuffled) => {
        expect(rowOf(...shuffled).usage.inputTokens).toBe(expected);
      }),
    );
  });
});

describe("a tally", () => {
  const ids = ["a", "b", "c", "d", "e"];
  const anyFacts = fc
    .record({
      spanId: fc.constantFrom(...ids),
      parentSpanId: fc.option(fc.constantFrom(...ids, "missing"), { nil: undefined }),
      spanType: fc.constantFrom("agent", "llm", "tool", "embedding", "other"),
      status: fc.constantFrom("ok", "error", "aborted"),
      startTime: fc.nat(3),
      endTime: fc.integer({ min: 3, max: 6 }),
      ttftMs: fc.option(fc.nat(3), { nil: undefined }),
      modelId: fc.constantFrom(undefined, "", "m1", "m2"),
      usage: fc.option(
        fc.record({ inputTokens: fc.constantFrom(0, 1, maxCount) }, { requiredKeys: [] }),
        {
          nil: undefined,
        },
      ),
      header: fc.record(
        { traceName: fc.constantFrom("", "x", "y"), metadata: fc.constantFrom({}, { a: "b" }) },
        { requiredKeys: [] },
      ),
    })
    .map((values) => facts(values.spanId, values));

  test("says after any replacements what a new one says of the spans that are left", () => {
    fc.assert(
      fc.property(
        fc.array(anyFacts, { maxLength: 25 }),
        fc.infiniteStream(fc.boolean()),
        // Packed at once, on the way, never.
        fc.constantFrom(1, 4, Infinity),
        (puts, asks, packedFrom) => {
          const tally = new Tally(packedFrom);
          const left = new Map<string, SpanFacts>();
          for (const span of puts) {
            tally.put(span);
            left.set(span.spanId, span);
            // Asked in between or not: what was answered must not stick.
            if (asks.next().value) tally.row();
          }
          expect(tally.size).toBe(left.size);
          if (left.size > 0) expect(tally.row()).toEqual(rowOf(...[...left.values()].reverse()));
        },
      ),
      { numRuns: 1000 },
    );
  });

  test("replaces all of 50,000 spans in about the time that they took to come", () => {
    const tally = new Tally();
    const put = (endTime: number) => {
      const start = cpuMs();
      for (let i = 0; i < 50_000; i++) tally.put(call(`${i}`, "root", 1, { endTime }));
      const row = tally.row();
      return { row, tookMs: cpuMs() - start };
    };
    const first = put(20);
    expect(first.row).toMatchObject({ spanCount: 50_000, usage: { inputTokens: 50_000 } });
    const second = put(30);
    expect(second.row).toMatchObject({
      spanCount: 50_000,
      endTime: 30,
      usage: { inputTokens: 50_000 },
    });
    // Built anew for each of them it would be thousands of times that.
    expect(second.tookMs).toBeLessThan(50 * first.tookMs);
  });

  test("sums beyond what a number holds", () => {
    const spans = Array.from({ length: 3000 }, (_, i) => call(`${i}`, undefined, maxCount));
    expect(rowOf(...spans).usage).toEqual({ inputTokens: String(3000n * BigInt(maxCount)) });
  });

  test("takes the time to first token of the model call that started first and has one", () => {
    const spans = [
      call("a", undefined, 1, { startTime: 1 }),
      call("c", undefined, 1, { startTime: 2, ttftMs: 0 }),
      call("b", undefined, 1, { startTime: 2, ttftMs: 9 }),
      facts("t", { spanType: "tool", startTime: 0, ttftMs: 5 }),
    ];
    expect(rowOf(...spans).ttftMs).toBe(9);
    expect(rowOf(facts("x")).ttftMs).toBeNull();
  });
});

describe("runtime spans", () => {
  const runtime = (id: string, parentSpanId?: string, more: Partial<SpanFacts> = {}) =>
    facts(id, { parentSpanId, isRuntime: true, ...more });

  test("are internal where they lead to no work, and counted apart", () => {
    const spans = [
      agent("a"),
      runtime("leads", "a"),
      call("c", "leads"),
      runtime("r1", "a"),
      runtime("r2", "r1"),
      runtime("orphan", "gone"),
      facts("failed", { parentSpanId: "a", status: "error" }),
    ];
    for (const order of [spans, spans.toReversed()]) {
      expect(rowOf(...order)).toMatchObject({
        spanCount: 7,
        internalSpanCount: 2,
        isInternal: false,
      });
    }
  });

  test("are a trace of their own kind where there is nothing else, and none of them is internal", () => {
    const spans = [runtime("root"), runtime("child", "root")];
    expect(rowOf(...spans)).toMatchObject({ internalSpanCount: 0, isInternal: true });
    expect(rowOf(...spans, facts("plain"))).toMatchObject({ isInternal: false });
  });

  test("are counted anew when a span comes again as another", () => {
    const tally = new Tally();
    for (const span of [agent("a"), runtime("r", "a"), runtime("s", "r")]) tally.put(span);
    expect(tally.row().internalSpanCount).toBe(2);
    tally.put(facts("s", { parentSpanId: "r", spanType: "tool" }));
    expect(tally.row().internalSpanCount).toBe(0);
  });
});

test("a tool's run that two spans report is one tool and one error, whichever comes first", () => {
  const run = (id: string, more: Partial<SpanFacts> = {}) =>
    facts(id, { spanType: "tool", parentSpanId: "a", toolCallId: "call_1", ...more });
  const spans = [
    agent("a"),
    run("own", { toolCallKey: "call_id", status: "error" }),
    run("library", { toolCallKey: "tool.call_id", status: "error", hasOutput: true }),
  ];
  for (const order of [spans, spans.toReversed()]) {
    const tally = new Tally();
    for (const span of order) {
      tally.put({ ...span });
      // What is decided in between is taken back.
      tally.row();
    }
    expect(tally.row()).toMatchObject({ toolCount: 1, errorCount: 1 });
    expect(tally.isRepeated(tally.get("own")!)).toBe(true);
    const [mark] = tally.takeMarks();
    const { key } = tally.get("library")!;
    expect(mark).toMatchObject({ spanId: "own", mark: { repeats: key, shownBy: key } });
  }
});
