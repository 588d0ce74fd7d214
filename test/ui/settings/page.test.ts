/** The settings, in a real browser. */
import { afterAll, expect, test } from "bun:test";
import { makePayload, startServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

afterAll(closeBrowser);

browserTest(
  "one span is a span, and without a price there is a word instead of an empty table",
  async () => {
    await using server = await startServer();
    expect((await server.ingest(makePayload())).status).toBe(202);
    await using viewer = await openViewer(server);
    const { page, complaints } = viewer;
    await viewer.open("/settings");
    await page.getByText("On this machine: 1 span in 1 trace.").waitFor();
    const prices = page.locator("section#prices");
    await prices.getByText("No price of your own is set.").waitFor();
    expect(await prices.locator("table").count()).toBe(0);
    const body = JSON.stringify({ model: "tea-1", prices: { input: "2" } });
    const headers = { "content-type": "application/json" };
    expect((await server.api("/api/prices", { method: "POST", body, headers })).ok).toBe(true);
    await page.reload();
    await prices.getByText("tea-1").waitFor();
    expect(await prices.locator("table").count()).toBe(1);
    expect(complaints).toEqual([]);
  },
);
