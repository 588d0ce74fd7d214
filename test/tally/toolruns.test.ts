import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import type { SpanFacts } from "../../src/tally/spanfacts.ts";
import { ToolRuns } from "../../src/tally/toolruns.ts";

function run(spanId: string, more: Partial<SpanFacts> = {}): SpanFacts {
  return {
    key: 1,
    spanId,
    parentSpanId: undefined,
    spanType: "tool",
    status: "ok",
    toolCallId: "call_1",
    toolCallKey: "call_id",
    instrumentation: "agent",
    startTime: 10,
    endTime: 20,
    hasInput: false,
    hasOutput: false,
    ...more,
  } as SpanFacts;
}

/** What each span repeats, decided at once or after each span. */
function repeatsIn(spans: SpanFacts[], isStepwise = false): Record<string, string> {
  const stored = new Map<string, SpanFacts>();
  const runs = new ToolRuns(stored);
  for (const span of spans) {
    stored.set(span.spanId, span);
    runs.add(span);
    if (isStepwise) runs.decide();
  }
  runs.decide();
  const found = spans.flatMap((span) => {
    const counting = runs.repeatedBy(span);
    return counting ? [[span.spanId, counting.spanId]] : [];
  });
  return Object.fromEntries(found);
}

const withTexts = { hasInput: true, hasOutput: true };

describe("two spans of one call's id are one run of a tool", () => {
  test("where one is above the other, whatever stands between, and the one with texts counts", () => {
    const outer = run("outer");
    const inner = run("inner", { parentSpanId: "between", startTime: 30, endTime: 40 });
    const between = run("between", { spanType: "other", parentSpanId: "outer" });
    expect(repeatsIn([outer, inner, between])).toEqual({ inner: "outer" });
    expect(repeatsIn([outer, { ...inner, ...withTexts }, between])).toEqual({ outer: "inner" });
    expect(repeatsIn([outer, inner])).toEqual({});
  });

  test("where two instrumentations report it at the same time, wherever they stand", () => {
    const library = run("library", { instrumentation: "ai", ...withTexts });
    expect(repeatsIn([run("own"), library])).toEqual({ own: "library" });
    const other = run("other", { toolCallKey: "tool.call_id", ...withTexts });
    expect(repeatsIn([run("own"), other])).toEqual({ own: "other" });
    expect(repeatsIn([run("own", { startTime: 21, endTime: 22 }), library])).toEqual({});
  });

  test("not where one instrumentation has two at once, or their ids differ", () => {
    expect(repeatsIn([run("a"), run("b")])).toEqual({});
    const other = run("b", { instrumentation: "ai", toolCallId: "call_2" });
    expect(repeatsIn([run("a"), other])).toEqual({});
  });

  test("of two at once of one instrumentation one is that of another instrumentation", () => {
    const library = run("library", { instrumentation: "ai", ...withTexts });
    const found = repeatsIn([run("a"), run("b", { startTime: 15 }), library]);
    expect(Object.values(found)).toEqual(["library"]);
  });
});

const drawn = fc.uniqueArray(
  fc.record({
    spanId: fc.constantFrom("a", "b", "c", "d", "e", "f"),
    parentSpanId: fc.constantFrom(undefined, "a", "b", "c", "gone"),
    toolCallId: fc.constantFrom("1", "2"),
    toolCallKey: fc.constantFrom("call_id", "tool.call_id"),
    instrumentation: fc.constantFrom("x", "y", undefined),
    startTime: fc.nat(5),
    endTime: fc.integer({ min: 5, max: 8 }),
    hasInput: fc.boolean(),
    hasOutput: fc.boolean(),
  }),
  { selector: ({ spanId }) => spanId },
);

test("what repeats what does not depend on the order, and the one that counts repeats nothing", () => {
  fc.assert(
    fc.property(drawn, (drawn) => {
      const runs = drawn.map(({ spanId, ...more }) => run(spanId, more));
      const found = repeatsIn(runs);
      expect(repeatsIn(runs.toReversed())).toEqual(found);
      expect(repeatsIn(runs, true)).toEqual(found);
      for (const counting of Object.values(found)) expect(found[counting]).toBeUndefined();
      for (const [id, counting] of Object.entries(found)) {
        const idOf = (wanted: string) => runs.find(({ spanId }) => spanId === wanted)!.toolCallId;
        expect(idOf(id)).toBe(idOf(counting));
      }
    }),
    { numRuns: 1000 },
  );
});

test("a thousand spans of one id are each compared with a few", () => {
  let looks = 0;
  class Counted extends Map<string, SpanFacts> {
    override get(spanId: string) {
      looks++;
      return super.get(spanId);
    }
  }
  const stored = new Counted();
  const runs = new ToolRuns(stored);
  for (let i = 0; i < 1000; i++) {
    const times = { startTime: 100 * i, endTime: 100 * i + 1 };
    const span = run(`s${i}`, { parentSpanId: "p", ...times });
    stored.set(span.spanId, span);
    runs.add(span);
  }
  expect(runs.decide()).toEqual([]);
  expect(looks).toBeLessThan(100_000);
});
