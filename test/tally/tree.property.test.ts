/** The order of a trace's spans against a naive model that walks down from the top. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { arrange } from "../../src/tally/tree.ts";
import { cpuMs } from "../helpers.ts";
import { treeOf, treeSpansOf, type TreePlace, type TreeSpan } from "./trees.ts";

/** Follows the words of the rule one by one: small traces only. */
function model(spans: TreeSpan[]): TreePlace<TreeSpan>[] {
  const find = (id: string | null) => spans.find(({ spanId }) => spanId === id);
  const ancestors = (span: TreeSpan): TreeSpan[] => {
    const up: TreeSpan[] = [];
    let at = find(span.parentSpanId);
    while (at && !up.includes(at)) {
      up.push(at);
      at = find(at.parentSpanId);
    }
    return up;
  };
  const earlier = (a: TreeSpan, b: TreeSpan) => a.startTime - b.startTime || a.key - b.key;
  const isCycle = (span: TreeSpan) => ancestors(span).includes(span);
  const isTop = (span: TreeSpan) =>
    !find(span.parentSpanId) || (isCycle(span) && ancestors(span).sort(earlier)[0] === span);
  const below = (parent: TreeSpan | null) =>
    spans
      .filter((span) =>
        parent ? !isTop(span) && span.parentSpanId === parent.spanId : isTop(span),
      )
      .sort(earlier);
  const walk = (span: TreeSpan, depth: number): TreePlace<TreeSpan>[] => [
    {
      span,
      depth,
      childCount: below(span).length,
      isOrphan: span.parentSpanId !== null && !find(span.parentSpanId),
      isCycle: isCycle(span),
    },
    ...below(span).flatMap((child) => walk(child, depth + 1)),
  ];
  return below(null).flatMap((span) => walk(span, 0));
}

const placesOf = (spans: TreeSpan[]) => treeOf(spans).places;

/** Few ids and times, so that parents are there or not, circles close and starts are shared. */
const anySpans = fc
  .array(
    fc.record({
      parent: fc.option(fc.nat({ max: 14 }), { nil: null, freq: 4 }),
      startTime: fc.nat({ max: 6 }),
    }),
    { maxLength: 12 },
  )
  .map((drawn) =>
    drawn.map(({ parent, startTime }, i): TreeSpan => ({
      key: i,
      spanId: `s${i}`,
      parentSpanId: parent === null ? null : `s${parent}`,
      startTime,
    })),
  );

describe("the order of a trace's spans", () => {
  test("is the one of a naive walk, whatever the parents are", () => {
    fc.assert(
      fc.property(anySpans, (spans) => {
        expect(placesOf(spans)).toEqual(model(spans));
      }),
      { numRuns: 2000 },
    );
  });

  test("does not depend on the order of arrival, and loses nobody", () => {
    fc.assert(
      fc.property(
        anySpans.chain((spans) =>
          fc.tuple(fc.constant(spans), fc.shuffledSubarray(spans, { minLength: spans.length })),
        ),
        ([spans, shuffled]) => {
          const places = placesOf(shuffled);
          expect(places).toEqual(placesOf(spans));
          expect(new Set(places.map(({ span }) => span)).size).toBe(spans.length);
        },
      ),
      { numRuns: 500 },
    );
  });

  test("is known for a chain of 50,000, a circle of 50,000 and a wide trace in some ms", () => {
    const count = 50_000;
    const make = (parentOf: (i: number) => number | null): TreeSpan[] =>
      Array.from({ length: count }, (_, i) => {
        const parent = parentOf(i);
        return {
          key: i,
          spanId: `s${i}`,
          parentSpanId: parent === null ? null : `s${parent}`,
          startTime: (i * 7919) % count,
        };
      });
    const shapes = {
      chain: make((i) => (i === 0 ? null : i - 1)),
      circle: make((i) => (i + 1) % count),
      wide: make((i) => (i === 0 ? null : Math.floor((i - 1) / 40))),
    };
    for (const [name, spans] of Object.entries(shapes)) {
      const columns = treeSpansOf(spans);
      const startMs = cpuMs();
      const { depths } = arrange(columns);
      const tookMs = cpuMs() - startMs;
      expect(depths).toHaveLength(count);
      // It takes 20 ms.
      expect({ name, isSlow: tookMs > 500 }).toEqual({ name, isSlow: false });
      if (name !== "wide") expect(depths.at(-1)).toBe(count - 1);
    }
  });
});
