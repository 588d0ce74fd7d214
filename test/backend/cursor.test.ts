import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { parseCursor, toCursor } from "../../src/backend/cursor.ts";
import { AppError } from "../../src/errors.ts";

const isRefused = (text: string, length: number) => {
  try {
    parseCursor(text, length);
    return false;
  } catch (cause) {
    return cause instanceof AppError && cause.code === "bad_request";
  }
};

describe("a cursor", () => {
  test("gives its position back, and fits into a URL as it is", () => {
    fc.assert(
      fc.property(fc.array(fc.maxSafeInteger(), { minLength: 1, maxLength: 3 }), (position) => {
        const cursor = toCursor(position);
        expect(encodeURIComponent(cursor)).toBe(cursor);
        expect(parseCursor(cursor, position.length)).toEqual(position);
        expect(isRefused(cursor, position.length + 1)).toBe(true);
      }),
    );
  });

  test.each([
    ["nothing", ""],
    ["no JSON", "abc"],
    ["no list", Buffer.from("5").toString("base64url")],
    ["a list of something else", Buffer.from('["1","2"]').toString("base64url")],
    ["a number that is not whole", Buffer.from("[1.5,2]").toString("base64url")],
    ["a number that is not exact", Buffer.from("[9007199254740992,1]").toString("base64url")],
    ["null", Buffer.from("[null,1]").toString("base64url")],
  ])("that holds %s is refused", (_, text) => {
    expect(isRefused(text, 2)).toBe(true);
  });

  test("of any text is a position or refused, and never something else", () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.json().map(btoaUrl)), (text) => {
        if (isRefused(text, 2)) return;
        expect(parseCursor(text, 2).every(Number.isSafeInteger)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});

const btoaUrl = (text: string) => Buffer.from(text).toString("base64url");
