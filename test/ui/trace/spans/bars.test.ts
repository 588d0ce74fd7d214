/** How long the bars of the table are, and where they begin: in a browser. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer, type Viewer } from "../../browser.ts";
import { sendAll } from "../../demo.ts";

const start = Date.parse("2026-01-05T09:00:00Z");
const wholeMs = 100_000;

/** What ran, by name, in ms since the trace began. No part of it is idle, so that nothing is drawn narrow. */
const ran: Record<string, { spanType: string; from: number; to: number; status?: "error" }> = {
  run: { spanType: "agent", from: 0, to: wholeMs },
  answer: { spanType: "llm", from: 0, to: 40_000 },
  search: { spanType: "embedding", from: 35_000, to: 60_000 },
  build: { spanType: "tool", from: 4_000, to: 98_000 },
  check: { spanType: "tool", from: 42_000, to: 70_000, status: "error" },
  inner: { spanType: "agent", from: 60_000, to: 90_000 },
  step: { spanType: "other", from: 90_000, to: wholeMs },
  blink: { spanType: "tool", from: 50_000, to: 50_001 },
};

/** What a bar keeps at least, in CSS px. */
const minWidth = 2;

describe.skipIf(chromiumPath === null)("the bars of the table", () => {
  let server: TestServer;
  let viewer: Viewer;
  beforeAll(async () => {
    server = await startServer();
    const spans = Object.entries(ran).map(([name, { from, to, ...rest }]) =>
      makeSpan({
        spanId: name,
        ...(name !== "run" && { parentSpanId: "run" }),
        name,
        startTime: start + from,
        endTime: start + to,
        ...rest,
      }),
    );
    await sendAll(server, [
      { version: "v1", traces: [{ traceId: "timed", traceName: "timed", spans }] },
    ]);
    viewer = await openViewer(server);
    await viewer.open("/traces/timed");
    await viewer.page
      .locator(".spans-bar")
      .nth(spans.length - 1)
      .waitFor();
  });
  afterAll(async () => {
    await viewer?.[Symbol.asyncDispose]();
    await closeBrowser();
    await server[Symbol.asyncDispose]();
  });

  test.each(Object.entries(ran))(
    "%s is as long as it took, from when it began",
    async (name, { spanType, from, to }) => {
      const line = viewer.page
        .locator(".spans-row")
        .filter({ has: viewer.page.getByText(name, { exact: true }) });
      const lane = (await line.locator(".spans-lane").boundingBox())!;
      const bar = (await line.locator(".spans-bar").boundingBox())!;
      const px = (ms: number) => (ms / wholeMs) * lane.width;
      expect(await line.locator(`.spans-bar.is-${spanType}`).count()).toBe(1);
      const middle = ({ y, height }: { y: number; height: number }) => y + height / 2;
      expect(Math.abs(middle(bar) - middle(lane))).toBeLessThan(1);
      expect(Math.abs(bar.x - lane.x - px(from))).toBeLessThan(1);
      expect(Math.abs(bar.width - Math.max(minWidth, px(to - from)))).toBeLessThan(1);
    },
  );
});
