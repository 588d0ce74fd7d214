/** Columns of one's own, in a real browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const soonMs = 20_000;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const startTime = Date.now() - 60_000;
  for (const [traceId, env, region] of [
    ["one", "prod", "eu-west"],
    ["two", "dev", "us-east"],
  ]) {
    const x = { attributes: JSON.stringify({ "cloud.region": region }) };
    const span = makeSpan({ startTime, endTime: startTime + 500, x });
    const trace = { traceId, traceName: traceId, sessionId: `desk-${traceId}`, metadata: { env } };
    const body = JSON.stringify(makePayload({ ...trace, spans: [span] }));
    expect((await server.api("/api/import", { method: "POST", body })).status).toBe(202);
  }
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

const headsOf = (page: Page) =>
  page
    .locator(".traces-heads > span")
    .evaluateAll((heads) => heads.map(({ textContent }) => textContent));
const cellOf = (page: Page, trace: string, column: string) =>
  page
    .locator(".traces-row", { has: page.getByText(trace, { exact: true }) })
    .locator(`[data-column='${column}']`);

browserTest(
  "metadata, attributes and fields become columns, in any order, without a request for each row",
  async () => {
    await using viewer = await openViewer(server);
    const { page, complaints } = viewer;
    const asked: string[] = [];
    page.on("request", (request) => asked.push(new URL(request.url()).pathname));
    await viewer.open("/traces");
    await page.getByRole("button", { name: "Columns" }).click({ timeout: soonMs });
    // What the newest traces have is offered; what is not a key is told.
    await page.locator(".popover-item", { hasText: "meta.env" }).click({ timeout: soonMs });
    const own = page.getByRole("textbox", { name: "Metadata or attribute" });
    await own.fill("cloud");
    await page.keyboard.press("Enter");
    await page.getByText("Write meta.KEY for metadata or attr.KEY for an attribute.").waitFor();
    await own.fill("attr.cloud.region");
    await page.keyboard.press("Enter");
    await page.getByRole("checkbox", { name: "Session" }).click();
    await page.getByRole("checkbox", { name: "Model" }).click();
    await page.getByRole("checkbox", { name: "Last message" }).click();
    for (let step = 0; step < 2; step++) {
      await page.getByRole("button", { name: "Move env to the left" }).focus();
      await page.keyboard.press("Enter");
    }
    // The focus goes with what moves, and Escape closes the menu from there.
    const focused = () => page.evaluate(() => document.activeElement?.getAttribute("aria-label"));
    expect(await focused()).toBe("Move env to the left");
    await page.keyboard.press("Escape");
    await page.getByRole("checkbox", { name: "Session" }).waitFor({ state: "detached" });
    expect(await headsOf(page)).toEqual(
      ["Status", "Started", "Trace", "Duration", "Steps", "env", "Tokens in", "Cost"].concat(
        "cloud.region",
        "Session",
      ),
    );
    await page.waitForFunction(() => document.body.textContent!.includes("us-east"));
    expect(await cellOf(page, "one", "meta.env").textContent()).toBe("prod");
    expect(await cellOf(page, "two", "attr.cloud.region").textContent()).toBe("us-east");
    expect(await cellOf(page, "two", "session").textContent()).toBe("desk-two");
    // A change that is told live takes nothing away.
    const { traces } = (await (await server.api("/api/traces")).json()) as any;
    const { key } = traces.find(({ traceId }: { traceId: string }) => traceId === "one");
    await server.api(`/api/traces/~${key}/pin`, { method: "POST" });
    await page.getByText("pinned", { exact: true }).waitFor({ state: "attached", timeout: soonMs });
    expect(await cellOf(page, "one", "meta.env").textContent()).toBe("prod");
    expect(asked.filter((path) => /^\/api\/traces\/./.test(path))).toEqual([]);
    expect(complaints).toEqual([]);

    // The address has them for another browser, and this browser for another address.
    await using other = await openViewer(server);
    await other.open(page.url().replace(/^https?:\/\/[^/]+/, ""));
    await cellOf(other.page, "one", "meta.env").waitFor({ timeout: soonMs });
    expect(await headsOf(other.page)).toEqual(await headsOf(page));
    await page.goto(`${server.url}/traces`);
    await cellOf(page, "one", "meta.env").waitFor({ timeout: soonMs });
  },
);

browserTest("a saved view has them in their order", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces?columns=meta.env,trace,session");
  await cellOf(page, "one", "meta.env").waitFor({ timeout: soonMs });
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByText("Save this view…").click();
  await page.getByRole("textbox", { name: "Name" }).fill("Where");
  await page.keyboard.press("Enter");
  await page.getByRole("button", { name: "Views: Where" }).waitFor({ timeout: soonMs });
  await using other = await openViewer(server);
  await other.open("/traces");
  await other.page.getByRole("button", { name: "Views" }).click({ timeout: soonMs });
  await other.page.getByRole("button", { name: "Where", exact: true }).click();
  await cellOf(other.page, "two", "meta.env").waitFor({ timeout: soonMs });
  expect(await headsOf(other.page)).toEqual(["Status", "env", "Trace", "Session"]);
});

browserTest(
  "with many columns nothing is cut off at the window's edge, whatever its width",
  async () => {
    for (const width of [1440, 1024, 768, 390]) {
      await using viewer = await openViewer(server, { width });
      const { page } = viewer;
      const own = ["a", "b", "c", "d"].map((key) => `meta.${key}`);
      await viewer.open(
        `/traces?columns=${["started", "trace", "last", "duration", "in", "cost", "meta.env", ...own, "session", "model"]}`,
      );
      await page.locator(".traces-row").first().waitFor({ timeout: soonMs });
      const misfits = await page.evaluate(() => ({
        width: document.documentElement.scrollWidth - window.innerWidth,
        outside: [...document.querySelectorAll(".traces-row > *, .traces-heads > *")].filter(
          (each) => each.getBoundingClientRect().right > window.innerWidth,
        ).length,
        cut: [...document.querySelectorAll(".traces-row .number")].filter(
          (each) => each.clientWidth > 0 && each.scrollWidth > each.clientWidth + 1,
        ).length,
      }));
      expect([width, misfits]).toEqual([width, { width: 0, outside: 0, cut: 0 }]);
    }
  },
  90_000,
);
