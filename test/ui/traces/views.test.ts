/** Saved views of the list, in real browsers: what one saves, another has. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const startTime = Date.now() - 60_000;
  const span = makeSpan({ startTime, endTime: startTime + 500 });
  expect((await server.ingest(makePayload({ spans: [span] }))).status).toBe(202);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest(
  "a view is saved with its filter, order and columns, and applied in another browser",
  async () => {
    await using one = await openViewer(server);
    const menu = one.page.getByRole("button", { name: /^Views/ });
    await one.open("/traces?filter=status%3Aok&since=24h&sort=-cost");
    await one.page.getByRole("button", { name: "Columns" }).click();
    await one.page.getByRole("checkbox", { name: "Cost" }).click();
    await one.page.keyboard.press("Escape");
    await menu.click();
    await one.page.getByText("Save this view…").click();
    await one.page.getByRole("textbox", { name: "Name" }).fill("Cheap ones");
    await one.page.keyboard.press("Enter");
    await one.page.getByRole("button", { name: "Views: Cheap ones" }).waitFor();

    await using two = await openViewer(server);
    await two.open("/traces");
    const cost = two.page.locator(".traces-head", { hasText: "Cost" });
    await two.page.getByRole("button", { name: "Views" }).click();
    await two.page.getByRole("button", { name: "Cheap ones", exact: true }).click();
    await two.page.waitForURL(/filter=status%3Aok&since=24h&saved=1&sort=-cost/);
    await cost.waitFor({ state: "detached" });

    // What is changed is saved into it on request.
    await two.page.goto(two.page.url().replace("status%3Aok", "status%3Aerror"));
    await two.page.getByRole("button", { name: "Views: Cheap ones" }).click();
    const updated = two.page.waitForResponse((response) => response.request().method() === "PUT");
    await two.page.getByText("Update “Cheap ones”").click();
    await updated;
    const { views } = (await (await server.api("/api/views")).json()) as { views: object[] };
    expect(views).toMatchObject([{ name: "Cheap ones", filter: "status:error", sort: "-cost" }]);
    expect([...one.complaints, ...two.complaints]).toEqual([]);
  },
);

browserTest("a view is renamed and deleted, and a name that is taken is said", async () => {
  const body = JSON.stringify({ name: "Taken" });
  await server.api("/api/views", { method: "POST", body });
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Rename Taken" }).click();
  const name = page.getByRole("textbox", { name: "Name" });
  await name.fill("Free");
  await page.keyboard.press("Enter");
  await name.waitFor({ state: "detached" });
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByText("Save this view…").click();
  await name.fill("Free");
  await page.keyboard.press("Enter");
  await page.getByText("a view of this name exists").waitFor();
  await page.keyboard.press("Escape");
  await page.getByRole("button", { name: "Views" }).click();
  await page.getByRole("button", { name: "Delete Free" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.getByRole("dialog").waitFor({ state: "detached" });
  const left = await (await server.api("/api/views")).text();
  expect(left).not.toContain("Free");
});
