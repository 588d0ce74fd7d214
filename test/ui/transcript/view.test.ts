/** The transcript of a large trace in a real browser: it begins where the selection is. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";
import { largeTrace, sendAll } from "../demo.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await sendAll(server, largeTrace(Date.now(), 8_000));
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest(
  "a link to a far span shows it without all that lies before, and the beginning on demand",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    let pages = 0;
    page.on("request", (request) => {
      if (request.url().includes("/transcript?")) pages++;
    });
    await viewer.open("/traces/demo-large?view=transcript&span=s7900");
    await page.locator(".transcript-row.is-selected", { hasText: "part 7900" }).waitFor();
    expect(pages).toBeLessThan(4);

    await page.getByRole("button", { name: "Show from the beginning" }).click();
    await page.getByText("Part 2 is done.").waitFor();
    await page.getByText("This is a part").waitFor({ state: "detached" });
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("another far span is gone to, forward and back", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/demo-large?view=transcript&span=s4002");
  await page.locator(".transcript-row.is-selected", { hasText: "art 4002" }).waitFor();
  await page.keyboard.press("e");
  await page.locator(".transcript-row.is-selected", { hasText: "part 4985 failed" }).waitFor();
  await page.keyboard.press("E");
  await page.locator(".transcript-row.is-selected", { hasText: "part 3988 failed" }).waitFor();
  expect(viewer.complaints).toEqual([]);
});
