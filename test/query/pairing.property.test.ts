/** Two runs side by side: every step once, the same whichever comes first, and a model for short lists. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { align, longestRun } from "../../src/query/align.ts";
import { compareSteps, type Alike } from "../../src/query/pairing.ts";

const names = ["read", "write", "bash"];
const step = fc
  .record({
    name: fc.constantFrom(...names),
    words: fc.array(fc.constantFrom("a", "b", "c", "d"), { maxLength: 4 }),
    said: fc.constantFrom("x", "y"),
    isTelling: fc.boolean(),
  })
  .map(({ name, words, said, isTelling }): Alike => ({
    key: isTelling ? `${name} ${words.join(" ")}` : name,
    isTelling,
    group: name,
    text: words.join(" "),
    digest: said,
  }));
let lastId = 0;
/** Each step is an object of its own. */
const run = fc
  .array(step, { maxLength: 30 })
  .map((steps) => steps.map((step) => ({ ...step, id: ++lastId })));

type Row = ReturnType<typeof compareSteps<Alike>>[number];

const idOf = (step: Alike | null) => (step as { id: number } | null)?.id;

/** What a row is with its sides swapped. */
const swapped = {
  same: "same",
  changed: "changed",
  onlyA: "onlyB",
  onlyB: "onlyA",
  moved: "moved",
};

describe("two runs", () => {
  test("have each step of both in one row, and only steps of one group side by side", () => {
    fc.assert(
      fc.property(run, run, (a, b) => {
        const rows = compareSteps(a, b);
        const side = (name: "a" | "b") => rows.flatMap((row) => row[name] ?? []);
        expect(side("a")).toEqual(a);
        expect(side("b").length).toBe(b.length);
        expect(new Set(side("b"))).toEqual(new Set(b));
        for (const { change, a, b } of rows) {
          expect([change === "onlyB", change === "onlyA"]).toEqual([a === null, b === null]);
          if (a && b) expect(a.group).toBe(b.group);
          if (change === "same") expect([a!.key, a!.digest]).toEqual([b!.key, b!.digest]);
        }
        // All that are not moved stand in the order of the second run, too.
        const places = rows.flatMap(({ change, b: step }) =>
          step && change !== "moved" ? [b.indexOf(step)] : [],
        );
        expect(places).toEqual(places.toSorted((x, y) => x - y));
      }),
    );
  });

  test("are compared alike whichever comes first", () => {
    fc.assert(
      fc.property(run, run, (a, b) => {
        const told = (rows: Row[]) =>
          rows.map(({ change, a, b }) => [change, idOf(a), idOf(b)].join()).sort();
        const back = compareSteps(b, a).map(({ change, a, b }): Row => ({
          change: swapped[change] as Row["change"],
          a: b,
          b: a,
        }));
        expect(told(back)).toEqual(told(compareSteps(a, b)));
      }),
      { numRuns: 500 },
    );
  });

  test("that are the same have only rows that are", () => {
    fc.assert(
      fc.property(run, (a) => {
        const rows = compareSteps(a, [...a]);
        expect(rows).toEqual(a.map((step) => ({ change: "same", a: step, b: step })));
      }),
    );
  });

  test("leave no two steps alone that do the same", () => {
    fc.assert(
      fc.property(run, run, (a, b) => {
        const rows = compareSteps(a, b);
        const alone = (change: string) =>
          rows.flatMap((row) => {
            const step = (row.a ?? row.b)!;
            return row.change === change && step.isTelling ? [step.key] : [];
          });
        const left = new Set(alone("onlyA"));
        expect(alone("onlyB").filter((key) => left.has(key))).toEqual([]);
      }),
    );
  });
});

const letters = fc.array(fc.nat({ max: 5 }), { maxLength: 12 });
const elements = (keys: number[]) => ({
  keys: Int32Array.from(keys),
  whole: Int32Array.from(keys),
});

describe("what two lists have in common in order", () => {
  test("is as long as it can be", () => {
    fc.assert(
      fc.property(letters, letters, (a, b) => {
        const places = [...align(elements(a), elements(b))];
        places.forEach((j, i) => j >= 0 && expect(b[j]).toBe(a[i]!));
        const found = places.filter((j) => j >= 0);
        expect(found).toEqual(found.toSorted((x, y) => x - y));
        expect(found.length).toBe(longestCommon(a, b));
      }),
    );
  });

  test("is found in lists that are too long for a table, at what each has once", () => {
    const a = Array.from({ length: 20_000 }, (_, i) => i);
    const b = a.filter((i) => i % 10 !== 0).map((i) => (i % 7 === 1 ? -i : i));
    const places = align(elements(a), elements(b));
    a.forEach((i) => expect(places[i]! >= 0).toBe(i % 10 !== 0 && i % 7 !== 1));
  });

  test("of a few words in turn is found for the most part", () => {
    const a = Array.from({ length: 20_000 }, (_, i) => i % 3);
    const b = Array.from({ length: 18_000 }, (_, i) => i % 3);
    const found = [...align(elements([9, ...a, 8]), elements([7, ...b, 6]))].filter((j) => j >= 0);
    expect(found.length).toBeGreaterThan(15_000);
    expect(found).toEqual(found.toSorted((x, y) => x - y));
  });

  test("is a longest growing run of places", () => {
    expect(longestRun([3, 1, 2, 5, 4])).toEqual([1, 2, 4]);
    expect(longestRun([])).toEqual([]);
  });
});

function longestCommon(a: number[], b: number[]): number {
  if (a.length === 0 || b.length === 0) return 0;
  const table = Array.from({ length: a.length + 1 }, () => new Array<number>(b.length + 1).fill(0));
  a.forEach((x, i) =>
    b.forEach((y, j) => {
      table[i + 1]![j + 1] =
        x === y ? table[i]![j]! + 1 : Math.max(table[i]![j + 1]!, table[i + 1]![j]!);
    }),
  );
  return table[a.length]![b.length]!;
}
