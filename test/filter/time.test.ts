import { describe, expect, test } from "bun:test";
import { AppError } from "../../src/errors.ts";
import { parseTime } from "../../src/filter/time.ts";

const now = Date.parse("2026-03-04T05:06:07Z");

describe("a time", () => {
  test.each([
    ["0", 0],
    ["1772600767000", 1_772_600_767_000],
    ["2026-03-04", Date.parse("2026-03-04T00:00:00Z")],
    ["2026-03-04T05:06:07Z", now],
    ["now", now],
    ["15m", now - 900_000],
    ["2h", now - 7_200_000],
    ["now-7d", now - 7 * 86_400_000],
    ["999999999w", 0],
  ])("%s is read", (text, expected) => {
    expect(parseTime(text, "since", now)).toBe(expected);
  });

  test.each(["", "-1", "soon", "5x", "1.5h", "99999999999999999", "2026-99-99"])(
    "%p is refused with what there is",
    (text) => {
      expect(() => parseTime(text, "since", now)).toThrow(AppError);
      expect(() => parseTime(text, "since", now)).toThrow("invalid since");
    },
  );
});
