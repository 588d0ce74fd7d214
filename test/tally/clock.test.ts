import { describe, expect, test } from "bun:test";
import { extentOf } from "../../src/tally/clock.ts";
import type { SpanFacts } from "../../src/tally/spanfacts.ts";

const hour = 3_600_000;
const now = 10 * hour;

/** A span of 1 s that starts so many ms after `now`. */
function span(spanId: string, parentSpanId: string | undefined, at: number, more = {}) {
  return {
    spanId,
    parentSpanId,
    startTime: now + at,
    endTime: now + at + 1000,
    header: { x: { serviceName: "shop" } },
    ...more,
  } as SpanFacts;
}

/** From and to, in ms after `now`. */
function extent(...spans: SpanFacts[]): [number, number] {
  const { startTime, endTime } = extentOf(new Map(spans.map((each) => [each.spanId, each])), {
    startTime: Math.min(...spans.map((each) => each.startTime)),
    endTime: Math.max(...spans.map((each) => each.endTime)),
    rootStart: Math.min(
      ...spans.filter((each) => each.parentSpanId === undefined).map((each) => each.startTime),
    ),
  });
  return [startTime - now, endTime - now];
}

const root = span("root", undefined, 0, { endTime: now + 5000 });

describe("the time of a trace", () => {
  test("is from its first start to its last end", () => {
    expect(extent(root, span("a", "root", 3000), span("b", "root", 6000))).toEqual([0, 7000]);
  });

  test("is not made longer by a span of a host whose clock is hours behind", () => {
    expect(extent(root, span("a", "root", -3 * hour))).toEqual([0, 5000]);
  });

  test("nor by what stands below such a span, in whichever order they arrive", () => {
    const far = span("far", "root", -3 * hour);
    const below = span("below", "far", -3 * hour + 500, { endTime: now + 9000 });
    expect(extent(root, far, below)).toEqual([0, 5000]);
    expect(extent(below, far, root)).toEqual([0, 5000]);
  });

  test("includes a span that ends in its parent, or was recorded shortly before", () => {
    expect(extent(root, span("a", "root", -hour, { endTime: now + 10 }))[0]).toBe(-hour);
    expect(extent(root, span("a", "root", -30_000))[0]).toBe(-30_000);
  });

  test("includes the spans of a parent whose start was not sent", () => {
    const late = span("root", undefined, 5000, { startTime: now + 5000, endTime: now + 5000 });
    expect(extent(late, span("a", "root", -hour))).toEqual([-hour, 5000]);
  });

  test("of a v1 trace includes all spans, wherever they are", () => {
    const header = {};
    const far = span("far", "root", -3 * hour, { header });
    expect(extent({ ...root, header }, far)).toEqual([-3 * hour, 5000]);
  });

  test("is found in a ring of parents", () => {
    const ring = [span("a", "b", -2 * hour), span("b", "a", -2 * hour)];
    expect(extent(root, ...ring)).toEqual([-2 * hour, 5000]);
  });
});
