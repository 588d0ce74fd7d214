/**
 * The viewer of the executable in a real Chromium: every page, by hand and by keyboard, with recorded
 * traffic where it is at hand and made-up traffic else.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import type { Page } from "playwright-core";
import { makeSpan, makeTempDir } from "../helpers.ts";
import { spawnServer, type ServerProcess } from "../server.process.ts";
import { barriers, chromiumPath, closeBrowser, openViewer, type Viewer } from "../ui/browser.ts";
import { hostileRun, madeUpRuns, recordedRuns, sendAll, type Payload } from "../ui/demo.ts";

if (chromiumPath === null) {
  console.log("the viewer is not tested: there is no Chromium (TEALIGHT_CHROMIUM names one)");
}
const patienceMs = 90_000;

const spansRow = ".spans .spans-row";

const harmfulElements = [
  "script:not([src^='/assets/'])",
  "iframe, object, embed",
  "img[src^=http]",
  "a[href^='javascript:'], a[href^='data:']",
  "[onerror], [onload], [onclick]",
];

describe.skipIf(chromiumPath === null)("the viewer", () => {
  const dir = makeTempDir();
  let server: ServerProcess;

  beforeAll(async () => {
    server = await spawnServer(`${dir}/full`);
    const now = Date.now();
    await sendAll(server, [...recordedRuns(now, 1), ...madeUpRuns(now), hostileRun(now)]);
  }, 120_000);

  afterAll(async () => {
    await closeBrowser();
    await server[Symbol.asyncDispose]();
    rmSync(dir, { recursive: true, force: true });
  });

  const pages: [name: string, path: string, ready: string][] = [
    ["the list of traces", "/traces", ".traces-row"],
    ["a list that is filtered", "/traces?filter=status:error", ".traces-row"],
    ["a peek", "/traces?peek=first", ".traces-row"],
    ["a search in messages", "/traces?in=messages&filter=IndentationError", ".hits-hit"],
    ["a trace as a transcript", "/traces/demo-subagent?view=transcript", ".transcript-row"],
    ["a trace as spans", "/traces/demo-subagent?span=sub_llm", ".inspector .transcript-row"],
    ["spans in an order", "/traces/demo-second?sort=cost&span=tool_1_1&tab=receipt", spansRow],
    ["a trace as it was sent", "/traces/demo-fine?view=raw", "[aria-label=Raw] [role=treeitem]"],
    ["two traces compared", "/compare?a=demo-fine&b=demo-second", ".compare-dock .worddiff"],
    ["the list of sessions", "/sessions", ".sessions-list li"],
    ["a session", "/sessions/demo-desk", ".sessions-conversation"],
    ["the overview", "/overview", ".charts-chart canvas"],
    ["agents", "/agents?of=coder", ".agents-detail canvas"],
    ["prompts", "/agents/coder/prompts", ".prompts-run"],
    ["tools", "/agents?by=tool", ".charts-groups tbody tr"],
    ["the settings", "/settings", "#keys"],
    ["the manual", "/docs/commands", ".docs-text"],
  ];

  describe.each(["dark", "light"] as const)("in the %s theme", (theme) => {
    let viewer: Viewer;
    beforeAll(async () => {
      viewer = await openViewer(server, { theme });
    });
    afterAll(() => viewer[Symbol.asyncDispose]());

    test.each(pages)("%s has no serious barrier", async (_, path, ready) => {
      await viewer.open(path);
      await viewer.page.locator(ready).first().waitFor({ timeout: patienceMs });
      if (path.includes("peek=")) {
        await viewer.page.keyboard.press("j");
        await viewer.page.locator(".peek").waitFor();
      }
      expect(await barriers(viewer.page)).toEqual([]);
      expect(viewer.complaints).toEqual([]);
    });
  });

  test("every page fits a narrow window", async () => {
    await using viewer = await openViewer(server, { width: 760, height: 900 });
    for (const [, path, ready] of pages) {
      await viewer.open(path);
      await viewer.page.locator(ready).first().waitFor({ state: "attached", timeout: patienceMs });
      const overflow: number = await viewer.page.evaluate(
        "document.documentElement.scrollWidth - innerWidth",
      );
      expect({ path, overflow: Math.max(0, overflow) }).toEqual({ path, overflow: 0 });
    }
    expect(viewer.complaints).toEqual([]);
  });

  test("is walked by keyboard alone, and back again", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    const press = async (...keys: string[]) => {
      for (const key of keys) await page.keyboard.press(key);
    };
    const at = (address: RegExp) => page.waitForURL(address, { timeout: patienceMs });
    await viewer.open("/");
    await at(/\/traces$/);
    await page.locator(".traces-row").first().waitFor();

    await press("/");
    await page.keyboard.type("agent:reporter status:error ");
    await at(/filter=agent%3Areporter\+status%3Aerror$/);
    await page.locator(".traces-row", { hasText: "nightly report" }).waitFor();
    await shows(page, ".traces-row", 1);

    await press("Escape", "j");
    await at(/peek=%7E\d+/);
    await press("Enter");
    await at(/\/traces\/~\d+$/);
    await page.getByRole("heading", { name: /nightly report/ }).waitFor();

    for (const [key, view] of [
      ["2", "transcript"],
      ["1", "spans"],
      ["3", "raw"],
    ] as const) {
      await press(key);
      await at(new RegExp(`view=${view}`));
    }
    await press("1", "e");
    await at(/view=spans&span=%7E\d+/);
    await page.getByText("429 Too Many Requests").first().waitFor();

    await page.goBack();
    await at(/view=raw/);
    await page.goBack();
    await page.goBack();
    await page.goBack();
    await at(/\/traces\/~\d+$/);
    await page.goBack();
    await at(/\/traces\?.*filter=/);
    await shows(page, ".traces-row", 1);

    for (const [keys, address] of [
      [["g", "s"], /\/sessions$/],
      [["g", "o"], /\/overview$/],
      [["g", "a"], /\/agents$/],
      [["g", ","], /\/settings$/],
      [["g", "t"], /\/traces$/],
    ] as const) {
      await press(...keys);
      await at(address);
    }

    await press("?");
    await page.getByRole("dialog").waitFor();
    expect(await barriers(page)).toEqual([]);
    await press("Escape");
    await page.locator("dialog").waitFor({ state: "detached" });
    await press("Control+k");
    await page.keyboard.type("demo-subagent");
    await page.getByRole("option", { name: /where is the serializer/ }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await press("Enter");
    await page.getByRole("heading", { name: /where is the serializer/ }).waitFor();
    expect(viewer.complaints).toEqual([]);
  }, 90_000);

  test("the theme is switched, and kept", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    const theme = () => page.evaluate("document.documentElement.dataset.theme");
    await viewer.open("/traces");
    const button = page.getByRole("button", { name: "Switch between light and dark" });
    await button.waitFor();
    await page.keyboard.press("Shift+T");
    expect(await theme()).toBe("light");
    await page.reload();
    await button.waitFor();
    expect(await theme()).toBe("light");
    expect(viewer.complaints).toEqual([]);
  });

  test("keeps the token out of the address bar, and lends it to a new tab alone", async () => {
    await using viewer = await openViewer(server);
    const { page, context } = viewer;
    await viewer.open("/traces?filter=agent:coder");
    await page.locator(".traces-row").first().waitFor();
    expect(page.url()).toBe(`${server.url}/traces?filter=agent:coder`);
    const kept = await page.evaluate("Object.keys(localStorage).join() + document.cookie");
    expect(kept).not.toContain("token");

    const second = await context.newPage();
    await second.goto(page.url());
    await second.locator(".traces-row").first().waitFor();

    await using stranger = await openViewer({ ...server, token: "" });
    await stranger.page.goto(`${server.url}/traces`);
    await stranger.page.getByText("tealight open").first().waitFor();
    await stranger.page.goto(`${server.url}/overview#token=tl_wrong`);
    await stranger.page.getByText("no longer valid").waitFor();
    expect(stranger.page.url()).not.toContain("token");
    expect(viewer.complaints).toEqual([]);
  });

  test("a trace is seen as it grows, and nothing of it while it is paused", async () => {
    await using fresh = await spawnServer(`${dir}/fresh`);
    await using viewer = await openViewer(fresh);
    const { page } = viewer;
    await viewer.open("/");
    await page.getByRole("heading", { name: "Send the first span" }).waitFor();
    expect(await barriers(page)).toEqual([]);
    await page.locator(".shell-live", { hasText: "Live" }).waitFor();

    await sendAll(fresh, [growing("one")]);
    await page.waitForURL(/\/traces\/~\d+$/, { timeout: patienceMs });
    await page.keyboard.press("1");
    // A row stands for the root, which still runs.
    await shows(page, spansRow, 2);
    await sendAll(fresh, [growing("two"), growing("three")]);
    await shows(page, spansRow, 4);
    await page.getByText("running").first().waitFor();

    await page.keyboard.press(" ");
    await page.locator(".shell-live", { hasText: "Paused" }).waitFor();
    await sendAll(fresh, [growing("four")]);
    await Bun.sleep(700);
    expect(await page.locator(spansRow).count()).toBe(4);
    await page.keyboard.press(" ");
    await shows(page, spansRow, 5);
    expect(viewer.complaints).toEqual([]);
  });

  test("what a model wrote does nothing but stand there", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    page.on("dialog", () => viewer.complaints.push("a dialog"));
    const rows = {
      transcript: ".transcript-row",
      spans: spansRow,
      raw: "[aria-label=Raw] [role=treeitem]",
    };
    for (const [view, row] of Object.entries(rows)) {
      await viewer.open(`/traces/demo-hostile?view=${view}`);
      await page.locator(row).first().waitFor();
      await page.keyboard.press("l");
      await page.waitForURL(/span=%7E/);
      await Bun.sleep(300);
      expect(await page.title()).not.toContain("owned");
      for (const harmful of harmfulElements) expect(await page.locator(harmful).count()).toBe(0);
    }
    expect(viewer.complaints).toEqual([]);
  });

  test("a stretch of a chart is chosen with a drag, and left by going back", async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/overview");
    const plot = page.locator(".charts-chart", { hasText: "Traces" }).locator(".u-over").first();
    await plot.waitFor();
    const box = (await plot.boundingBox())!;
    await page.mouse.move(box.x + box.width * 0.5, box.y + 20);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width - 2, box.y + 20, { steps: 5 });
    await page.mouse.up();
    await page.waitForURL(/since=\d+&until=\d+/, { timeout: patienceMs });
    await page.goBack();
    await page.waitForURL(/\/overview$/);

    await page.getByRole("button", { name: "coder", exact: true }).click();
    await page.waitForURL(/filter=agent%3Acoder/);
    expect(viewer.complaints).toEqual([]);
  });

  test("says of a run that it goes on, and of one that never ended", async () => {
    await using viewer = await openViewer(server);
    await viewer.open("/traces/demo-running");
    await viewer.page.locator("header .badge", { hasText: "running" }).waitFor();
    expect(viewer.complaints).toEqual([]);
  });
});

async function shows(page: Page, selector: string, count: number): Promise<void> {
  const deadlineMs = performance.now() + patienceMs;
  while ((await page.locator(selector).count()) !== count && performance.now() < deadlineMs) {
    await Bun.sleep(20);
  }
  expect(await page.locator(selector).count()).toBe(count);
}

/** One more span of a run that has no root yet. */
function growing(spanId: string): Payload {
  const endTime = Date.now();
  const name = `step ${spanId}`;
  const span = makeSpan({ spanId, name, parentSpanId: "root", startTime: endTime - 100, endTime });
  return { version: "v1", traces: [{ traceId: "growing", agentName: "coder", spans: [span] }] };
}
