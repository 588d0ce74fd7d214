/** What the viewer shows while something fails, and how it goes on: in a real browser, on a real port. */
import { afterAll, beforeEach, afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { version } from "../../../src/version.ts";
import { makeSpan, makeTempDir, startServer, type TestServer } from "../../helpers.ts";
import { barriers, chromiumPath, closeBrowser, openViewer, type Viewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

let dataDir: string;
let server: TestServer;
beforeEach(async () => {
  dataDir = makeTempDir();
  server = await startServer({ dataDir });
  const startTime = Date.now() - 60_000;
  const spans = [makeSpan({ startTime, endTime: startTime + 500 })];
  await server.ingest({
    version: "v1",
    traces: [{ traceId: "one", traceName: "brew tea", agentName: "cook", spans }],
  });
});
afterEach(async () => {
  await server.stop();
  rmSync(dataDir, { recursive: true, force: true });
});
afterAll(closeBrowser);

async function openTraces(): Promise<Viewer> {
  const viewer = await openViewer(server);
  await viewer.open("/traces");
  await viewer.page.locator(".traces-row").first().waitFor();
  await viewer.page.locator(".shell-live", { hasText: "Live" }).waitFor();
  return viewer;
}

const goTo = (page: Page, name: string) =>
  page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name }).click();

/** Marks the document: another one does not have the mark. */
const mark = (page: Page) => page.evaluate("document.body.dataset.mark = 'same'");
const isSame = (page: Page) => page.evaluate("document.body.dataset.mark === 'same'");

browserTest(
  "a stopped server is one line: what was loaded stays, and a page that needs it comes by itself",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    await mark(page);
    const { port } = server;
    await server.stop();
    const banner = page.locator(".shell-banner");
    await banner.getByText("The server has not answered since").waitFor();
    expect((await banner.boundingBox())!.height).toBe(36);
    await page.locator(".traces-row", { hasText: "brew tea" }).waitFor();
    expect(await barriers(page)).toEqual([]);

    await goTo(page, "Agents & tools");
    const failure = page.getByRole("heading", { name: "This page could not be loaded" });
    await failure.waitFor();
    await page.getByText("The server does not answer. The page loads automatically").waitFor();
    await page.getByRole("button", { name: "Try again" }).click();
    await failure.waitFor();
    expect(await barriers(page)).toEqual([]);

    server = await startServer({ dataDir, port });
    await page.getByRole("button", { name: "cook", exact: true }).first().waitFor();
    await banner.waitFor({ state: "detached" });
    expect(await isSame(page)).toBe(true);
  },
);

browserTest(
  "a page whose code is there asks again for its data once the server is back",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    await goTo(page, "Agents & tools");
    await page.getByRole("button", { name: "cook", exact: true }).first().waitFor();
    const { port } = server;
    await server.stop();
    await page.locator(".shell-banner").waitFor();
    await page.getByRole("button", { name: "Tools", exact: true }).click();
    await page.getByText("The server does not answer.").first().waitFor();
    server = await startServer({ dataDir, port });
    await page.getByText("No trace has named a tool yet").waitFor();
  },
);

browserTest(
  "a file of the viewer that is not there leaves the shell, says so and offers to reload",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    let isThere = false;
    await page.route("**/assets/**", (route) =>
      isThere ? route.continue() : route.fulfill({ status: 404, json: { error: "No route" } }),
    );
    await goTo(page, "Overview");
    await page.getByText("the file that this page needs is missing").waitFor();
    await goTo(page, "Traces");
    await page.locator(".traces-row").first().waitFor();
    await goTo(page, "Overview");
    const reload = page.getByRole("button", { name: "Reload" });
    await reload.waitFor();
    isThere = true;
    await reload.click();
    await page.getByRole("heading", { name: "Overview" }).waitFor({ state: "attached" });
  },
);

browserTest(
  "an answer that is an error is said in the server's words, and asked for again by itself",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    const body = { error: "Internal server error", hint: "see the server's log" };
    await page.route("**/api/agents?**", (route) => route.fulfill({ status: 500, json: body }));
    await goTo(page, "Agents & tools");
    await page.getByText("Internal server error see the server's log").waitFor();
    await page.unroute("**/api/agents?**");
    await page.getByRole("button", { name: "cook", exact: true }).first().waitFor();
  },
);

browserTest(
  "an answer that the viewer does not understand breaks its page and no other",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    await page.route("**/api/projects", (route) => route.fulfill({ json: { projects: [null] } }));
    await page.route("**/api/agents?**", (route) => route.fulfill({ json: { groups: [null] } }));
    await goTo(page, "Agents & tools");
    await page.getByRole("heading", { name: "This page could not be shown" }).waitFor();
    await page.unroute("**/api/agents?**");
    await goTo(page, "Traces");
    await page.locator(".traces-row").first().waitFor();
    await page.reload();
    await page.locator(".traces-row").first().waitFor();
  },
);

browserTest(
  "a tab loads itself anew once where the server has another version, but not under a typing hand",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    let documents = 0;
    const typed = Promise.withResolvers<void>();
    await page.route("**/api/live*", async (route) => {
      await typed.promise;
      await route.continue();
    });
    await page.route(`${server.url}/traces`, async (route) => {
      documents++;
      const response = await route.fetch();
      const html = (await response.text()).replace(`content="${version}"`, 'content="0.0.1"');
      await route.fulfill({ response, body: html });
    });
    await page.goto(`${server.url}/traces`);
    await page.locator(".traces-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("status");
    typed.resolve();
    const offer = page.locator(".shell-banner", { hasText: `version ${version}` });
    await offer.waitFor();
    // Longer than it takes to look again.
    await Bun.sleep(1_500);
    expect(documents).toBe(1);

    await page.evaluate("document.activeElement.blur()");
    while (documents < 2) await Bun.sleep(20);
    await offer.waitFor();
    await Bun.sleep(1_500);
    expect(documents).toBe(2);
    await page.unroute(`${server.url}/traces`);
    await offer.getByRole("button", { name: "Reload" }).click();
    await offer.waitFor({ state: "detached" });
    await page.locator(".traces-row").first().waitFor();
  },
);
