/** The index follows the order of settling, which no clock that is set can mislead. */
import { expect, test } from "bun:test";
import { SearchBench } from "./searchbench.ts";

const hourMs = 3_600_000;
const yearMs = 365 * 24 * hourMs;

const say = (content: string) => ({ input: JSON.stringify([{ role: "user", content }]) });

test.each([4 * yearMs, -5 * hourMs])(
  "traces are indexed at once after the clock was set by %d ms and back",
  (byMs) => {
    using bench = new SearchBench();
    const store = (traceId: string) => {
      bench.store.store(traceId, { s: say(`needle of ${traceId}`) });
      bench.settle();
      bench.index();
      expect(bench.status()).toMatchObject({ state: "ready", pendingTraces: 0 });
    };
    store("before");
    bench.nowMs += byMs;
    store("meanwhile");
    bench.nowMs -= byMs;
    store("after");
    expect(bench.find("needle").map(({ traceId }) => traceId)).toEqual([
      "after",
      "meanwhile",
      "before",
    ]);
  },
);

test("a store that was put back to an earlier state has its traces found, not those of the index", () => {
  using bench = new SearchBench();
  for (const id of ["a", "b", "c"]) {
    bench.store.store(id, { s: say(`needle of ${id}`) });
    bench.settle();
  }
  bench.index();
  bench.indexer.close();
  // As a backup of the file would have it: the traces had not settled.
  bench.store.db.run("UPDATE settling SET last = 0");
  for (const id of ["a", "b", "c"]) bench.store.delete(id);
  bench.store.store("d", { s: say("needle of d") });
  bench.settle();
  bench.open();
  bench.index();
  expect(bench.status()).toMatchObject({ state: "ready", pendingTraces: 0, indexedTraces: 1 });
  expect(bench.find("needle").map(({ traceId }) => traceId)).toEqual(["d"]);
});
