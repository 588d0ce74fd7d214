import { expect, test } from "bun:test";
import { formatProblem } from "../../../src/ui/import/check-format.ts";

const wrong = (text: string | Uint8Array, isWhole = true) =>
  formatProblem(typeof text === "string" ? Buffer.from(text) : text, isWhole);

test("JSON Lines are taken, also with a mark of their order, empty lines and a first line that is broken", () => {
  expect(wrong('{"a":1}\n{"b":2}\n')).toBeNull();
  expect(wrong('\ufeff\r\n{"a":1}\r\n')).toBeNull();
  expect(wrong('{"a":\n{"b":2}\n')).toBeNull();
});

test("a line that is longer than what is looked at may be whole", () => {
  expect(wrong(`{"a":"${"x".repeat(100)}`, false)).toBeNull();
  // Cut within a character.
  expect(wrong(Buffer.from('{"a":"ü').subarray(0, -1), false)).toBeNull();
});

test.each([
  ["%PDF-1.7\n%\xe2\xe3", /^This is a PDF\. Tealight imports JSON Lines/],
  ["\x89PNG\r\n\x1a\n\0\0", /^This is an image\./],
  ["\x1f\x8b\x08\0", /compressed with gzip/],
  ["PK\x03\x04\x14\0", /ZIP archive/],
  ["SQLite format 3\0", /SQLite database/],
  ["{\0a\0", /^This file is not text\./],
  ["{\xff\xfe}", /^This file is not text\./],
] as const)("%j is named", (bytes, words) => {
  expect(wrong(Buffer.from(bytes, "latin1"))).toMatch(words);
});

test.each([
  ["", "This file is empty."],
  ["\n \n", "This file is empty."],
  ['[{"version":"v1"}]', /JSON array/],
  ['{\n  "version": "v1",\n  "traces": []\n}', /write each JSON object on one line/],
  ["traceId,name,duration\na,b,3\n", /This file begins with “traceId,name,duration”/],
] as const)("of %j is said what it is instead", (text, words) => {
  if (typeof words === "string") expect(wrong(text)).toBe(words);
  else expect(wrong(text)).toMatch(words);
});
