/** The versions of an agent's prompt in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { PromptVersion } from "../../../src/query/prompts.ts";
import { axisOf, barsOf } from "../../../src/ui/prompts/data.ts";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const begin = Date.now() - 3_600_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  for (const [i, rule] of ["brief", "brief", "kind", "quick"].entries()) {
    const startTime = begin + i * 60_000;
    const span = makeSpan({
      ...{ spanType: "agent", name: "coder/1", startTime, endTime: startTime + 1000 },
      ...{ systemPrompt: `You write code. Be ${rule}.`, status: i === 1 ? "error" : "ok" },
    });
    const trace = { traceId: `run-${i}`, traceName: `run-${i}`, agentName: "coder/1" };
    const response = await server.ingest({
      version: "v1",
      traces: [{ ...trace, spans: [span] }],
    });
    expect(response.status).toBe(202);
  }
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest(
  "lists them from the agent's own page, the newest first, with what changed last",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/agents?of=coder%2F1");
    await page.getByRole("link", { name: "Prompts" }).click();
    await page.waitForURL(/\/agents\/coder%2F1\/prompts$/);
    await page.locator(".prompts-row .strong").first().waitFor();
    expect(await page.locator(".prompts-row .strong").allTextContents()).toEqual([
      "v3",
      "v2",
      "v1",
    ]);
    await page.getByText("3 versions in 4 runs").waitFor();
    await page.locator(".worddiff del", { hasText: "kind" }).waitFor();
    await page.locator(".worddiff ins", { hasText: "quick" }).waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "compares any two of them, and lists the runs of the one that is selected, by keys alone",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/agents/coder%2F1/prompts");
    await page.locator(".prompts-run", { hasText: "run-3" }).waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.locator(".prompts-run", { hasText: "run-1" }).waitFor();
    expect(await page.locator(".prompts-run").count()).toBe(2);
    await page.keyboard.press("a");
    await page.locator(".worddiff del", { hasText: "brief" }).waitFor();
    await page.locator(".worddiff ins", { hasText: "quick" }).waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/traces\?filter=agent/);
    await page.locator(".traces-row").first().waitFor();
    expect(await page.locator(".traces-row .traces-name").allTextContents()).toEqual([
      "run-1",
      "run-0",
    ]);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("shows what differs by the same keys as a comparison does", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/agents/coder%2F1/prompts");
  await page.locator(".worddiff ins", { hasText: /^quick/ }).waitFor();
  await page.keyboard.press("l");
  await page.locator(".is-lines ins", { hasText: "You write code. Be quick." }).waitFor();
  await page.keyboard.press("s");
  await page.locator(".worddiff-sides").first().waitFor();
  await page.keyboard.press("w");
  await page.keyboard.press("w");
  await page.locator(".worddiff ins", { hasText: /^quick/ }).waitFor();
  expect(await page.locator(".worddiff-sides").count()).toBe(0);
  expect(viewer.complaints).toEqual([]);
});

browserTest("fits a phone", async () => {
  await using viewer = await openViewer(server, { width: 390, height: 844 });
  const { page } = viewer;
  await viewer.open("/agents/coder%2F1/prompts");
  await page.getByRole("button", { name: "Version 1 as A" }).click();
  await page.locator(".worddiff del", { hasText: "brief" }).waitFor();
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(390);
  expect(viewer.complaints).toEqual([]);
});

test("runs stand in bars of one length on an axis that all versions share", () => {
  const day = 86_400_000;
  const of = (...days: [day: number, traceCount: number, failedCount: number][]) =>
    ({
      days: days.map(([at, traceCount, failedCount]) => ({
        startTime: at * day,
        traceCount,
        failedCount,
      })),
    }) as PromptVersion;
  const [old, young] = [of([100, 3, 1], [101, 2, 0]), of([101, 4, 4], [120, 1, 0])];
  const axis = axisOf([young, old]);
  expect(axis).toEqual({ startTime: 100 * day, count: 21, days: 1 });
  expect(barsOf(young, axis).map(({ place }) => place)).toEqual([1, 20]);
  // Of a year a bar is nine days.
  const year = [of([0, 1, 0], [8, 1, 1], [9, 5, 0], [364, 1, 0])];
  const long = axisOf(year);
  expect(long).toEqual({ startTime: 0, count: 41, days: 9 });
  expect(barsOf(year[0]!, long)).toEqual([
    { place: 0, startTime: 0, traceCount: 2, failedCount: 1 },
    { place: 1, startTime: 9 * day, traceCount: 5, failedCount: 0 },
    { place: 40, startTime: 360 * day, traceCount: 1, failedCount: 0 },
  ]);
});
