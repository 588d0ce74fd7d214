/** Which spans are internal, and how many, in whatever order they come: against a naive look at each. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { InternalSpans, type RuntimeFacts } from "../../src/tally/internal.ts";
import { internalIn } from "./internal.model.ts";

type Drawn = RuntimeFacts;

const model = (spans: Drawn[]) => internalIn(spans, ({ isRuntime }) => isRuntime);

/** Few ids, so that parents are there or not, and circles close. */
const anySpans = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat({ max: 13 }), { nil: undefined, freq: 5 }),
      kind: fc.constantFrom("runtime", "runtime", "runtime", "plain", "work"),
    }),
    { maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ parent, kind }, i): Drawn => ({
      key: i,
      spanId: `s${i}`,
      parentSpanId: parent === undefined ? undefined : `s${parent}`,
      isRuntime: kind === "runtime",
      spanType: kind === "work" ? "tool" : "other",
    })),
  )
  .chain((spans) => fc.shuffledSubarray(spans, { minLength: spans.length }));

test("a span is internal that leads to nothing but the runtime, and it is known at every step", () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const stored = new Map<string, Drawn>();
      const internal = new InternalSpans(stored);
      for (const span of spans) {
        stored.set(span.spanId, span);
        internal.add(span);
        const known = [...stored.values()];
        expect(known.filter((span) => internal.has(span)).map(({ spanId }) => spanId)).toEqual(
          model(known),
        );
        expect(internal.count).toBe(model(known).length);
        expect(internal.areAll).toBe(known.every(({ isRuntime }) => isRuntime));
      }
    }),
    { numRuns: 2000 },
  );
});

test("a chain as long as a trace may be costs about one look at each span, from whichever end", () => {
  const length = 50_000;
  const chain = Array.from({ length }, (_, i): Drawn => ({
    key: i,
    spanId: `s${i}`,
    parentSpanId: i === 0 ? undefined : `s${i - 1}`,
    isRuntime: i > 0,
    spanType: i === 0 ? "agent" : "other",
  }));
  for (const spans of [chain, chain.toReversed()]) {
    let looks = 0;
    class Counted extends Map<string, Drawn> {
      override get(spanId: string) {
        looks++;
        return super.get(spanId);
      }
    }
    const stored = new Counted();
    const internal = new InternalSpans(stored);
    for (const span of spans) {
      stored.set(span.spanId, span);
      internal.add(span);
    }
    expect(internal.count).toBe(length - 1);
    expect(looks).toBeLessThan(4 * length);
  }
});
