/** The list of traces in windows of all widths, with figures and texts of all lengths. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const dayMs = 86_400_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const now = Date.now();
  await send("an old import with a name as long as names of runs are", now - 600 * dayMs, 1);
  await send("cheap", now - 300_000, 1);
  await send("dear", now - 200_000, 2_000_000_000);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

async function send(name: string, startTime: number, inputTokens: number) {
  const span = {
    startTime,
    endTime: startTime + 123_456,
    modelId: "gpt-4o-mini",
    provider: "openai",
  };
  const input = JSON.stringify([
    { role: "user", content: "# Fix\n\n**all** of `main.py`, error here" },
  ]);
  const response = await server.ingest({
    version: "v1",
    traces: [
      {
        traceId: name,
        traceName: name,
        agentName: "a",
        spans: ["1", "2"].map((spanId) =>
          makeSpan({ ...span, spanId, input, usage: { inputTokens, outputTokens: 1 } }),
        ),
      },
    ],
  });
  expect([response.status, await response.text()]).toMatchObject([202, expect.anything()]);
}

/** What stands beyond the window's right edge, and figures that have no room. */
const misfits = () => ({
  width: document.documentElement.scrollWidth - window.innerWidth,
  outside: [
    ...document.querySelectorAll(
      ".traces-row > *, .traces-summary > *, .toolbar > *, .overview-figure",
    ),
  ].filter((each) => each.getBoundingClientRect().right > window.innerWidth).length,
  cut: [...document.querySelectorAll(".number, .overview-value")]
    .filter((each) => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1)
    .map((each) => each.textContent),
});

browserTest.each([390, 700, 768, 1440])(
  "fits a window of %d px, no figure is cut, and texts have no marks",
  async (width) => {
    await using viewer = await openViewer(server, { width });
    const { page } = viewer;
    for (const path of [
      "/traces",
      "/traces?filter=agent:a%20name:e%20cost:%3E0",
      "/overview?since=0",
    ]) {
      await viewer.open(path);
      await page
        .locator(path.startsWith("/t") ? ".traces-row" : ".overview-value")
        .first()
        .waitFor();
      expect([path, await page.evaluate(misfits)]).toEqual([
        path,
        { width: 0, outside: 0, cut: [] },
      ]);
    }
    await viewer.open("/traces");
    await page.getByText("Fix all of main.py").first().waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "shows the peek as a sheet over the list of a phone, with its row above it",
  async () => {
    await using viewer = await openViewer(server, { width: 390, height: 844 });
    const { page } = viewer;
    await viewer.open("/traces");
    await page.locator(".traces-row").last().click();
    const sheet = page.locator(".peek");
    await sheet.getByRole("heading", { name: "an old import" }).waitFor();
    const { y: top } = (await sheet.boundingBox())!;
    expect(top).toBeGreaterThan(200);
    const row = (await page.locator(".traces-row.is-selected").boundingBox())!;
    expect(row.y + row.height).toBeLessThanOrEqual(top + 1);
    await page.mouse.click(195, top - 10);
    await sheet.waitFor({ state: "detached" });
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "draws what came of late at its own scale, and leads to what an import of long ago brought",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.getByRole("button", { name: "1 earlier" }).click();
    await page.locator(".traces-row", { hasText: "an old import" }).waitFor();
    await page.locator(".traces-row", { hasText: "cheap" }).waitFor({ state: "detached" });
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("stands the messages of one trace together, with their number", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces?in=messages&filter=error");
  const groups = page.locator(".hits section");
  await groups.first().waitFor();
  await page.getByRole("heading", { name: /^cheap .*1 message/ }).waitFor();
  await page.getByText("3 messages in 3 traces").waitFor();
  expect(await groups.count()).toBe(3);
  expect(viewer.complaints).toEqual([]);
});

browserTest(
  "goes on searching by itself where an answer was cut before there was much in it",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await page.route("**/api/search?*", async (route) => {
      const asked = new URL(route.request().url());
      const done = Number(asked.searchParams.get("cursor") ?? 0);
      asked.searchParams.delete("cursor");
      const response = await route.fetch({ url: asked.href });
      const { hits } = await response.json();
      const nextCursor = done < 2 ? `${done + 1}` : null;
      await route.fulfill({ response, json: { hits: [hits[done]], nextCursor } });
    });
    await viewer.open("/traces?in=messages&filter=error");
    await page.getByText("3 messages in 3 traces", { exact: true }).waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);
