/** The page of a trace where there is little room, and what it copies: in a browser. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";
import { madeUpRuns, sendAll } from "../demo.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await sendAll(server, madeUpRuns(Date.now()));
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

describe.each([390, 768, 1440])("at %d px", (width) => {
  browserTest("nothing of the trace's bar covers anything else, and nothing is cut", async () => {
    await using viewer = await openViewer(server, { width, height: 844 });
    const { page } = viewer;
    for (const view of ["spans", "transcript"]) {
      await viewer.open(`/traces/demo-second?view=${view}`);
      await page.locator(".spans-row, .transcript-step").first().waitFor();
      for (const bar of [".trace-view > .tabs", ".trace-header .stats"]) {
        const parts = `${bar} [role=tab], ${bar} .segments, ${bar} .trace-find, ${bar} .button`;
        const boxes = await page
          .locator(`:is(${parts}):visible`)
          .evaluateAll((all) =>
            all.map((each) => each.getBoundingClientRect().toJSON() as DOMRect),
          );
        expect(boxes.length).toBeGreaterThan(1);
        for (const [i, a] of boxes.entries()) {
          expect(a.right).toBeLessThanOrEqual(width);
          for (const b of boxes.slice(i + 1)) {
            const isApart =
              a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
            expect(isApart).toBe(true);
          }
        }
      }
    }
    expect(viewer.complaints).toEqual([]);
  });

  browserTest("the name of the trace is read beside its status", async () => {
    await using viewer = await openViewer(server, { width, height: 844 });
    await viewer.open("/traces/demo-second");
    await viewer.page.locator(".spans-row").first().waitFor();
    const name = (await viewer.page.locator("h1").boundingBox())!;
    expect(name.width).toBeGreaterThan(100);
    expect(name.x + name.width).toBeLessThanOrEqual(width);
  });

  browserTest("the error is one press away, and its card is seen", async () => {
    await using viewer = await openViewer(server, { width, height: 844 });
    const { page } = viewer;
    await viewer.open("/traces/demo-second");
    await page.getByRole("button", { name: "Next error" }).click();
    const line = page.locator(".spans-row.is-selected", { hasText: "E999 IndentationError" });
    await line.waitFor();
    await page.locator(".inspector").getByText("E999 IndentationError").first().waitFor();
    // The pane never lies over the line that it is about.
    const [seen, inspector] = [(await line.boundingBox())!, page.locator(".inspector")];
    const over = (await inspector.boundingBox())!;
    expect(seen.x + seen.width <= over.x || seen.y + seen.height <= over.y).toBe(true);
    await page.keyboard.press("2");
    const card = page.locator(".transcript-row .text-tool.is-selected > header");
    const pane = page.locator(".transcript-scroller");
    for (;;) {
      const [a, b] = [await card.boundingBox(), await pane.boundingBox()];
      if (a && b && a.y >= b.y && a.y + a.height <= b.y + b.height + 1) break;
      await Bun.sleep(30);
    }
  });

  browserTest("no tab of the inspector is cut", async () => {
    await using viewer = await openViewer(server, { width, height: 844 });
    const { page } = viewer;
    await viewer.open("/traces/demo-second?span=llm_1");
    const tabs = page.locator(".inspector [role=tab]");
    await tabs.getByText("Attributes").waitFor();
    const pane = (await page.locator(".inspector").boundingBox())!;
    for (const box of await Promise.all((await tabs.all()).map((tab) => tab.boundingBox())))
      expect(box!.x + box!.width).toBeLessThanOrEqual(pane.x + pane.width);
  });

  browserTest("the trace can be copied and exported, and a copy is told", async () => {
    await using viewer = await openViewer(server, { width, height: 844 });
    const { page } = viewer;
    await viewer.open("/traces/demo-second");
    await page.locator(".spans-row").first().waitFor();
    const header = page.locator(".trace-header");
    await header.getByRole("button", { name: width > 1100 ? "Copy" : "More" }).click();
    await header
      .getByRole("button", { name: /(^|: )Trace id$/ })
      .locator("visible=true")
      .click();
    await header.getByRole("status").getByText("copied").waitFor({ state: "attached" });
    expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("demo-second");
    await header.getByRole("button", { name: width > 1100 ? "Export" : "More" }).click();
    const downloading = page.waitForEvent("download");
    await header
      .getByRole("button", { name: /(^|: )JSON$/ })
      .locator("visible=true")
      .click();
    expect((await downloading).suggestedFilename()).toBe("demo-second.json");
  });
});

browserTest("Raw opens at the spans", async () => {
  await using viewer = await openViewer(server);
  await viewer.open("/traces/demo-second?view=raw");
  const rows = viewer.page.locator(".text-json-row");
  await rows.getByText("traceId:").waitFor();
  await rows.getByText("spans:").waitFor();
  expect(await rows.count()).toBeGreaterThan(8);
});
