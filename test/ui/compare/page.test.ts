/** Two runs compared in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const begin = Date.now() - 3_600_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await send("monday", 0, "Be brief.", ["ls src", "cat notes.txt", "rm old.txt"]);
  await send("tuesday", 60_000, "Be kind.", ["ls src", "cat other.txt", "make"], "error");
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** A run of one agent: a model call, then its tools. */
async function send(
  traceId: string,
  after: number,
  systemPrompt: string,
  commands: string[],
  status = "ok",
) {
  const startTime = begin + after;
  const at = (n: number) => ({
    startTime: startTime + n * 1000,
    endTime: startTime + n * 1000 + 500,
  });
  const messages = [
    { role: "system", content: systemPrompt },
    { role: "user", content: "Tidy up." },
  ];
  const spans = [
    {
      spanId: "root",
      spanType: "agent",
      name: "tidier",
      startTime,
      endTime: startTime + 9000,
      status,
    },
    {
      ...{ spanId: "call", parentSpanId: "root", name: "chat", modelId: "gpt-4o", ...at(0) },
      ...{ input: JSON.stringify(messages), output: "I look around first." },
      usage: { inputTokens: 100, outputTokens: 10, totalTokens: 110 },
    },
    ...commands.map((command, i) => ({
      ...{
        spanId: `tool-${i}`,
        parentSpanId: "root",
        spanType: "tool",
        name: "bash",
        ...at(i + 1),
      },
      ...{ input: JSON.stringify({ command }), output: "done" },
    })),
  ].map((span) => makeSpan(span));
  const traces = [{ traceId, traceName: traceId, agentName: "tidier", spans }];
  expect((await server.ingest({ version: "v1", traces })).status).toBe(202);
}

browserTest("begins at a trace, and shows its steps beside those of the run before", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/tuesday");
  await page.getByRole("button", { name: "Compare with another trace" }).click();
  await page.getByRole("button", { name: /^Last good run/ }).click();
  await page.waitForURL(/\/compare\?a=.*&b=/);
  await page.getByRole("button", { name: "A: monday, choose another" }).waitFor();
  await page.getByRole("button", { name: "B: tuesday, choose another" }).waitFor();
  // The first difference is selected, with the words that differ.
  await page.locator(".worddiff del", { hasText: "brief" }).waitFor();
  await page.locator(".worddiff ins", { hasText: "kind" }).waitFor();
  expect(await page.locator(".compare-filter").allTextContents()).toEqual([
    "~2 changed",
    "−1 only in A",
    "+1 only in B",
    "↕0 moved",
    "=1 same",
  ]);
  const widths = await page
    .locator(".compare-row")
    .evaluateAll((rows) => rows.map((row) => row.clientWidth));
  expect(new Set(widths).size).toBe(1);
  expect(viewer.complaints).toEqual([]);
});

browserTest(
  "is walked, swapped, filtered and closed by keys, and its address says all of it",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/compare?a=monday&b=tuesday");
    await page.getByText("difference 1 of 4").waitFor();
    await page.keyboard.press("n");
    await page.getByText("difference 2 of 4").waitFor();
    const row = new URL(page.url()).searchParams.get("row")!;
    await page.locator(".worddiff del", { hasText: "notes" }).waitFor();
    await page.keyboard.press("x");
    await page.locator(".worddiff ins", { hasText: "notes" }).waitFor();
    const { searchParams } = new URL(page.url());
    expect([...searchParams.values()].slice(0, 2)).toEqual(["tuesday", "monday"]);
    expect(searchParams.get("row")).toBe(row.split(".").reverse().join("."));
    await page.keyboard.press("b");
    await page.locator(".worddiff-sides").first().waitFor();
    await page.getByRole("button", { name: "1 same" }).press("Enter");
    await page.waitForURL(/hide=same/);
    expect(await page.locator(".compare-row.is-same").count()).toBe(0);
    await page.keyboard.press("Escape");
    await page.locator(".compare-dock").waitFor({ state: "detached" });
    await page.reload();
    await page.getByText("4 differences").waitFor();
    expect(await page.locator(".compare-dock").count()).toBe(0);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "shows differences by words, by lines and side by side, and remembers which",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/compare?a=monday&b=tuesday");
    await page.locator(".worddiff del", { hasText: /^brief/ }).waitFor();
    await page.keyboard.press("l");
    await page.locator(".worddiff-text.is-lines del", { hasText: "Be brief." }).waitFor();
    await page.locator(".worddiff-text.is-lines ins", { hasText: "Be kind." }).waitFor();
    expect(await page.getByText("A long text").count()).toBe(0);
    await page.reload();
    await page.locator(".worddiff-text.is-lines del", { hasText: "Be brief." }).waitFor();
    await page.keyboard.press("b");
    await page.locator(".worddiff-sides").first().waitFor();
    await page.keyboard.press("w");
    await page.locator(".worddiff del", { hasText: /^brief/ }).waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "gives the differences the height that the reader wants, with the pointer or by keys",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/compare?a=monday&b=tuesday");
    const edge = page.getByRole("separator", { name: "Height of the differences" });
    const height = async () => (await page.locator(".compare-dock").boundingBox())!.height;
    await edge.waitFor();
    expect(await height()).toBe(292);
    await edge.press("ArrowUp");
    expect(await height()).toBe(308);
    await edge.press("ArrowLeft");
    expect(await height()).toBe(308);
    await edge.dblclick();
    expect(await height()).toBe(292);
    const { x, y, width } = (await edge.boundingBox())!;
    await page.mouse.move(x + width / 2, y + 4);
    await page.mouse.down();
    await page.mouse.move(x + width / 2, y - 96);
    await page.mouse.up();
    expect(Math.round((await height()) / 10)).toBe(39);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("shows what a step alone says, and goes from one side to the other", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/compare?a=monday&b=tuesday");
  await page.locator(".compare-row.is-onlyA").click();
  await page.locator(".compare-dock .text-message", { hasText: "rm old.txt" }).waitFor();
  await page.locator(".compare-row.is-onlyB").click();
  await page.locator(".compare-dock .text-message", { hasText: "make" }).waitFor();
  expect(viewer.complaints).toEqual([]);
});

