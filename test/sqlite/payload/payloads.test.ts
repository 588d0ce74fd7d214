import { describe, expect, test } from "bun:test";
import { payloadFields } from "../../../src/contract/fields.ts";
import { payload as limits } from "../../../src/limits.ts";
import { readIndex } from "../../../src/sqlite/payload/blocks.ts";
import { readEntries, readList } from "../../../src/sqlite/payload/lists.ts";
import { problemsOf } from "../invariants.ts";
import { Workbench } from "../workbench.ts";

const say = (what: string, role = "user") =>
  JSON.stringify({ role, content: `${what}, at some length so that it is a piece of its own` });
const history = (count: number, separator = ",") =>
  `[${Array.from({ length: count }, (_, i) => say(`message ${i}`)).join(separator)}]`;

/** Pieces that live in all blocks. */
function pieces(bench: Workbench): number {
  return bench.db
    .query<{ pieces: Uint8Array }, []>("SELECT pieces FROM blocks")
    .all()
    .flatMap(({ pieces }) => readIndex(pieces).pieces)
    .filter(({ hash }) => hash).length;
}

const listsOf = (bench: Workbench, spanId: string) =>
  bench.db
    .query<{ lists: Uint8Array }, [string]>("SELECT lists FROM spans WHERE spanId = ?")
    .get(spanId)!.lists;

describe("texts", () => {
  test.each([
    ["empty", ""],
    ["of one character", "x"],
    ["with NUL", "a\0b".repeat(40)],
    ["with lone surrogates", `\ud800 and \udfff ${"long ".repeat(30)}`],
    [
      "with a lone surrogate in one message of many",
      `[${say("a")},"\ud800${"x".repeat(80)}",${say("b")}]`,
    ],
    ["beyond the basic plane", "𝒳🙂".repeat(100)],
    ["of a megabyte", "word and ".repeat(120_000).slice(0, 1_000_000)],
    ["of a megabyte in one message", `[${say("a")},"${"é".repeat(999_000)}"]`],
    ["cut off within a message", history(20).slice(0, -30)],
    ["of nested arrays", `[[[${say("a")}],${say("b")}],${JSON.stringify([say("c"), [say("d")]])}]`],
    ["that are no JSON", `[${say("a")}}],{${say("b")}`],
    ["of nothing but brackets", "[".repeat(100_000)],
    ["of white space", " \n\t".repeat(50)],
  ])("%s come back exactly", (_, text) => {
    using bench = new Workbench();
    const all = Object.fromEntries(payloadFields.map((field) => [field, text]));
    bench.store("t", { a: all, b: { input: text } });
    expect(bench.read("t")).toStrictEqual({ a: all, b: { input: text } });
    bench.reopen();
    expect(bench.read("t")).toStrictEqual({ a: all, b: { input: text } });
  });

  test("that a span does not have are absent", () => {
    using bench = new Workbench();
    bench.store("t", { a: {}, b: { output: "" } });
    expect(bench.read("t")).toStrictEqual({ a: {}, b: { output: "" } });
  });
});

describe("a piece is stored once", () => {
  test("in a trace, in other traces of its project, and after the store was opened again", () => {
    using bench = new Workbench();
    bench.store("a", { 1: { input: history(5) } });
    const once = pieces(bench);
    expect(once).toBe(5);
    bench.store("a", { 2: { input: history(5), sources: history(3) } });
    bench.store("b", { 1: { input: history(5) } });
    bench.reopen();
    bench.store("c", { 1: { input: history(5, ", ") } });
    bench.store("a", { 3: { input: history(5, ",\n") } });
    expect(pieces(bench)).toBe(once);
    expect(bench.read("c")["1"]!.input).toBe(history(5, ", "));
    expect(bench.read("a")["3"]!.input).toBe(history(5, ",\n"));
    expect(problemsOf(bench.db, true)).toEqual([]);
  });

  test("but another project has its own", () => {
    using bench = new Workbench();
    bench.store("a", { 1: { input: history(5) } }, 1);
    bench.store("a", { 1: { input: history(5) } }, 2);
    expect(pieces(bench)).toBe(10);
    expect(bench.count("loans")).toBe(0);
  });

  test("where a reply comes back in the history of the next call", () => {
    using bench = new Workbench();
    const reply = say("a reply", "assistant");
    bench.store("a", { 1: { input: `[${say("question")}]`, output: reply } });
    bench.store("a", { 2: { input: `[${say("question")},${reply}]` } });
    expect(pieces(bench)).toBe(2);
  });

  test("where messages and tools are members of an object", () => {
    using bench = new Workbench();
    const call = (count: number) =>
      `{"model": "m", "messages": ${history(count)}, "tools": [${say("tool")}], "temperature": 0}`;
    bench.store("a", { 1: { input: call(3) }, 2: { input: call(4) }, 3: { input: history(4) } });
    expect(pieces(bench)).toBe(5);
    expect(bench.read("a")["2"]!.input).toBe(call(4));
  });
});

