/** Where the time of a trace went, against a model that looks at each millisecond by itself. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { spanTypes } from "../../src/contract/v1.ts";
import { breakDown, type TimedSpans } from "../../src/query/breakdown.ts";
import { treeOf, type TreeSpan } from "../tally/trees.ts";

const isModel = ({ spanType }: { spanType: number }) =>
  ["llm", "embedding"].includes(spanTypes[spanType]!);

const anySpans = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat({ max: 9 }), { nil: null }),
      spanType: fc.nat({ max: spanTypes.length - 1 }),
      startTime: fc.nat({ max: 40 }),
      durationMs: fc.nat({ max: 25 }),
      ttftMs: fc.option(fc.nat({ max: 30 }), { nil: null }),
      providerId: fc.constantFrom(null, 1),
      modelId: fc.constantFrom(null, 1, 2),
      nameId: fc.nat({ max: 2 }),
      repeats: fc.option(fc.nat({ max: 9 }), { nil: null }),
    }),
    { minLength: 1, maxLength: 10 },
  )
  .map((drawn) =>
    drawn.map(({ parent, repeats, ...span }, key) => ({
      ...span,
      // Only model calls that count are repeated, and only by others.
      repeats:
        repeats !== null &&
        repeats !== key &&
        drawn[repeats]?.repeats === null &&
        isModel(span) &&
        isModel(drawn[repeats])
          ? `s${repeats}`
          : null,
      key,
      spanId: `s${key}`,
      parentSpanId: parent === null ? null : `s${parent}`,
    })),
  );

type Drawn = TreeSpan &
  Parameters<typeof isModel>[0] & {
    durationMs: number;
    ttftMs: number | null;
    providerId: number | null;
    modelId: number | null;
    nameId: number;
    repeats: string | null;
  };

const nameOf = (span: Drawn) =>
  isModel(span) ? `${span.providerId} ${span.modelId}` : `${span.nameId}`;

/** The same as columns. */
function timesOfSpans(spans: readonly Drawn[]): { named: string[]; timed: TimedSpans } {
  const named = [...new Set(spans.map(nameOf))];
  return {
    named,
    timed: {
      starts: Float64Array.from(spans, ({ startTime }) => startTime),
      ends: Float64Array.from(spans, ({ startTime, durationMs }) => startTime + durationMs),
      types: Uint8Array.from(spans, ({ spanType }) => spanType),
      waits: Float64Array.from(spans, ({ ttftMs }) => ttftMs ?? NaN),
      repeats: Int32Array.from(spans, ({ repeats }) =>
        spans.findIndex(({ spanId }) => spanId === repeats),
      ),
      names: Int32Array.from(spans, (span) => named.indexOf(nameOf(span))),
    },
  };
}

test("each millisecond is a model's, a tool's or idle, and each span's own time is what no child has", () => {
  fc.assert(
    fc.property(anySpans, (spans) => {
      const startTime = Math.min(...spans.map((span) => span.startTime));
      const endTime = Math.max(...spans.map((span) => span.startTime + span.durationMs));
      const { places, outline } = treeOf(spans);
      const { named, timed } = timesOfSpans(spans);
      const found = breakDown(outline, timed, named.length, { startTime, endTime });

      type Span = (typeof spans)[number];
      const runs = ({ startTime, durationMs }: Span, ms: number) =>
        startTime <= ms && ms < startTime + durationMs;
      const waits = (span: Span, ms: number) =>
        runs(span, ms) && span.ttftMs !== null && ms < span.startTime + span.ttftMs;
      const count = (test: (ms: number) => boolean) => {
        let sum = 0;
        for (let ms = startTime; ms < endTime; ms++) if (test(ms)) sum++;
        return sum;
      };
      const models = spans.filter((span) => isModel(span) && span.repeats === null);
      const tools = spans.filter(
        ({ spanType, repeats }) => spanTypes[spanType] === "tool" && repeats === null,
      );
      const inOrder = places
        .map(({ span }) => span)
        .sort((a, b) => a.startTime - b.startTime || a.key - b.key);
      const waiting = models.flatMap((call) => {
        if (call.ttftMs !== null) return [call];
        const timed = inOrder.filter(
          ({ repeats, ttftMs }) => repeats === call.spanId && ttftMs !== null,
        );
        return timed.slice(0, 1);
      });
      const anyOf = (some: Span[], ms: number) => some.some((span) => runs(span, ms));

      expect(found.modelMs).toBe(count((ms) => anyOf(models, ms)));
      expect(found.overlapMs).toBe(count((ms) => anyOf(tools, ms) && anyOf(models, ms)));
      expect(found.toolMs).toBe(count((ms) => anyOf(tools, ms) && !anyOf(models, ms)));
      expect(found.idleMs).toBe(count((ms) => !anyOf(tools, ms) && !anyOf(models, ms)));
      expect(found.waitCount).toBe(waiting.length);
      expect(found.waitMs).toBe(
        waiting.length === 0 ? null : count((ms) => waiting.some((span) => waits(span, ms))),
      );

      /** The children as they are shown: the span's place is above theirs. */
      const childrenOf = (span: Span) => {
        const at = places.findIndex((place) => place.span === span);
        const below = places.slice(at + 1);
        const end = below.findIndex(({ depth }) => depth <= places[at]!.depth);
        return (end < 0 ? below : below.slice(0, end))
          .filter(({ depth }) => depth === places[at]!.depth + 1)
          .map((place) => place.span);
      };
      const own = (span: Span) => count((ms) => runs(span, ms) && !anyOf(childrenOf(span), ms));
      const sum = (some: Span[], of: (span: Span) => number) =>
        some.reduce((total, span) => total + of(span), 0);
      const timesOf = (some: Span[]) => ({
        count: some.length,
        busyMs: count((ms) => anyOf(some, ms)),
        totalMs: sum(some, ({ durationMs }) => durationMs),
        selfMs: sum(some, own),
      });
      named.forEach((name, i) => {
        const some = [...models, ...tools].filter((span) => nameOf(span) === name);
        expect(found.times[i]).toEqual(timesOf(some));
      });
      expect(found.skewedSpanCount).toBe(
        sum(
          spans,
          (span) =>
            childrenOf(span).filter(
              (child) =>
                child.startTime < span.startTime ||
                child.startTime + child.durationMs > span.startTime + span.durationMs,
            ).length,
        ),
      );
    }),
    { numRuns: 1000 },
  );
});
