/** What holds for every page, in a window of a desk and of a phone. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startServer, type TestServer } from "../../helpers.ts";
import { barriers, chromiumPath, closeBrowser, openViewer, type Viewer } from "../browser.ts";
import { madeUpRuns, sendAll } from "../demo.ts";

const pages: [name: string, path: string, ready: string][] = [
  ["the list of traces", "/traces", ".traces-row"],
  ["a trace", "/traces/demo-subagent", ".spans-row"],
  ["a trace that is not there", "/traces/no-such-trace", ".nothing"],
  ["a comparison", "/compare?a=demo-fine&b=demo-second", ".compare-lines .compare-row"],
  ["a comparison without traces", "/compare", ".nothing"],
  ["the list of sessions", "/sessions", ".sessions-list li"],
  ["a session", "/sessions/demo-desk", ".sessions-conversation"],
  ["the overview", "/overview", ".charts-chart canvas"],
  ["agents", "/agents", ".charts-groups tbody tr"],
  ["the prompts of an agent", "/agents/coder/prompts", ".prompts-run"],
  ["the settings", "/settings", "#about"],
  ["the manual", "/docs", ".docs-topics"],
  ["a page of the manual", "/docs/commands", ".docs-text"],
  ["a page that the manual does not have", "/docs/no-such-page", ".nothing"],
  ["no page", "/no/such/page", ".nothing"],
];

describe.skipIf(chromiumPath === null)("every page", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
    await sendAll(server, madeUpRuns(Date.now()));
  });
  afterAll(async () => {
    await closeBrowser();
    await server[Symbol.asyncDispose]();
  });

  describe.each([390, 1440])("%i pixels wide", (width) => {
    let viewer: Viewer;
    beforeAll(async () => {
      viewer = await openViewer(server, { width, height: 844, theme: "light" });
    });
    afterAll(() => viewer[Symbol.asyncDispose]());

    test.each(pages)(
      "has one heading, room for all of it and no serious barrier: %s",
      async (_, path, ready) => {
        const { page } = viewer;
        await viewer.open(path);
        await page.locator(ready).first().waitFor({ state: "attached" });
        await page.waitForFunction(() => !document.querySelector("[aria-busy=true]"));
        expect(await page.locator("h1").count()).toBe(1);
        const overflow = "document.documentElement.scrollWidth - innerWidth";
        expect(await page.evaluate(overflow)).toBe(0);
        expect(await barriers(page)).toEqual([]);
      },
    );
  });

  test("is reached from the foot of a phone’s window, by targets of 40 pixels and more", async () => {
    await using viewer = await openViewer(server, { width: 390, height: 844 });
    const { page } = viewer;
    await viewer.open("/traces");
    await page.locator(".traces-row").first().waitFor();
    const targets = page.locator(".shell-bar :is(a, button, select), .shell-foot > *");
    for (const target of await targets.all()) {
      const box = await target.boundingBox();
      if (box === null) continue;
      expect({ what: await target.innerText(), ...box }.height).toBeGreaterThanOrEqual(40);
      expect(box.width).toBeGreaterThanOrEqual(40);
    }
    const foot = page.getByRole("navigation", { name: "Main pages" });
    for (const name of ["Sessions", "Overview", "Agents", "Traces"]) {
      const link = foot.getByRole("link", { name });
      await link.click();
      await page.waitForFunction(
        (name) => document.querySelector(".shell-foot [aria-current]")?.textContent === name,
        name,
      );
    }
    await foot.getByRole("button", { name: "More" }).click();
    expect(await barriers(page)).toEqual([]);
    await page.getByRole("dialog").getByRole("link", { name: "Settings" }).click();
    await page.waitForURL(/\/settings$/);
    await page.locator("dialog").waitFor({ state: "detached" });
    expect(viewer.complaints).toEqual([]);
  });

  test("a trace is copied and exported where there is little room", async () => {
    await using viewer = await openViewer(server, { width: 1000 });
    const { page } = viewer;
    await viewer.open("/traces/demo-subagent");
    await page.locator(".spans-row").first().waitFor();
    const more = page.locator(".trace-header").getByRole("button", { name: "More" });
    await more.click();
    await page.getByRole("button", { name: "Copy: Trace id" }).click();
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("demo-subagent");
    await more.click();
    const saved = page.waitForEvent("download");
    await page.getByRole("button", { name: "Export: JSON", exact: true }).click();
    expect((await saved).suggestedFilename()).toBe("demo-subagent.json");
  });
});
