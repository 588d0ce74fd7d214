/** The list of traces in a real browser: what comes in, what holds still, and what the keys do. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer, type Viewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
/** Much more than it takes: the machine may have other work. */
const soonMs = 10_000;

/** With three traces that nothing changes. */
let filled: TestServer;
beforeAll(async () => {
  filled = await startServer();
  for (const [i, name] of ["first", "second", "third"].entries()) await send(filled, name, 5 - i);
});
afterAll(async () => {
  await closeBrowser();
  await filled[Symbol.asyncDispose]();
});

/** One ended trace that began so many minutes ago. */
async function send(server: TestServer, name: string, minutesAgo: number) {
  const startTime = Date.now() - minutesAgo * 60_000;
  const response = await server.ingest({
    version: "v1",
    traces: [
      {
        traceId: name,
        traceName: name,
        agentName: minutesAgo % 2 ? "odd" : "even",
        spans: [makeSpan({ startTime, endTime: startTime + 500, modelId: "gpt-4o" })],
      },
    ],
  });
  expect(response.status).toBe(202);
}

const namesOf = ({ page }: Viewer) => page.locator(".traces-row .traces-name").allTextContents();

/** The list shows these, from the top, soon. */
async function shows(viewer: Viewer, ...names: string[]) {
  const deadlineMs = performance.now() + soonMs;
  while (performance.now() < deadlineMs) {
    if (Bun.deepEquals(await namesOf(viewer), names)) return;
    await Bun.sleep(10);
  }
  expect(await namesOf(viewer)).toEqual(names);
}

browserTest(
  "begins with the first run, goes live, and holds still under the cursor",
  async () => {
    await using server = await startServer();
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.locator(".shell-live", { hasText: "Live" }).waitFor();
    await page.getByRole("heading", { name: "Send the first span" }).waitFor();

    await send(server, "first", 5);
    await page.waitForURL(/\/traces\/~\d+$/, { timeout: soonMs });
    await page.goBack();
    await shows(viewer, "first");
    await send(server, "second", 4);
    await shows(viewer, "second", "first");

    await page.locator(".traces-row").first().hover();
    await send(server, "third", 3);
    await page.getByRole("button", { name: "1 new trace" }).waitFor({ timeout: soonMs });
    expect(await namesOf(viewer)).toEqual(["second", "first"]);
    await page.keyboard.press(" ");
    await shows(viewer, "third", "second", "first");
    expect(viewer.complaints).toEqual([]);
  },
  20_000,
);

browserTest(
  "is walked by keys, each step a link of its own",
  async () => {
    await using viewer = await openViewer(filled);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.locator(".traces-row").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("j");
    await page.locator('.peek h2:text-is("second")').waitFor();
    expect(new URL(page.url()).searchParams.get("peek")).toMatch(/^~\d+$/);
    await page.getByText("2 of 3").waitFor();
    await page.keyboard.press("Escape");
    await page.locator(".peek").waitFor({ state: "detached" });
    expect(viewer.complaints).toEqual([]);
  },
  20_000,
);

browserTest(
  "is narrowed by what is written and what is ticked",
  async () => {
    await using viewer = await openViewer(filled);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.locator(".traces-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("statsu:ok");
    await page.keyboard.press("Enter");
    await page.getByText("there is no key statsu").waitFor();
    await page.keyboard.press("Control+A");
    await page.keyboard.type("name:second ");
    await page.locator(".query-chip").waitFor();
    await shows(viewer, "second");

    await page.getByRole("checkbox", { name: "odd" }).click();
    await page.getByText("No trace matches").waitFor();
    expect(new URL(page.url()).searchParams.get("filter")).toBe("name:second agent:odd");
    await page.goBack();
    await shows(viewer, "second");
    expect(viewer.complaints).toEqual([]);
  },
  20_000,
);

browserTest(
  "after a click on a facet the keys act on the list, and all facets are one tab stop",
  async () => {
    await using viewer = await openViewer(filled);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.getByRole("checkbox", { name: "odd" }).click();
    await shows(viewer, "third", "first");
    await page.keyboard.press("j");
    await page.locator(".traces-row.is-selected").waitFor();
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/traces\/~\d+/, { timeout: soonMs });
    await page.goBack();
    await shows(viewer, "third", "first");
    expect(new URL(page.url()).searchParams.get("filter")).toBe("agent:odd");

    expect(await page.locator('.facets button[tabindex="0"]').count()).toBe(1);
    await page.locator('.facets button[tabindex="0"]').focus();
    await page.keyboard.press("End");
    await page.keyboard.press("Home");
    await page.keyboard.press("ArrowDown");
    const focused = page.locator(":focus");
    expect(await focused.textContent()).toContain("ok");
    await page.keyboard.press("j");
    expect(await page.locator(".facets :focus").count()).toBe(0);
    expect(viewer.complaints).toEqual([]);
  },
  20_000,
);

