/** The settings, in a real browser. */
import { afterAll, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
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

browserTest(
  "the storage says what takes the space, and leads to what is large",
  async () => {
    await using server = await startServer();
    const input = randomBytes(600_000).toString("base64");
    await server.ingest(makePayload({ traceId: "large", agentName: "writer" }, { input }));
    await using viewer = await openViewer(server);
    const { page, complaints } = viewer;
    await viewer.open("/settings");
    const storage = page.locator("section#storage");
    const legend = storage.locator(".settings-storage-legend");
    for (const name of ["Texts", "Spans", "Summaries", "Search index"])
      await legend.getByText(name).waitFor();
    expect(await legend.innerText()).toMatch(/Texts\s+\d{3} KB/);
    expect(await storage.locator(".settings-row", { hasText: "By project" }).count()).toBe(0);
    const agents = storage.locator(".settings-row", { hasText: "By agent" });
    expect(await agents.innerText()).toMatch(/writer\s*≈ \d{3} KB/);
    await agents.getByRole("link", { name: "writer" }).click();
    await page.waitForURL(/filter=agent%3Awriter/);
    expect(complaints).toEqual([]);
  },
  20_000,
);