describe("a long conversation", () => {
  test("costs a few bytes of lists a step", () => {
    using bench = new Workbench();
    bench.store("t", { a: { input: history(300) } });
    bench.store("t", { b: { input: history(302) } });
    expect(listsOf(bench, "b").length).toBeLessThan(40);
    expect(bench.read("t")["b"]!.input).toBe(history(302));
  });

  test("reads exactly to its end, over chains of bounded length", () => {
    using bench = new Workbench();
    const steps = limits.chain * 2 + 10;
    for (let from = 0; from < steps; from += 50) {
      const ids = Array.from({ length: Math.min(50, steps - from) }, (_, i) => from + i);
      bench.store("t", Object.fromEntries(ids.map((i) => [`s${i}`, { input: history(i + 1) }])));
    }
    const read = bench.read("t");
    for (let i = 0; i < steps; i += 37) expect(read[`s${i}`]!.input).toBe(history(i + 1));
    let sinceWhole = 0;
    for (let span = 0; span < steps; span++) {
      const [entry] = readEntries(listsOf(bench, `s${span}`));
      const { base } = readList(entry!.list, { span, traceKey: bench.traceKey("t") });
      sinceWhole = base ? sinceWhole + 1 : 0;
      expect(sinceWhole).toBeLessThanOrEqual(limits.chain);
    }
  });

  test("of twice the steps costs at most 1.2 × twice as much", () => {
    const sizeOf = (steps: number) => {
      using bench = new Workbench();
      const messages: string[] = [];
      const empty = bench.fileSize();
      for (let i = 0; i < steps; i++) {
        const noise = Bun.hash(`${i}`).toString(36).repeat(3);
        messages.push(say(`${i} ${noise}`));
        bench.store("t", { [`s${i}`]: { input: `[${messages.join(",")}]` } });
      }
      return bench.fileSize() - empty;
    };
    expect(sizeOf(1000)).toBeLessThan(1.2 * 2 * sizeOf(500));
  });

  test("whose middle was edited, or that branches, reads as it was sent", () => {
    using bench = new Workbench();
    const edited = history(10).replace("message 4", "another message");
    const branch = `${history(3).slice(0, -1)},${say("branch")}]`;
    const texts = { a: history(10), b: edited, c: branch, d: history(11), e: history(2) };
    for (const [id, input] of Object.entries(texts)) bench.store("t", { [id]: { input } });
    expect(bench.read("t")).toEqual(
      Object.fromEntries(Object.entries(texts).map(([id, input]) => [id, { input }])),
    );
    expect(pieces(bench)).toBe(13);
  });
});

describe("what was undone", () => {
  test("is referred to by nothing that comes later", () => {
    using bench = new Workbench();
    bench.store("a", { 1: { input: history(3) } });
    const undone = () =>
      bench.transact(() => {
        bench.put("a", { 2: { input: history(6), output: say("undone") } });
        bench.put("b", { 1: { input: history(6) } });
        throw new Error("undone");
      });
    expect(undone).toThrow("undone");
    bench.store("b", { 1: { input: history(6) } });
    bench.store("a", { 3: { input: history(7), output: say("undone") } });
    expect(bench.read("a")["3"]).toEqual({ input: history(7), output: say("undone") });
    expect(bench.read("b")["1"]).toEqual({ input: history(6) });
    expect(problemsOf(bench.db, true)).toEqual([]);
  });
});

describe("damage", () => {
  const note = "[this text is damaged in the store and cannot be read]";

  function damaged(change: string): Workbench {
    const bench = new Workbench();
    bench.store("a", { 1: { input: history(3), output: "short" } });
    bench.store("b", { 1: { input: history(3), output: say("only in b") } });
    bench.store("c", { 1: { input: say("only in c") } });
    bench.db.run(change.replace("ID", "(SELECT min(id) FROM blocks)"));
    return bench;
  }

  test.each([
    [
      "a flipped bit",
      "UPDATE blocks SET data = CAST(substr(data, 1, 20) || x'ff' || substr(data, 22) AS BLOB) WHERE id = ID",
    ],
    [
      "a flipped bit in the index",
      "UPDATE blocks SET pieces = CAST(substr(pieces, 1, 9) || x'7f' || substr(pieces, 11) AS BLOB) WHERE id = ID",
    ],
    ["a frame that is cut off", "UPDATE blocks SET data = substr(data, 1, 30) WHERE id = ID"],
    ["an empty index", "UPDATE blocks SET pieces = x'' WHERE id = ID"],
    ["a block that is gone", "DELETE FROM blocks WHERE id = ID"],
  ])("by %s shows in those texts alone", async (_, change) => {
    using bench = damaged(change);
    expect(bench.readAll("a")["1"]).toEqual({
      texts: { input: note, output: "short" },
      damaged: ["input"],
    });
    expect(bench.readAll("b")["1"]).toEqual({
      texts: { input: note, output: say("only in b") },
      damaged: ["input"],
    });
    expect(bench.readAll("c")["1"]!.damaged).toEqual([]);
    // The upkeep and new spans go on beside it.
    await bench.settle();
    expect(bench.read("c")["1"]).toEqual({ input: say("only in c") });
    bench.store("d", { 1: { input: history(3) } });
    bench.reopen();
    bench.store("e", { 1: { input: `[${say("new")},${say("newer")}]` } });
    expect(bench.read("e")["1"]!.input).toContain("newer");
    bench.delete("a");
    bench.collect();
    expect(bench.read("b")["1"]!.output).toBe(say("only in b"));
  });

  test("is healed by sending the span again", async () => {
    using bench = damaged("UPDATE blocks SET data = x'00' WHERE id = ID");
    await bench.settle();
    bench.store("a", { 1: { input: history(3), output: "short" } });
    expect(bench.readAll("a")["1"]).toEqual({
      texts: { input: history(3), output: "short" },
      damaged: [],
    });
  });
});

test("two stores hash the same text differently, so that nobody can choose texts that meet", () => {
  using one = new Workbench();
  using two = new Workbench();
  const hash = (bench: Workbench) => {
    bench.store("t", { a: { input: history(1) } });
    const { pieces } = bench.db.query("SELECT pieces FROM blocks").get() as { pieces: Uint8Array };
    return Buffer.from(readIndex(pieces).pieces[0]!.hash!).toString("hex");
  };
  expect(hash(one)).toHaveLength(32);
  expect(hash(one)).not.toBe(hash(two));
});