browserTest(
  "tells what went well with a failed call inside from what failed, by a mark, a facet and a filter",
  async () => {
    await using server = await startServer();
    await send(server, "well", 3);
    const startTime = Date.now() - 60_000;
    const span = { startTime, endTime: startTime + 500 };
    await server.ingest({
      version: "v1",
      traces: [
        {
          traceId: "mixed",
          traceName: "mixed",
          agentName: "odd",
          spans: [
            makeSpan({ ...span, spanId: "root", spanType: "agent" }),
            makeSpan({
              ...span,
              spanId: "tool",
              parentSpanId: "root",
              spanType: "tool",
              status: "error",
              errorMessage: "Connection refused",
            }),
          ],
        },
      ],
    });
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/traces");
    await page.getByTitle("ok, 1 failed call").first().waitFor();
    await page.getByRole("checkbox", { name: "ok, with failed calls" }).click();
    await shows(viewer, "mixed");
    expect(new URL(page.url()).searchParams.get("filter")).toBe("status:ok-with-errors");
    await viewer.open("/traces?filter=status:ok%20errors:%3E0");
    await shows(viewer, "mixed");
    await page.getByText("0 failed, 1 with failed calls").waitFor();
    await viewer.open("/traces/mixed");
    await page.locator(".trace-header .badge.is-ok", { hasText: "ok, 1 failed call" }).waitFor();
    await viewer.open("/compare?a=mixed");
    await page.locator(".compare-head").getByText("ok, 1 failed call").first().waitFor();
    await viewer.open("/traces?filter=error:refused");
    await shows(viewer, "mixed");
    expect(viewer.complaints).toEqual([]);
  },
  20_000,
);

browserTest(
  "takes the suggestion that is highlighted with Enter, and says which word left nothing",
  async () => {
    await using viewer = await openViewer(filled);
    const { page } = viewer;
    const filter = () => new URL(page.url()).searchParams.get("filter");
    await viewer.open("/traces");
    await page.locator(".traces-row").first().waitFor();
    await page.keyboard.press("/");
    await page.keyboard.type("status:err");
    await page.locator('.query-options [aria-selected="true"]', { hasText: "error" }).waitFor();
    await page.keyboard.press("Enter");
    await page.getByText("status:error matches no trace").waitFor();
    expect(filter()).toBe("status:error");

    await viewer.open("/traces?filter=name:second%20agent:odd");
    await page.getByText("agent:odd excludes every trace").waitFor();
    await page.getByRole("button", { name: "Drop agent:odd" }).click();
    await shows(viewer, "second");

    await viewer.open("/traces?filter=name:second%20agent:Evn");
    await page.getByText("agent:Evn matches no trace").waitFor();
    await page.getByRole("button", { name: "Use agent:even" }).click();
    await shows(viewer, "second");
    expect(filter()).toBe("name:second agent:even");

    // The first of all is highlighted only where it is asked for.
    await page.keyboard.press("/");
    await page.keyboard.type("mod");
    await page.getByRole("option", { name: /model:/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.getByRole("option", { name: /gpt-4o/ }).waitFor();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("Enter");
    await page.locator(".query-chip", { hasText: "gpt-4o" }).waitFor();
    expect(filter()).toBe("name:second agent:even model:gpt-4o");
    expect(viewer.complaints).toEqual([]);
  },
);
