/** What counts as the same text: its Unicode form, its white space, and JSON within JSON. */
import { Database } from "bun:sqlite";
import { expect, test } from "bun:test";
import { cpuMs } from "../../helpers.ts";
import { SearchBench } from "./searchbench.ts";

/** Hits of a query in one message, before the index has it and after. */
function hitsIn(content: unknown, ...queries: string[]) {
  using bench = new SearchBench();
  bench.store.store("t", { s: { input: JSON.stringify([{ role: "user", content }]) } });
  const fresh = queries.map((q) => bench.find(q));
  bench.settle();
  bench.index();
  expect(bench.status().state).toBe("ready");
  expect(queries.map((q) => bench.find(q))).toEqual(fresh);
  return fresh;
}

const matchedIn = ([hit]: ReturnType<typeof hitsIn>[number]) =>
  hit!.highlights.map(([start, length]) => hit!.snippet.slice(start, start + length));

test.each([
  [
    "Gro\u0308\u00dfe cafe\u0301.txt",
    "gr\u00f6\u00dfe caf\u00e9.txt",
    ["Gr\u00f6\u00dfe", "caf\u00e9.txt"],
  ],
  [
    "Gr\u00f6\u00dfe caf\u00e9.txt",
    "Gro\u0308\u00dfe CAFE\u0301.TXT",
    ["Gr\u00f6\u00dfe", "caf\u00e9.txt"],
  ],
  ["\u1112\u1161\u11ab\u1100\u1173\u11af", "\ud55c\uae00", ["\ud55c\uae00"]],
  ["\u30ab\u3099\u30a4\u30c9", "\u30ac\u30a4\u30c9", ["\u30ac\u30a4\u30c9"]],
])("%j is found by %j", (text, q, matched) => {
  for (const before of ["", "e\u0301 ".repeat(300)]) {
    const [hits] = hitsIn(before + text, q);
    expect(hits).toHaveLength(1);
    expect(matchedIn(hits!)).toEqual(matched);
  }
});

test("signs that only look alike stay apart", () => {
  expect(hitsIn("x\u00b2 \ufb01ne \uff22", "x2", "fine", "B")).toEqual([[], [], []]);
});

test.each([
  ["to notes.txt\nnext line", '"notes.txt next line"'],
  ["to notes.txt \r\n\t next\u00a0line", '"notes.txt next line"'],
  ["to notes.txt next line", '"notes.txt\n  next\u00a0\u3000line"'],
  ["to notes.txt next line", '" notes.txt next line\n"'],
])("in %j the phrase %j is found", (text, q) => {
  for (const before of ["", "a \n\n b ".repeat(100)]) {
    const [hits] = hitsIn(before + text, q);
    expect(hits).toHaveLength(1);
    expect(matchedIn(hits!)).toEqual(["notes.txt next line"]);
  }
});

test("white space alone is nothing to search for", () => {
  using bench = new SearchBench();
  expect(() => bench.find('" \u00a0\n"')).toThrow("there is nothing to search for");
});

/** Escapes all that is not ASCII, as Python does. */
const ascii = (value: unknown): string =>
  JSON.stringify(value).replace(
    /[\u0080-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );

test("JSON within JSON is searched decoded, however often it was put into a string", () => {
  const title = 'Übergrößenträger "東京" 😀\nC:\\Users\\eva';
  let text = ascii({ titel: title, n: 12345 });
  for (let depth = 0; depth < 5; depth++) {
    const found = hitsIn(
      text,
      "übergrößenträger",
      '"東京"',
      "😀",
      '"😀 C:\\\\Users\\\\eva"',
      "12345",
    );
    for (const hits of found) expect(hits).toHaveLength(1);
    expect(matchedIn(found[0]!)).toEqual(["Übergrößenträger"]);
    expect(matchedIn(found[3]!)).toEqual(["😀 C:\\Users\\eva"]);
    text = depth % 2 === 0 ? ascii(text) : ascii([{ type: "text", text }]);
  }
});

test("so it is where it was cut off, and around it nothing changes", () => {
  const cut = ascii({ a: "größer", b: "Übergröße und mehr" }).slice(0, -10);
  for (const hits of hitsIn(cut, "größer", "übergröße", '"\\"a\\":\\"größer\\""')) {
    expect(hits).toHaveLength(1);
  }
});

test("what only looks like JSON is searched as it is", () => {
  const code = String.raw`["C:\new\temp", re"\d+\u00f"]`;
  const prose = String.raw`"see" "C:\new\temp" \d+\u00f`;
  for (const text of [code, prose]) {
    const found = hitsIn(text, String.raw`c:\new\temp`, String.raw`\d+\u00f`);
    expect(found.map((hits) => hits.length)).toEqual([1, 1]);
  }
});

test("JSON that is nested or escaped beyond reason costs linear time", () => {
  let nested = ascii({ a: "ü" });
  for (let depth = 0; depth < 16; depth++) nested = ascii(nested);
  const startedAt = cpuMs();
  for (const text of [nested, `["${"\\\\".repeat(400_000)}`, `{"${'\\"{'.repeat(300_000)}`]) {
    hitsIn(text.slice(0, 900_000), "nothing");
  }
  // It takes 0.3 s.
  expect(cpuMs() - startedAt).toBeLessThan(3000);
});

test("an index of an older version is built anew", () => {
  using bench = new SearchBench();
  bench.store.store("t", { s: { input: "cafe\u0301" } });
  bench.settle();
  bench.index();
  const { path } = bench.indexer.files[0]!;
  bench.close();
  const file = new Database(path);
  const { user_version: version } = file.query("PRAGMA user_version").get() as {
    user_version: number;
  };
  file.run(`PRAGMA user_version = ${version - 1}`);
  file.close();
  bench.open();
  expect(bench.indexer.files).toEqual([]);
  expect(bench.find("caf\u00e9")).toHaveLength(1);
  bench.index();
  expect(bench.status()).toMatchObject({ state: "ready", files: 1 });
  expect(bench.find("caf\u00e9")).toHaveLength(1);
});
