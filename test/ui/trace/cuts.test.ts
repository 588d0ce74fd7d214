/** In a real browser: what was cut says so in the transcript, the inspector and Raw. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const input = `${JSON.stringify([{ role: "user", content: "x".repeat(200) }]).slice(0, 100)}…[truncated]`;
  const spans = [
    makeSpan({ spanId: "c", input, output: "Yes." }),
    makeSpan({ spanId: "whole", startTime: 3000, endTime: 4000, output: "All of it." }),
  ];
  const response = await server.ingest({
    version: "v1",
    traces: [{ traceId: "t", traceName: "t", spans }],
  });
  expect(response.status).toBe(202);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

browserTest(
  "a text that was cut says so wherever it is read or copied, and one that is whole does not",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces/t?view=spans&span=c");
    const inspector = page.getByRole("complementary", { name: "The span" });
    const words = "The input has 112 characters and was cut before it was sent";
    await inspector.getByText("Truncated here before it was sent").waitFor();
    await inspector.getByRole("tab", { name: "Receipt" }).click();
    await inspector.getByText(words).waitFor();
    await inspector.getByRole("tab", { name: "Input" }).click();
    await inspector.getByText(words).waitFor();
    await inspector.getByRole("button", { name: "As stored" }).click();
    await inspector.getByRole("button", { name: "Copy the stored part" }).waitFor();
    await inspector.getByText(words).waitFor();
    await inspector.getByRole("tab", { name: "Attributes" }).click();
    await inspector.getByText(words).waitFor();
    await viewer.open("/traces/t?view=raw");
    await page.getByText("At least 1 text in it was cut before it was stored.").waitFor();
    await viewer.open("/traces/t?view=spans&span=whole&tab=output");
    await inspector.getByRole("button", { name: "As stored" }).click();
    await inspector.getByRole("button", { name: "Copy the full text" }).waitFor();
    expect(await inspector.getByText("was cut").count()).toBe(0);
    expect(viewer.complaints).toEqual([]);
  },
);
