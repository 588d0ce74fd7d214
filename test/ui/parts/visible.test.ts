/** What a reader could not see is written out: nothing hides in a text, and no text rearranges another. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { visible } from "../../../src/ui/parts/visible.ts";

test.each([
  ["an order to write backwards", "\u202eevil", "\\u202eevil"],
  ["a direction of its own", "a\u2066b\u2069c\u061c", "a\\u2066b\\u2069c\\u061c"],
  ["a space without width", "pass\u200bword", "pass\\u200bword"],
  ["a soft hyphen", "a\u00adb", "a\\u00adb"],
  ["a byte order mark", "a\ufeffb", "a\\ufeffb"],
  ["a word in tags", "\u{e0041}\u{e0042}", "\\u{e0041}\\u{e0042}"],
  ["a selector behind what has no variants", "a\ufe0f", "a\\ufe0f"],
  ["a joiner of nothing", "a\u200db", "a\\u200db"],
  ["a control character", "\u0000\u0007\u007f\u0085", "\\u0000\\u0007\\u007f\\u0085"],
  ["a return to the line's beginning", "10 %\r20 %", "10 %\\u000d20 %"],
  ["another line break", "a\u2028b", "a\\u2028b"],
])("%s is written out", (_, text, shown) => {
  expect(visible(text)).toBe(shown);
});

test.each([
  ["a\tb\r\nc", "a\tb\nc"],
  ["\u001b[1;31mred\u001b[0m", "red"],
  ["\u001b]8;;https://example.com\u0007link\u001b]8;;\u0007", "link"],
  ["größer, 大きい, больше", "größer, 大きい, больше"],
])("%j is %j", (text, shown) => {
  expect(visible(text)).toBe(shown);
});

test.each(["👩‍💻", "🏳️‍🌈", "👩🏽‍🚀", "❤️", "1️⃣", "می‌خواهم", "क्‍ष"])(
  "in %s a character without width has a shape to make, and stays",
  (text) => {
    expect(visible(text)).toBe(text);
  },
);

const unseen =
  /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\u{1bca0}-\u{1bca3}\u{1d173}-\u{1d17a}\u{e0000}-\u{e0fff}]/u;
const shaping = ["👩", "💻", "🏽", "ی", "क"];
const pieces = [
  "a",
  "1",
  " ",
  "\n",
  "\r",
  "\t",
  "\u001b[31m",
  "\u001b]0;",
  "\u001b",
  "\u009b",
  "[0m",
  "\\",
  "\u200b",
  "\u200c",
  "\u200d",
  "\ufe0f",
  "\u202e",
  "\u2067",
  "\u2069",
  "\u061c",
  "\ufeff",
  "\ufffa",
  "\u{e0061}",
  "\u{e0100}",
  "\ud800",
];

test("no text keeps a character that cannot be seen", () => {
  const texts = fc.oneof(
    fc.array(fc.constantFrom(...pieces)).map((array) => array.join("")),
    fc.string({ unit: "binary", maxLength: 200 }),
  );
  fc.assert(
    fc.property(texts, (text) => {
      expect(visible(text)).not.toMatch(unseen);
    }),
    { numRuns: 1_000 },
  );
});

test("beside what has shapes no more than one of them stays, and none at an end or beside a letter", () => {
  fc.assert(
    fc.property(fc.array(fc.constantFrom(...pieces, ...shaping)), (array) => {
      const shown = visible(array.join(""));
      expect(shown.replace(/[\u200c\u200d\ufe0f]/g, "")).not.toMatch(unseen);
      expect(shown).not.toMatch(/[\u200c\u200d][\u200c\u200d\ufe0f]|\ufe0f\u200c|\ufe0f\ufe0f/);
      expect(shown).not.toMatch(/^[\u200c\u200d\ufe0f]|[a\s][\u200c\u200d\ufe0f]/);
      expect(shown).not.toMatch(/[\u200c\u200d]($|[a1\s\\])/);
    }),
    { numRuns: 1_000 },
  );
});