browserTest("lets one choose what to compare with among the runs of the agent", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/compare?b=tuesday");
  await page.getByRole("button", { name: "B: tuesday, choose another" }).waitFor();
  await page.getByRole("button", { name: "A: Choose a trace" }).click();
  await page.getByText("Recent traces of tidier").waitFor();
  await page.getByRole("button", { name: /monday/ }).waitFor();
  await page.keyboard.type("mon");
  await page.keyboard.press("Enter");
  await page.getByText("difference 1 of 4").waitFor();
  expect(viewer.complaints).toEqual([]);
});

browserTest("asks again for what failed while only one trace is chosen", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/compare?a=no-such-trace");
  const again = page.getByRole("button", { name: "Try again" });
  await again.waitFor();
  const [asked] = await Promise.all([page.waitForRequest(/\/api\/.*no-such-trace/), again.click()]);
  expect(new URL(asked.url()).pathname).toBe("/api/traces/no-such-trace");
});

browserTest("shows one side at a time on a phone, and nothing wider than it", async () => {
  await using viewer = await openViewer(server, { width: 390, height: 844 });
  const { page } = viewer;
  await viewer.open("/compare?a=monday&b=tuesday");
  await page.getByText("make").waitFor();
  await page.getByRole("button", { name: /^A: / }).click();
  const { x, width } = (await page.locator(".compare-panel").boundingBox())!;
  expect(x >= 0 && x + width <= 390).toBe(true);
  await page.keyboard.press("Escape");
  expect(await page.getByText("rm old.txt").isVisible()).toBe(false);
  await page.getByRole("group", { name: "Which side is shown" }).getByText("A").click();
  await page.getByText("rm old.txt").waitFor();
  expect(await page.locator(".compare-dock").count()).toBe(0);
  await page.getByText("rm old.txt").click();
  await page.locator(".compare-dock").waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(viewer.complaints).toEqual([]);
});

browserTest("draws only the rows in sight of a long comparison", async () => {
  const commands = Array.from({ length: 2_000 }, (_, i) => `step ${i}`);
  for (const [i, name] of ["long-1", "long-2"].entries()) {
    const startTime = begin + 120_000 + i;
    for (let from = 0; from < commands.length; from += 500) {
      const spans = commands.slice(from, from + 500).map((command, j) =>
        makeSpan({
          ...{ spanId: `tool-${from + j}`, spanType: "tool", name: "bash", output: "done" },
          ...{ startTime: startTime + from + j, endTime: startTime + from + j + 1 },
          input: JSON.stringify({ command: from + j === 1_500 ? `${command} ${name}` : command }),
        }),
      );
      const traces = [{ traceId: name, traceName: name, agentName: "long", spans }];
      expect((await server.ingest({ version: "v1", traces })).status).toBe(202);
    }
  }
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/compare?a=long-1&b=long-2");
  await page.getByText("difference 1 of").waitFor();
  await page.locator(".compare-row.is-selected", { hasText: "step 1500" }).waitFor();
  expect(await page.locator(".compare-row").count()).toBeLessThan(100);
  await page.keyboard.press("End");
  const last = page.locator(".compare-row.is-selected", { hasText: "step 1999" });
  await last.waitFor();
  for (const key of ["k", "k", "Home", ...Array<string>(30).fill("j")])
    await page.keyboard.press(key);
  await page.locator(".compare-row.is-selected", { hasText: "step 30" }).waitFor();
  // The dock stands below the table: what it covers nobody sees.
  await page.waitForFunction(() => {
    const box = (selector: string) => document.querySelector(selector)!.getBoundingClientRect();
    const [row, table] = [box(".compare-row.is-selected"), box(".compare-table")];
    return row.top >= table.top && row.bottom <= table.bottom + 1;
  });
  expect(viewer.complaints).toEqual([]);
});
