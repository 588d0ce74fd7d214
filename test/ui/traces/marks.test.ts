/** Marking many traces in a real browser, and what is done to them. */
import { afterAll, beforeEach, expect, test } from "bun:test";
import type { Page } from "playwright-core";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const soonMs = 20_000;

let server: TestServer | null = null;
beforeEach(async () => {
  await server?.[Symbol.asyncDispose]();
  server = await startServer();
});
afterAll(async () => {
  await closeBrowser();
  await server?.[Symbol.asyncDispose]();
});

/** The first one is the newest. */
async function send(count: number) {
  const now = Date.now();
  const traces = Array.from({ length: count }, (_, i) => {
    const startTime = now - 60_000 - i * 1_000;
    const span = makeSpan({ startTime, endTime: startTime + 500 });
    return { traceId: `t${i}`, traceName: `t${i}`, agentName: "agent", spans: [span] };
  });
  expect((await server!.ingest({ version: "v1", traces })).status).toBe(202);
}

async function left(): Promise<string[]> {
  const answer = await server!.api("/api/traces?limit=200");
  const { traces } = (await answer.json()) as { traces: { traceId: string }[] };
  return traces.map(({ traceId }) => traceId);
}

const rowOf = (page: Page, name: string) =>
  page.locator(".traces-row", { has: page.getByText(name, { exact: true }) });
const bar = (page: Page) => page.getByRole("toolbar", { name: "Of the marked traces" });

browserTest(
  "x and shift-click mark traces, and those of them that are pinned are not deleted",
  async () => {
    await send(6);
    await using viewer = await openViewer(server!);
    const { page } = viewer;
    await viewer.open("/traces");
    await rowOf(page, "t1").click({ timeout: soonMs });
    await page.keyboard.press("x");
    await bar(page).getByText("1 selected").waitFor({ timeout: soonMs });
    await rowOf(page, "t4").click({ modifiers: ["Shift"] });
    await bar(page).getByText("4 selected").waitFor();
    await page.keyboard.press("Escape");
    await bar(page).waitFor({ state: "detached" });
    await page.keyboard.press("x");
    await rowOf(page, "t4").click({ modifiers: ["Shift"] });
    // Pinned elsewhere, while this list stands still.
    await page.getByRole("button", { name: /^Pause/ }).click();
    await server!.api("/api/traces/t2/pin", { method: "POST" });
    await bar(page).getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete 3 traces?" });
    await dialog.getByText("Pinned traces are kept: 1 trace.").waitFor({ timeout: soonMs });
    expect(await left()).toHaveLength(6);
    await dialog.getByRole("button", { name: "Delete 3" }).click();
    await bar(page).waitFor({ state: "detached", timeout: soonMs });
    expect(await left()).toEqual(["t0", "t2", "t5"]);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "all that match are counted, and more than 100 are deleted only by who types how many",
  async () => {
    await send(102);
    await server!.api("/api/traces/t7/pin", { method: "POST" });
    await using viewer = await openViewer(server!);
    const { page } = viewer;
    await viewer.open("/traces?filter=agent%3Aagent");
    await page.locator(".traces-row").first().waitFor({ timeout: soonMs });
    await page.keyboard.press("Control+a");
    await bar(page).getByText("102 selected").waitFor({ timeout: soonMs });
    await bar(page).getByRole("button", { name: "Delete" }).click();
    const dialog = page.getByRole("dialog", { name: "Delete 101 traces?" });
    const verb = dialog.getByRole("button", { name: "Delete 101" });
    await verb.waitFor({ timeout: soonMs });
    expect(await verb.isDisabled()).toBe(true);
    await dialog.getByRole("textbox").fill("100");
    expect(await verb.isDisabled()).toBe(true);
    expect(await left()).toHaveLength(102);
    await dialog.getByRole("textbox").fill("101");
    await verb.click();
    await bar(page).waitFor({ state: "detached", timeout: soonMs });
    expect(await left()).toEqual(["t7"]);
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest("marked traces are pinned and exported", async () => {
  await send(3);
  await using viewer = await openViewer(server!);
  const { page } = viewer;
  await viewer.open("/traces");
  await rowOf(page, "t0").click({ timeout: soonMs });
  await page.keyboard.press("x");
  await rowOf(page, "t1").click({ modifiers: ["Shift"] });
  const [saved] = await Promise.all([
    page.waitForEvent("download"),
    bar(page).getByRole("button", { name: "Export" }).click(),
  ]);
  const lines = (await Bun.file(await saved.path()).text()).trim().split("\n");
  expect(lines.map((line) => JSON.parse(line).traces[0].traceId)).toEqual(["t0", "t1"]);
  await bar(page).getByRole("button", { name: "Pin" }).click();
  await bar(page).getByRole("button", { name: "Unpin" }).waitFor({ timeout: soonMs });
  const answer = await server!.api("/api/traces?filter=is:pinned");
  expect(((await answer.json()) as { traces: object[] }).traces).toHaveLength(2);
  expect(viewer.complaints).toEqual([]);
});

browserTest(
  "two marked traces are compared, the earlier one first, in the project that was looked at",
  async () => {
    await send(3);
    await using viewer = await openViewer(server!);
    const { page } = viewer;
    await viewer.open("/traces?project=default");
    await rowOf(page, "t0").click({ timeout: soonMs });
    await page.keyboard.press("x");
    await rowOf(page, "t1").click({ modifiers: ["Shift"] });
    await bar(page).getByRole("button", { name: "Compare" }).click();
    await page.getByRole("heading", { name: "Compare" }).waitFor({ timeout: soonMs });
    const { traces } = (await (await server!.api("/api/traces")).json()) as {
      traces: { key: number }[];
    };
    const [newest, earlier] = traces.map(({ key }) => `~${key}`);
    const { searchParams } = new URL(page.url());
    expect([searchParams.get("a"), searchParams.get("b")]).toEqual([earlier!, newest!]);
    expect(searchParams.get("project")).toBe("default");
  },
);
