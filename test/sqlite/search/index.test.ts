/** What the index must not take amiss: rows that are damaged, numbers used again, traces that go on. */
import { expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { readdirSync } from "node:fs";
import { spanKeyRange } from "../../../src/tally/numbers.ts";
import { mountSmallDisk } from "../../smalldisk.ts";
import { SearchBench } from "./searchbench.ts";

const say = (content: string) => ({ input: JSON.stringify([{ role: "user", content }]) });

/** Fills a block of its own. */
const long = (word: string) =>
  say(`${word} ${Array.from({ length: 12_000 }, (_, i) => word + i).join(" ")}`);

/** Has a large index. */
const noise = (word: string) => say(`${word} ${randomBytes(200_000).toString("base64")}`);

function settleAndIndex(bench: SearchBench): void {
  bench.settle();
  bench.index();
}

const tracesWith = (bench: SearchBench, q: string) => bench.find(q).map(({ traceId }) => traceId);

test.each([
  "UPDATE spans SET lists = x'ffffff' WHERE key BETWEEN ? AND ?",
  "UPDATE spans SET nameId = 1000000 WHERE key BETWEEN ? AND ?",
])("a damaged row ends neither the index nor a search: %s", (harm) => {
  using bench = new SearchBench();
  for (const id of ["t1", "t2", "t3"]) bench.store.store(id, { s: say(`needle of ${id}`) });
  bench.settle();
  bench.store.db.query(harm).run(...spanKeyRange(bench.store.traceKey("t2")));
  expect(tracesWith(bench, "needle")).toEqual(["t3", "t1"]);
  bench.index();
  expect(bench.status()).toMatchObject({ state: "ready", pendingTraces: 0 });
  expect(tracesWith(bench, "needle")).toEqual(["t3", "t1"]);
});

test("a piece that gets the number of one that is gone is found", () => {
  using bench = new SearchBench();
  for (let i = 0; i < 5; i++) bench.store.store(`other${i}`, { s: say("other") });
  bench.store.store("t", { a: say("alpha ".repeat(20)), b: long("bravo") });
  settleAndIndex(bench);
  expect(tracesWith(bench, "bravo77")).toEqual(["t"]);
  bench.store.store("t", { b: { ...say("short"), endTime: 2 } });
  settleAndIndex(bench);
  bench.store.collect();
  bench.store.reopen();
  bench.store.store("t", { c: long("charlie") });
  settleAndIndex(bench);
  expect(tracesWith(bench, "bravo77")).toEqual([]);
  expect(tracesWith(bench, "charlie77")).toEqual(["t"]);
});

test("a trace that goes on does not cost the file that it is in", () => {
  using bench = new SearchBench();
  bench.store.store("t", { a: say("first ".repeat(20)) });
  settleAndIndex(bench);
  const [file] = bench.indexer.files;
  bench.store.store("t", { b: say("second ".repeat(20)) });
  bench.close();
  bench.open();
  bench.index();
  settleAndIndex(bench);
  expect(bench.indexer.files.map(({ path }) => path)).toEqual([file!.path]);
  expect([tracesWith(bench, "first"), tracesWith(bench, "second")]).toEqual([["t"], ["t"]]);
});

test("a disk without room for the index ends nothing: all is found, and nothing of it is left", () => {
  using bench = new SearchBench();
  // Undone before the bench is.
  using disk = mountSmallDisk("200k", bench.dir);
  if (!disk) return;
  for (const id of ["t1", "t2"]) bench.store.store(id, { s: noise(`needle${id}`) });
  settleAndIndex(bench);
  expect(bench.status()).toMatchObject({ state: "building", files: 0 });
  expect(tracesWith(bench, "needlet1")).toEqual(["t1"]);
  expect(readdirSync(disk.dir)).toEqual([]);
  disk.fill();
  bench.close();
  bench.open();
  bench.index();
  expect(tracesWith(bench, "needlet2")).toEqual(["t2"]);
  bench.close();
  expect(readdirSync(disk.dir)).toEqual(["filler"]);
  bench.open();
});
