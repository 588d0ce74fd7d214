import { expect, test } from "bun:test";
import fc from "fast-check";
import { nestsDeeperThan } from "../../src/contract/depth.ts";

/** Levels of arrays and objects, by recursion. */
function depthOf(value: unknown): number {
  if (typeof value !== "object" || value === null) return 0;
  return 1 + Math.max(0, ...Object.values(value).map(depthOf));
}

test.each([
  ["", 0],
  ["1", 0],
  ['"[["', 0],
  ["[]", 1],
  ["{}", 1],
  ["[[],[]]", 2],
  ['{"a":[{}]}', 3],
  ['["[[[["]', 1],
  ['["\\"[[[["]', 1],
  ['["\\\\",[]]', 2],
  ['["\\\\\\"[[",[]]', 2],
  ['["]]]",[[]]]', 3],
  ["[[[", 3],
  ['[["[[[', 2],
  ["]]][[", 0],
])("%s nests %d deep", (text, depth) => {
  expect(nestsDeeperThan(text, depth)).toBe(false);
  if (depth > 0) expect(nestsDeeperThan(text, depth - 1)).toBe(true);
});

test("of any JSON the depth is that of its value", () => {
  const brackets = fc.string({ unit: fc.constantFrom("[", "]", "{", "}", '"', "\\", "a") });
  const { value } = fc.letrec((tie) => ({
    value: fc.oneof(
      { maxDepth: 8 },
      brackets,
      fc.array(tie("value"), { maxLength: 3 }),
      fc.dictionary(brackets, tie("value"), { maxKeys: 3 }),
    ),
  }));
  fc.assert(
    fc.property(value, fc.nat(10), fc.nat(2), (value, limit, indent) => {
      const text = JSON.stringify(value, null, indent);
      expect(nestsDeeperThan(text, limit)).toBe(depthOf(value) > limit);
    }),
    { numRuns: 500 },
  );
});

test("strings of backslashes and quotes are scanned in linear time", () => {
  for (const text of [
    `"${"\\".repeat(5_000_000)}`,
    `["${"\\\\".repeat(2_500_000)}"]`,
    `["${'\\"'.repeat(2_500_000)}"]`,
    '""'.repeat(2_500_000),
  ]) {
    const startedAt = performance.now();
    expect(nestsDeeperThan(text, 100)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(500);
  }
});
