import { expect, test } from "bun:test";
import fc from "fast-check";
import { excessOf, faultOf } from "../../src/contract/scan.ts";
import { json as limits } from "../../src/limits.ts";
import { cpuMs } from "../helpers.ts";

const nestsDeeperThan = (text: string, depth: number) => excessOf(text, depth) !== null;

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
    const startedAt = cpuMs();
    expect(nestsDeeperThan(text, 100)).toBe(false);
    expect(cpuMs() - startedAt).toBeLessThan(1000);
  }
});

test.each([
  ['{"999":0},', "keys that are numbers"],
  ['{"10" \n:0},', "keys that are numbers"],
  ['{"\\u00399\\u0039":0},', "keys that are numbers"],
  ["{},", "objects and arrays"],
  ["[],", "objects and arrays"],
])("%j is too much when it comes millions of times", (text, what) => {
  expect(excessOf(`[${text.repeat(10)}0]`)).toBeNull();
  const times = what === "objects and arrays" ? limits.brackets : limits.indexKeys + 1;
  expect(excessOf(`[${text.repeat(times)}0]`)).toContain(what);
});

test.each(['"999",', '{"9":0},', '{"1000":0},', '{"9a":0},', '{"a":"999"},', '{"a99":"\\":"},'])(
  "%j may come any number of times",
  (text) => {
    expect(excessOf(`[${text.repeat(limits.indexKeys + 1)}0]`)).toBeNull();
  },
);

test.each([
  ["", "empty"],
  [" \n", "empty"],
  ['{"a":', "incomplete"],
  ['[{"a":"]}', "incomplete"],
  ['{"a":"\\"}', "incomplete"],
  ["[1,", "incomplete"],
  ['{"a":1}x', "invalid"],
  ["{a:1}", "invalid"],
  ['\x1f{"', "invalid"],
] as const)("%j is no JSON since it is %s", (text, fault) => {
  expect(faultOf(text)).toBe(fault);
});
