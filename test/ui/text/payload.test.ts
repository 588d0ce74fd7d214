/** A payload in the inspector, in a real browser: in pieces, and whole. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const input = JSON.stringify({
    rows: Array.from({ length: 8_000 }, (_, id) => ({ id, text: "x".repeat(100) })),
    last: "the end",
  });
  const traces = [{ traceId: "t", traceName: "t", spans: [makeSpan({ spanId: "large", input })] }];
  const response = await server.ingest({ version: "v1", traces });
  expect(response.status).toBe(202);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest("megabytes of JSON are opened to their end, a hundred rows at a time", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/t?span=large&tab=input");
  await page.getByRole("button", { name: "As stored" }).click();
  await page.getByRole("button", { name: "all of it", exact: true }).click();
  await page.getByText("the end").waitFor();
  await page.getByRole("treeitem", { name: /rows/ }).click();
  expect(await page.getByRole("treeitem").count()).toBeLessThan(100);
  expect(viewer.complaints).toEqual([]);
});
