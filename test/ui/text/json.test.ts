/** A JSON tree's rows: of a text of any size only as much is read as is open. */
import { expect, test } from "bun:test";
import fc from "fast-check";
import { childrenOf, rootOf } from "../../../src/ui/text/json-index.ts";
import { pageSize, rowsOf, type JsonRow, type Opened } from "../../../src/ui/text/json-rows.ts";
import { cpuMs } from "../../helpers.ts";

const asGiven: Opened = { isOpen: new Map(), pages: new Map(), parsed: new Set() };
const opened = (changes: Partial<Opened>): Opened => ({ ...asGiven, ...changes });

const textOf = ({ source, start, end }: JsonRow) => source.text.slice(start, end);
const pathsOf = (rows: readonly JsonRow[]) => rows.map(({ path }) => path);

/** Opens what there is until nothing is left to open. */
function wholeOf(text: string): JsonRow[] {
  const isOpen = new Map<string, boolean>();
  const pages = new Map<string, number>();
  for (;;) {
    const rows = rowsOf(text, opened({ isOpen, pages }));
    const before = isOpen.size;
    const more = rows.filter(({ moreOf }) => moreOf !== null);
    for (const { moreOf } of more) pages.set(moreOf!, (pages.get(moreOf!) ?? 1) + 1);
    for (const { id, kind } of rows)
      if (kind === "object" || kind === "array") isOpen.set(id, true);
    if (more.length === 0 && isOpen.size === before) return rows;
  }
}

test("an object has a row for each of its values, with the path to it", () => {
  const text = '{"a": 1, "b c": [true, null], "d": {"e": "f"}}';
  const rows = rowsOf(text, asGiven);
  expect(pathsOf(rows)).toEqual([
    "$",
    "$.a",
    '$["b c"]',
    '$["b c"][0]',
    '$["b c"][1]',
    "$.d",
    "$.d.e",
  ]);
  expect(rows.map(({ depth }) => depth)).toEqual([0, 1, 1, 2, 2, 1, 2]);
  expect(textOf(rows[6]!)).toBe('"f"');
});

test("what is closed hides what it holds, and nothing else", () => {
  const text = '{"a":{"b":1},"c":2}';
  const { id } = rowsOf(text, asGiven).find(({ path }) => path === "$.a")!;
  expect(pathsOf(rowsOf(text, opened({ isOpen: new Map([[id, false]]) })))).toEqual([
    "$",
    "$.a",
    "$.c",
  ]);
  expect(pathsOf(rowsOf(text, opened({ isOpen: new Map([["0", false]]) })))).toEqual(["$"]);
});

test("of many children a page is there, and a row that asks for the next", () => {
  const text = JSON.stringify(Array.from({ length: 250 }, (_, i) => i));
  const counts = [1, 2, 3].map((count) => {
    const rows = rowsOf(text, opened({ pages: new Map([["0", count]]) }));
    return [
      rows.filter(({ depth, moreOf }) => depth === 1 && moreOf === null).length,
      rows.at(-1)!.moreOf,
    ];
  });
  expect(counts).toEqual([
    [pageSize, "0"],
    [2 * pageSize, "0"],
    [250, null],
  ]);
});

test("a string that holds JSON can be looked into", () => {
  const text = JSON.stringify({ args: JSON.stringify({ city: "Köln" }) });
  const { id } = rowsOf(text, asGiven)[1]!;
  const rows = rowsOf(text, opened({ parsed: new Set([id]), isOpen: new Map([[id, true]]) }));
  expect(pathsOf(rows)).toEqual(["$", "$.args", "$.args", "$.args.city"]);
  expect(textOf(rows[3]!)).toBe('"Köln"');
});

test("numbers keep their digits, and keys are as they are written", () => {
  const rows = rowsOf('{"big": 12345678901234567890.10, "\\u00e4\\"": 1}', asGiven);
  expect(textOf(rows[1]!)).toBe("12345678901234567890.10");
  expect(rows[2]!.key).toBe('\\u00e4\\"');
});

test.each(['{"a": [1, 2', '{"a": [1, 2, {"b": "c', '{"a": [1, 2, {"b"', '{"a": [1, 2], "'])(
  "%j breaks off, and what came before it is there",
  (text) => {
    expect(pathsOf(wholeOf(text))).toEqual(
      expect.arrayContaining(["$", "$.a", "$.a[0]", "$.a[1]"]),
    );
  },
);

test("no text is too odd to be looked into", () => {
  const odd = fc.array(
    fc.constantFrom("{", "}", "[", "]", '"', "\\", ":", ",", " ", "1", "a", '"k":'),
  );
  fc.assert(
    fc.property(odd, (pieces) => {
      const text = pieces.join("");
      for (const { start, end, source } of wholeOf(text)) {
        expect(start).toBeLessThanOrEqual(end);
        expect(end).toBeLessThanOrEqual(source.text.length);
      }
    }),
    { numRuns: 500 },
  );
});

test("the rows of a whole tree are the leaves of the value, each with its path", () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), fc.nat(2), (value, indent) => {
      const text = JSON.stringify(value, null, indent);
      const leaves = wholeOf(text)
        .filter(({ kind }) => kind === "string" || kind === "other")
        .map((row): [string, unknown] => [row.path, JSON.parse(textOf(row).trim())]);
      expect(leaves).toEqual(leavesOf(JSON.parse(text), "$"));
    }),
    { numRuns: 500 },
  );
});

function leavesOf(value: unknown, path: string): [string, unknown][] {
  if (Array.isArray(value)) return value.flatMap((each, i) => leavesOf(each, `${path}[${i}]`));
  if (typeof value !== "object" || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, each]) => {
    const written = JSON.stringify(key);
    const step = /^"[A-Za-z_$][\w$]*"$/.test(written) ? `.${key}` : `[${written}]`;
    return leavesOf(each, path + step);
  });
}

test("10 MB of JSON are opened and closed at once, without being parsed", () => {
  const records = Array.from({ length: 60_000 }, (_, id) => ({
    id,
    text: `"[{ ${"x".repeat(120)}`,
    tags: [1, [2]],
  }));
  const text = JSON.stringify({ head: "first", records, tail: { last: [true] } }, null, 1);
  expect(text.length).toBeGreaterThan(10_000_000);
  const startedAt = cpuMs();
  const closed = rowsOf(text, asGiven);
  expect(pathsOf(closed)).toEqual([
    "$",
    "$.head",
    "$.records",
    "$.tail",
    "$.tail.last",
    "$.tail.last[0]",
  ]);
  const { id, start } = closed[2]!;
  const open = rowsOf(text, opened({ isOpen: new Map([[id, true]]), pages: new Map([[id, 3]]) }));
  expect(open.find(({ path }) => path === "$.records[299].id")).toBeDefined();
  expect(open.filter(({ moreOf }) => moreOf === id)).toHaveLength(1);
  const later = childrenOf(text, start, null, 50_000);
  expect(childrenOf(text, start, later.next, 10).items).toHaveLength(10);
  expect(rootOf(text)).toBe(0);
  // It takes 0.1 s.
  expect(cpuMs() - startedAt).toBeLessThan(1_000);
});
