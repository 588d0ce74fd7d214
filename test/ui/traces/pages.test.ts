import { describe, expect, test } from "bun:test";
import type { Summary } from "../../../src/backend/views.ts";
import { toItems } from "../../../src/ui/traces/items.ts";
import {
  countNew,
  withChanged,
  withFresh,
  withoutGone,
  type ListPage,
} from "../../../src/ui/traces/pages.ts";

const hourMs = 3_600_000;
const now = new Date(2026, 10, 24, 15).getTime();

function trace(key: number, more: Partial<Summary> = {}): Summary {
  return { key, startTime: now - 1_000 * (1_000 - key), state: "ended", ...more } as Summary;
}

function page(keys: number[], more: Partial<ListPage> = {}): ListPage {
  return {
    traces: keys.map((key) => trace(key)),
    running: [],
    nextCursor: "next",
    partial: false,
    ...more,
  };
}

const keysOf = (pages: readonly ListPage[]) =>
  pages.map(({ traces }) => traces.map(({ key }) => key));

describe("a fresh first page", () => {
  test("brings what is new, and leaves what lies behind it", () => {
    const pages = [page([9, 8, 7]), page([6, 5, 4])];
    const fresh = page([11, 10, 9], { nextCursor: "other" });
    const merged = withFresh(pages, fresh);
    expect(keysOf(merged)).toEqual([
      [11, 10, 9, 8, 7],
      [6, 5, 4],
    ]);
    // The second page was read from there.
    expect(merged[0]!.nextCursor).toBe("next");
    expect(countNew(pages, fresh)).toBe(2);
  });

  test("takes away what fits no more, as far as it reaches", () => {
    expect(keysOf(withFresh([page([9, 8, 7, 6])], page([9, 7])))).toEqual([[9, 7, 6]]);
  });

  test("is all there is where it is the only one, or nothing connects it", () => {
    const all = page([3], { nextCursor: null });
    expect(withFresh([page([9, 8])], all)).toEqual([all]);
    const far = page([30, 29]);
    expect(withFresh([page([9, 8]), page([7])], far)).toEqual([far]);
  });

  test("that found nothing in its time changes nothing", () => {
    const pages = [page([9, 8])];
    expect(keysOf(withFresh(pages, page([], { partial: true })))).toEqual([[9, 8]]);
  });
});

test("what changes is swapped in its place, what is gone leaves", () => {
  const pages = [page([9, 8], { running: [trace(10, { state: "open" })] }), page([7])];
  const changed = withChanged(pages, new Map([[8, trace(8, { spanCount: 3 })]]));
  expect(changed[0]!.traces[1]!.spanCount).toBe(3);
  expect(changed[1]!.traces).toBe(pages[1]!.traces);
  const left = withoutGone(changed, new Set([10, 7]));
  expect(keysOf(left)).toEqual([[9, 8], []]);
  expect(left[0]!.running).toEqual([]);
});

describe("items", () => {
  test("begin with what runs, then go by day, each trace once", () => {
    const old = trace(1, { startTime: now - 24 * hourMs });
    const { items, traces, placeOf, numberOf } = toItems(
      [
        { ...page([9, 8]), running: [trace(8, { state: "open" })] },
        { ...page([9]), traces: [trace(9), old] },
      ],
      true,
      now,
    );
    expect(items.map((item) => (typeof item === "string" ? item : item.key))).toEqual([
      "Running now",
      8,
      "Today",
      9,
      "Yesterday",
      1,
    ]);
    expect(traces.map(({ key }) => key)).toEqual([8, 9, 1]);
    expect([8, 9, 1].map((key) => numberOf(placeOf.get(key)!))).toEqual([0, 1, 2]);
  });

  test("have no headings in another order", () => {
    const { items } = toItems([page([3, 2])], false, now);
    expect(items).toHaveLength(2);
  });
});
