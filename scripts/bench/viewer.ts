/**
 * What a browser feels: a trace of 50,000 spans and a list of 100,000 traces, opened in a real Chromium and
 * scrolled from end to end. Without a browser there is nothing to measure, and a line says so.
 */
import type { Page } from "playwright-core";
import { chromiumPath, closeBrowser, openViewer, type Viewer } from "../../test/ui/browser.ts";
import { largeTrace, sendAll, tinyTraces } from "../../test/ui/demo.ts";
import type { Bench } from "./bench.ts";
import { startProduct } from "./product.ts";
import { formats, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, ms, mb } = formats;
const spanCount = 50_000;
const traceCount = 100_000;

interface Scrolled {
  /** The longest that the page did nothing else. */
  longestTaskMs: number;
  /** The most rows that were in the document at a time. */
  rows: number;
}

export async function viewer(bench: Bench): Promise<Row[]> {
  if (!chromiumPath) {
    bench.progress("viewer: no Chromium, not measured");
    return [];
  }
  const product = await startProduct("viewer");
  try {
    const now = Date.now();
    bench.progress(`viewer: storing ${count(spanCount)} spans of one trace`);
    await sendAll(product, largeTrace(now, spanCount));
    const wire = await wireBytes(product, "/api/traces/demo-large?format=columns");
    const painted: number[] = [];
    const waterfall: Scrolled[] = [];
    const tree: Scrolled[] = [];
    for (const _ of range(bench.rounds)) {
      await using opened = await openViewer(product);
      painted.push(await paint(opened, "/traces/demo-large?view=waterfall", "treegrid"));
      waterfall.push(await scroll(opened.page, "treegrid"));
      await opened.page.keyboard.press("3");
      tree.push(await scroll(opened.page, "treegrid"));
    }
    bench.progress(`viewer: storing ${count(traceCount)} traces`);
    await sendAll(product, tinyTraces(now, traceCount));
    const listed: number[] = [];
    const list: Scrolled[] = [];
    for (const _ of range(bench.rounds)) {
      await using opened = await openViewer(product);
      listed.push(await paint(opened, "/traces", "grid"));
      list.push(await scroll(opened.page, "grid"));
    }
    const large = `trace of ${count(spanCount)} spans`;
    const many = `list of ${count(traceCount)} traces`;
    const taskOf = (scrolled: Scrolled[]) => scrolled.map(({ longestTaskMs }) => longestTaskMs);
    const rowsOf = (scrolled: Scrolled[]) => scrolled.map(({ rows }) => rows);
    return [
      row(`${large}: skeleton on the wire`, [wire], mb, { below: 2_000_000 }),
      row(`${large}: from its address to its first rows`, painted, ms, { below: 500 }),
      row(`${large}, waterfall: longest task while scrolling`, taskOf(waterfall), ms, {
        below: 50,
      }),
      row(`${large}, waterfall: rows in the document`, rowsOf(waterfall), count, { below: 60 }),
      row(`${large}, tree: longest task while scrolling`, taskOf(tree), ms, { below: 50 }),
      row(`${many}: from its address to its first rows`, listed, ms, { below: 500 }),
      row(`${many}: longest task while scrolling`, taskOf(list), ms, { below: 50 }),
      row(`${many}: rows in the document`, rowsOf(list), count, { below: 60 }),
    ];
  } finally {
    await closeBrowser();
    await product.stop();
  }
}

async function wireBytes({ url, token }: { url: string; token: string }, path: string) {
  const headers = { authorization: `Bearer ${token}`, "accept-encoding": "gzip, zstd" };
  const response = await fetch(url + path, { headers, decompress: false });
  return (await response.arrayBuffer()).byteLength;
}

/** What runs in the page is text: nothing else here knows a document. */
const markFirstRow = (role: string) => `
  (function look() {
    const isThere = document.querySelector("[role=${role}] [role=row]:not(:first-child)");
    requestAnimationFrame(isThere ? () => performance.mark("rows") : look);
  })()`;
const firstRowAt = `performance.getEntriesByName("rows")[0]?.startTime`;
const watchTasks = `
  window.longTasks = [];
  new PerformanceObserver((list) =>
    longTasks.push(...list.getEntries().map(({ duration }) => duration)),
  ).observe({ type: "longtask" });`;

/** From the navigation to the first row in the document, by the page's own clock. */
async function paint({ page, open }: Viewer, path: string, role: string): Promise<number> {
  await open("/settings");
  await page.addInitScript({ content: markFirstRow(role) });
  await open(path);
  await page.waitForFunction(firstRowAt);
  return page.evaluate<number>(firstRowAt);
}

/** By the wheel, as a person would: in steps of a screen, then jumps to the middle and the end. */
async function scroll(page: Page, role: "grid" | "treegrid"): Promise<Scrolled> {
  const pane = page.getByRole(role).first();
  await pane.hover({ position: { x: 200, y: 200 } });
  await page.evaluate(watchTasks);
  let rows = 0;
  for (const n of range(60)) {
    await page.mouse.wheel(0, n < 40 ? 700 : n < 50 ? 40_000 : -40_000);
    rows = Math.max(rows, await pane.getByRole("row").count());
  }
  return { longestTaskMs: await page.evaluate<number>("Math.max(0, ...longTasks)"), rows };
}
