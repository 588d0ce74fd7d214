/** Whatever was indexed, changed or deleted: search finds what a look at all messages finds. */
import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { steps, times } from "./arbitrary.ts";
import type { Bench } from "./bench.ts";
import type { Pair } from "./pair.ts";

const query = fc.constantFrom(
  ...["alpha", "ALPHA beta", '"alpha beta"', "beta gamma", "b g", "日", "日本", "x", "\ud800"],
  ...["bash", '"read file"', "Boom", "nightly", "acme", "s1", "user", "7", "path line", "be good"],
);

export function describeSearchProperties(start: () => Pair): void {
  describe("whatever is searched", () => {
    test("hits are those of the model", async () => {
      await fc.assert(
        fc.asyncProperty(
          steps,
          fc.array(query, { minLength: 4, maxLength: 8 }),
          async (steps, queries) => {
            const pair = start();
            for (const step of steps) {
              await pair.run(step);
              for (const text of queries) {
                const [found, wanted] = pair.both.map((bench) => hitsOf(bench, text));
                expect([text, found]).toEqual([text, wanted]);
              }
            }
          },
        ),
        times(25),
      );
    });
  });
}

/** What is found, in the order of its traces; which of equal messages in one span is shown is open. */
function hitsOf(bench: Bench, text: string) {
  const hits = bench.find(text, { limit: 5 });
  return {
    traces: hits.map(({ startTime }) => startTime),
    messages: hits
      .map(({ project, traceId, spanId, snippet }) =>
        [project, traceId, spanId, snippet.slice(0, 60)].join("|"),
      )
      .sort(),
  };
}
