/** Numbers in the manual are those of the code. */
import { expect, test } from "bun:test";
import * as limits from "../../src/limits.ts";
import { limits as search } from "../../src/sqlite/search/limits.ts";
import { page } from "./markdown.ts";

const MiB = 2 ** 20;
const { admission, largeBodyBytes, live, preview, storage, tracePage } = limits;
const count = (number: number) => number.toLocaleString("en-US");

const sentences: [topic: string, sentence: string][] = [
  ["api", `Up to ${count(tracePage.spans)} spans come whole`],
  ["api", `more in pages of ${count(tracePage.spansOfMore)}`],
  ["api", `each of up to ${preview.spans} spans did`],
  ["api", `More than ${live.rememberedTraces} traces changed`],
  ["configuration", `${limits.maxBodyBytesDefault} |`],
  ["configuration", `always ${limits.maxOtlpBodyBytes / MiB} MiB`],
  ["configuration", `${storage.minFreeBytes / 1e6} MB, at most ${storage.minFreeShare * 100} %`],
  ["filters", `after about ${limits.traces.budgetMs} ms`],
  ["filters", `a search after about ${search.budgetMs} ms`],
  ["internals", `over ${largeBodyBytes / MiB} MiB, or over ${largeBodyBytes / 256 / 1024} KiB`],
  ["storage", `at most ${storage.ballastBytes / MiB} MiB`],
  ["storage", `a limit of ${admission.maxBytes / MiB} MiB`],
  ["troubleshooting", `than ${limits.maxOtlpBodyBytes / MiB} MiB for OTLP`],
  ["viewer", `more than ${count(tracePage.spans)} spans`],
];

test.each(sentences)("%s: %s", (topic, sentence) => {
  expect(page(topic)).toContain(sentence);
});

test("silence of ten minutes and of ten seconds is as long as it says", () => {
  expect(limits.staleAfterMs).toBe(10 * 60_000);
  expect(page("filters")).toContain("silent for ten minutes");
  expect(limits.restEveryMs).toBe(10_000);
  expect(page("storage")).toContain("after ten seconds in which nothing was stored");
  expect(1000 / live.tellEveryMs).toBe(4);
  expect(page("api")).toContain("at most four times a second");
});
