import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { endOfString, endOfValue, skipSeparators, skipSpace } from "../../src/json/walk.ts";

const value = fc.jsonValue({ maxDepth: 4 });
const space = fc.constantFrom("", " ", "\n\t");

test("a value ends where the next one may begin, whatever follows", () => {
  fc.assert(
    fc.property(value, space, fc.constantFrom(",", "]", "}"), (value, before, after) => {
      const json = JSON.stringify(value);
      const text = `[${before}${json}${after} "more": [1]`;
      const start = skipSpace(text, 1);
      expect(text.slice(start, endOfValue(text, start)!)).toBe(json);
    }),
  );
});

test("one that is cut off anywhere has no end", () => {
  const cutOff = fc.oneof(fc.string(), fc.array(value), fc.dictionary(fc.string(), value));
  fc.assert(
    fc.property(cutOff, fc.nat(), (value, at) => {
      const json = JSON.stringify(value);
      expect(endOfValue(json.slice(0, at % json.length), 0)).toBe(null);
    }),
  );
});

test("a string ends at the first quote that is not escaped, else with the text", () => {
  fc.assert(
    fc.property(fc.string({ unit: fc.constantFrom("a", '"', "\\", "\ud800") }), (string) => {
      const json = JSON.stringify(string);
      expect(endOfString(`[${json}, "b"]`, 1)).toBe(json.length);
      expect(endOfString(json.slice(0, -1), 0)).toBe(json.length - 1);
    }),
  );
});

describe("there is no value", () => {
  test.each([",", "]", "}", ""])("at %p", (text) => {
    expect(endOfValue(text, 0)).toBe(null);
  });

  test("of more levels than may be", () => {
    expect(endOfValue("[[[]]]", 0, 3)).toBe(6);
    expect(endOfValue("[[[]]]", 0, 2)).toBe(null);
  });
});

test("commas and space stand between two elements", () => {
  expect(skipSeparators(" ,\n, 1", 0)).toBe(5);
  expect(skipSpace(" ,", 0)).toBe(1);
});
