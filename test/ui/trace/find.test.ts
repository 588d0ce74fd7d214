/** What is found is marked where it stands, and comes into sight: in a browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { wordsOf } from "../../../src/ui/text/search-words.ts";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer, type Viewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

const lines = (last: string) =>
  [...Array.from({ length: 120 }, (_, i) => `line ${i} of a long text`), last].join("\n");
const said = (content: string) => JSON.stringify([{ role: "assistant", content }]);

let server: TestServer;
const start = Date.now() - 60_000;
beforeAll(async () => {
  server = await startServer();
  const at = (n: number) => ({ startTime: start + n * 100, endTime: start + n * 100 + 50 });
  const spans = [
    makeSpan({ spanId: "root", spanType: "agent", name: "run", ...at(0), endTime: start + 9_000 }),
    ...Array.from({ length: 12 }, (_, n) =>
      makeSpan({
        spanId: `call${n}`,
        parentSpanId: "root",
        ...at(n + 1),
        input: JSON.stringify([{ role: "user", content: `Question ${n}` }]),
        output: said(n === 7 ? lines("here is the Needle of it") : `Answer ${n}`),
      }),
    ),
    makeSpan({
      spanId: "tool",
      parentSpanId: "root",
      spanType: "tool",
      name: "cat",
      ...at(20),
      output: lines("a haystack"),
    }),
  ];
  const trace = { traceId: "found", traceName: "found", spans };
  expect((await server.ingest({ version: "v1", traces: [trace] })).status).toBe(202);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** What is marked and seen in the transcript. */
function marked({ page }: Viewer): Promise<string[]> {
  return page.evaluate(() => {
    const pane = document.querySelector(".transcript-scroller")?.getBoundingClientRect();
    if (!pane) return [];
    return [...(CSS.highlights.get("trace-found") ?? [])].flatMap((range) => {
      const { top, bottom } = (range as Range).getBoundingClientRect();
      return top >= pane.top && bottom <= pane.bottom ? [String(range)] : [];
    });
  });
}

async function untilMarked(viewer: Viewer, text: string): Promise<void> {
  while (!(await marked(viewer)).includes(text)) await Bun.sleep(30);
}

test("the words of a search are one by one, and what is quoted together", () => {
  expect(wordsOf('Needle "of It" x"y')).toEqual(["needle", "of it", "x", "y"]);
  expect(wordsOf(' "" ')).toEqual([]);
});

browserTest("a word deep in a long answer is marked and scrolled to", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/found?view=transcript");
  await page.getByText("Answer 0").waitFor();
  await page.getByLabel("Find in trace").fill("needle");
  await page.getByRole("search").getByRole("status").getByText("1", { exact: true }).waitFor();
  await page.keyboard.press("Enter");
  await untilMarked(viewer, "Needle");
  expect(viewer.complaints).toEqual([]);
});

browserTest("a hit of the search opens what it stands in, and is marked there", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces");
  await page.locator(".traces-row").first().waitFor();
  await page.keyboard.press("ControlOrMeta+k");
  await page.keyboard.type("haystack");
  await page.getByRole("option").filter({ hasText: "haystack" }).first().click();
  await untilMarked(viewer, "haystack");
  expect(new URL(page.url()).searchParams.get("find")).toBe("haystack");
  expect(viewer.complaints).toEqual([]);
});

browserTest("the table begins with what was read, without selecting it", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/found?view=transcript");
  await page.locator(".transcript-row").first().waitFor();
  await page.locator(".transcript-scroller").evaluate((pane) => (pane.scrollTop = 1e6));
  await page.locator(".transcript-step", { hasText: "Step 12" }).waitFor();
  await page.keyboard.press("1");
  await page.locator(".spans-row", { hasText: "step 12" }).waitFor();
  expect(new URL(page.url()).searchParams.get("span")).toBeNull();
  await page.locator(".spans-row", { hasText: "step 2" }).click();
  await page.locator(".transcript-row.is-selected", { hasText: "Question 1" }).waitFor();
  expect(viewer.complaints).toEqual([]);
});
