/** What stands around every page, in a real browser: palette, key sheet, titles, bar, and the way in. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { Completion } from "../../../src/backend/completion.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { barriers, chromiumPath, closeBrowser, openViewer, type Viewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

const traceId = "8c1f0a52-trace";
const spanId = "51d0e77a-span";
const sessionId = "session-of-two-4711";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const startTime = Date.now() - 60_000;
  const trace = (traceId: string, traceName: string, said: string, spanId: string) => ({
    traceId,
    traceName,
    sessionId,
    spans: [
      makeSpan({
        spanId,
        startTime,
        endTime: startTime + 500,
        output: JSON.stringify([{ role: "assistant", content: said }]),
      }),
    ],
  });
  const response = await server.ingest({
    version: "v1",
    traces: [
      trace("other-trace", "brew tea", "The kettle whistles on the stove.", "other-span"),
      trace(traceId, "read the paper", "Nothing new under the sun.", spanId),
    ],
  });
  expect(response.status).toBe(202);
  while (!(await knowsSession())) await Bun.sleep(50);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

/** A session is completed from the facets, which follow some time after its spans. */
async function knowsSession(): Promise<boolean> {
  const response = await server.api(`/api/complete?filter=session:${sessionId}`);
  return ((await response.json()) as Completion).items.length > 0;
}

/** On the list of traces, with all keys at work. */
async function openTraces(): Promise<Viewer> {
  const viewer = await openViewer(server);
  await viewer.open("/traces");
  await viewer.page.locator(".traces-row").first().waitFor();
  return viewer;
}

async function type(viewer: Viewer, text: string) {
  await viewer.page.keyboard.press("Control+k");
  await viewer.page.getByRole("combobox", { name: /^Page, trace/ }).waitFor();
  await viewer.page.keyboard.type(text);
}

/** Gone, not only hidden: until then the page hears no key. */
const isClosed = ({ page }: Viewer) => page.locator("dialog").waitFor({ state: "detached" });

/** What the field says is active. */
const activeOption = ({ page }: Viewer) =>
  page.evaluate(() => {
    const id = document.activeElement!.getAttribute("aria-activedescendant");
    return document.getElementById(id!)!.textContent;
  });

browserTest(
  "the palette offers pages, actions and the latest traces, and is walked by keys",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    await type(viewer, "");
    await page.getByRole("group", { name: "Latest traces" }).waitFor();
    for (const name of ["Go to", "Actions"]) {
      expect(await page.getByRole("group", { name, exact: true }).count()).toBe(1);
    }
    expect(await activeOption(viewer)).toStartWith("Traces");
    await page.keyboard.press("ArrowDown");
    expect(await activeOption(viewer)).toStartWith("Sessions");
    await page.keyboard.press("End");
    expect(await activeOption(viewer)).toMatch(/brew tea|read the paper/);
    await page.keyboard.press("ArrowDown");
    expect(await activeOption(viewer)).toStartWith("Traces");
    await page.keyboard.press("ArrowUp");
    await page.keyboard.press("Home");
    expect(await activeOption(viewer)).toStartWith("Traces");

    await page.keyboard.press("Control+k");
    await isClosed(viewer);
    await type(viewer, "over");
    await page.keyboard.press("Enter");
    await page.waitForURL(/\/overview$/);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "an id leads to its trace, session or span, even where Enter comes before the answer",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    for (const [id, address] of [
      [traceId, /\/traces\/~\d+$/],
      [sessionId, new RegExp(`/sessions/${sessionId}$`)],
      [spanId, /\/traces\/~\d+\?span=%7E\d+$/],
    ] as const) {
      await type(viewer, "");
      await page.keyboard.insertText(id);
      await page.keyboard.press("Enter");
      await page.waitForURL(address);
      await isClosed(viewer);
    }
    await page.getByRole("heading", { name: "read the paper" }).waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("what was said is found, marked, and opens its span", async () => {
  await using viewer = await openTraces();
  const { page } = viewer;
  await type(viewer, "kettle whist");
  const message = page.getByRole("group", { name: "Messages" }).getByRole("option").first();
  await message.locator("mark").nth(1).waitFor();
  expect(await message.locator("mark").allTextContents()).toEqual(["kettle", "whist"]);
  await message.click();
  await page.waitForURL((url) => url.searchParams.has("span"));
  await page.getByRole("heading", { name: "brew tea" }).waitFor();
  await isClosed(viewer);

  await type(viewer, "no such words at all");
  await page.getByText("Nothing found").waitFor();
  expect(await page.getByRole("combobox").getAttribute("aria-expanded")).toBe("false");
  expect(viewer.complaints).toEqual([]);
});

browserTest("with Ctrl a choice opens in a new tab, which gets in by itself", async () => {
  await using viewer = await openTraces();
  const { page, context } = viewer;
  await type(viewer, traceId);
  await page.getByRole("group", { name: "By id" }).waitFor();
  const opened = context.waitForEvent("page");
  await page.keyboard.press("Control+Enter");
  await (await opened).getByRole("heading", { name: "read the paper" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/traces");
  expect(viewer.complaints).toEqual([]);
});

browserTest("actions of the palette do what they say", async () => {
  await using viewer = await openTraces();
  const { page } = viewer;
  await type(viewer, "light");
  await page.keyboard.press("Enter");
  await page.waitForFunction(() => document.documentElement.dataset.theme === "light");
  await isClosed(viewer);

  await type(viewer, "copy");
  await page.keyboard.press("Enter");
  await page.getByText("Link copied").waitFor();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe(page.url());
  await page.keyboard.press("Escape");
  await isClosed(viewer);

  await type(viewer, "keyboard");
  await page.keyboard.press("Enter");
  await page.getByRole("heading", { name: "Keyboard shortcuts" }).waitFor();
  expect(viewer.complaints).toEqual([]);
});

browserTest("a pause is said aloud, and its end", async () => {
  await using viewer = await openTraces();
  const { page } = viewer;
  await page.locator(".shell-live", { hasText: "Live" }).waitFor();
  const status = (text: string) =>
    page.locator("[role=status]", { hasText: new RegExp(`^${text}$`) });
  await type(viewer, "pause");
  await page.keyboard.press("Enter");
  await status("Paused").waitFor({ state: "attached" });
  await isClosed(viewer);
  await type(viewer, "resume");
  await page.keyboard.press("Enter");
  await status("Live again").waitFor({ state: "attached" });
  expect(viewer.complaints).toEqual([]);
});

browserTest(
  "the sheet shows the keys of the page that is open, and gives the focus back",
  async () => {
    await using viewer = await openTraces();
    const { page } = viewer;
    const sheet = page.getByRole("dialog", { name: "Keyboard shortcuts" });
    const opener = page.getByRole("button", { name: "Keyboard shortcuts" });
    await opener.click();
    await sheet.getByText("Pin or unpin").waitFor();
    expect(await sheet.getByText("Next session").count()).toBe(0);
    await page.keyboard.press("Escape");
    await isClosed(viewer);
    expect(await opener.evaluate((element) => element === document.activeElement)).toBeTrue();

    await viewer.open("/sessions");
    await page.getByRole("link", { name: /session-of-two/ }).waitFor();
    await page.keyboard.press("?");
    await sheet.getByText("Next session").waitFor();
    await sheet.getByRole("button", { name: "Close" }).click();
    await isClosed(viewer);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("every page has a title of its own", async () => {
  await using viewer = await openTraces();
  const { page } = viewer;
  for (const [path, title] of [
    ["/traces", "Traces"],
    [`/traces/${traceId}`, "read the paper"],
    ["/traces/no-such-trace", "Trace"],
    ["/sessions", "Sessions"],
    [`/sessions/${sessionId}`, `Session ${sessionId}`],
    ["/overview", "Overview"],
    ["/agents", "Agents & tools"],
    ["/settings", "Settings"],
  ]) {
    await viewer.open(path!);
    await page.waitForFunction((text) => document.title === text, `${title} · Tealight`);
  }
});

browserTest("without a token the page is locked, and a tab that has one opens it", async () => {
  await using viewer = await openTraces();
  const { context } = viewer;
  await using stranger = await openViewer(server);
  const { page } = stranger;
  await page.goto(`${server.url}/overview`);
  await page.getByRole("heading", { name: "This page needs the operator’s token" }).waitFor();
  expect(await page.title()).toBe("Locked · Tealight");
  await page.getByRole("button", { name: "Copy the command" }).click();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toBe("tealight open");

  const second = await stranger.context.newPage();
  await second.goto(`${server.url}/traces#token=${server.token}`);
  await second.locator(".traces-row").first().waitFor();
  await page.evaluate(() => window.dispatchEvent(new Event("focus")));
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  expect(new URL(page.url()).pathname).toBe("/overview");

  const third = await context.newPage();
  await third.goto(`${server.url}/traces`);
  await third.locator(".traces-row").first().waitFor();
  expect([...viewer.complaints, ...stranger.complaints]).toEqual([]);
});

browserTest("a refused token locks the page until its address has one that holds", async () => {
  await using stranger = await openViewer(server);
  const { page } = stranger;
  await page.goto(`${server.url}/traces#token=tl_wrong`);
  await page.getByRole("heading", { name: "The token is no longer valid" }).waitFor();
  await page.goto(`${server.url}/traces#token=${server.token}`);
  await page.locator(".traces-row").first().waitFor();
  expect(page.url()).toBe(`${server.url}/traces`);
});

browserTest("a pasted token opens the locked page, and what it was instead is said", async () => {
  await using stranger = await openViewer(server);
  const { page } = stranger;
  await page.goto(`${server.url}/overview`);
  const field = page.getByLabel(/paste the token/);
  const paste = async (text: string) => {
    await field.fill(text);
    await page.keyboard.press("Enter");
  };
  await paste(server.key);
  await page.getByText("That is an ingest key: it can send traces, but not read them").waitFor();
  await paste("tl_wrong");
  await page.getByText("The server does not know this token").waitFor();
  expect(await barriers(page)).toEqual([]);
  await paste(` ${server.token}\n`);
  await page.getByRole("navigation", { name: "Pages" }).waitFor();
  expect(page.url()).toBe(`${server.url}/overview`);
  await page.reload();
  await page.getByRole("navigation", { name: "Pages" }).waitFor();

  await using other = await openViewer(server);
  await other.page.goto(`${server.url}/overview#token=${server.key}`);
  await other.page.getByRole("heading", { name: "That is an ingest key" }).waitFor();
});

browserTest("an address without a page says so, with a way back", async () => {
  await using viewer = await openTraces();
  const { page } = viewer;
  for (const path of ["/overvew", "/traces/%E0%A4%A"]) {
    await page.goto(`${server.url}${path}`);
    await page.locator("h1").waitFor({ state: "attached" });
  }
  await page.goto(`${server.url}/overvew/of/all?project=default`);
  await page.getByRole("heading", { name: "There is no such page" }).waitFor();
  await page.getByRole("link", { name: "All traces" }).click();
  await page.locator(".traces-row").first().waitFor();
  expect(new URL(page.url()).search).toBe("?project=default");
});

browserTest("who deletes a trace comes back to the list of the same project", async () => {
  await using own = await startServer();
  await own.ingest(makePayload({ traceId: "gone" }));
  await own.ingest(makePayload({ traceId: "stays" }));
  await using viewer = await openViewer(own);
  const { page } = viewer;
  await viewer.open("/traces/gone?project=default");
  await page.getByRole("button", { name: "More" }).click();
  await page.getByRole("button", { name: "Delete …" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Delete" }).click();
  await page.locator(".traces-row").waitFor();
  expect(new URL(page.url()).search).toBe("?project=default");
});

browserTest("a trace that is deleted elsewhere says so, with a way back", async () => {
  await using own = await startServer();
  await own.ingest({
    version: "v1",
    traces: [{ traceId: "gone", traceName: "x", spans: [makeSpan()] }],
  });
  await using viewer = await openViewer(own);
  const { page } = viewer;
  await viewer.open("/traces/gone");
  await page.getByRole("heading", { name: "x" }).waitFor();
  await page.locator(".shell-live", { hasText: "Live" }).waitFor();
  await own.api("/api/traces/gone", { method: "DELETE" });
  await page.getByText("This trace was deleted").waitFor();
  await page.getByRole("link", { name: "All traces" }).click();
  await page.waitForURL(/\/traces$/);
});

browserTest("the bar fits windows of 1000 and 760 pixels, whatever stands in it", async () => {
  await using own = await startServer();
  const project = "a-project-with-a-long-name-indeed";
  await own.api("/api/projects", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify({ name: project }),
  });
  for (let i = 0; i < 12; i++) await own.ingest({ version: "v1", traces: [{}] });
  await using viewer = await openViewer(own);
  const { page } = viewer;
  await viewer.open(`/overview?project=${project}`);
  await page.locator(".shell-loss").waitFor();
  for (const width of [1000, 760]) {
    await page.setViewportSize({ width, height: 700 });
    const cut = await page.evaluate(() => {
      const bar = document.querySelector(".shell-bar")!;
      const nav = document.querySelector(".shell-nav")!;
      const drawn = [...bar.children].filter((child) => child.getClientRects().length > 0);
      const rects = drawn.map((child) => child.getBoundingClientRect());
      return {
        pages: nav.scrollWidth - nav.clientWidth,
        window: document.documentElement.scrollWidth - innerWidth,
        overlaps: rects.filter(({ left }, i) => i > 0 && left < rects[i - 1]!.right).length,
        isWithin: rects.at(-1)!.right <= innerWidth,
      };
    });
    expect(cut).toEqual({ pages: 0, window: 0, overlaps: 0, isWithin: true });
  }
});
