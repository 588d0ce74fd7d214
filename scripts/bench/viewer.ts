/**
 * What a browser feels: a trace of 50,000 spans and a list of 100,000 traces, opened in a real Chromium and
 * scrolled from end to end. Without a browser there is nothing to measure, and a line says so.
 */
import type { Page } from "playwright-core";
import { chromiumPath, closeBrowser, openViewer, type Viewer } from "../../test/ui/browser.ts";
import { largeTrace, sendAll, tinyTraces, type Payload } from "../../test/ui/demo.ts";
import type { Bench } from "./bench.ts";
import { startProduct, type Product } from "./product.ts";
import { formats, row, type Row } from "./table.ts";
import { range } from "./words.ts";

const { count, ms, mb } = formats;
const spanCount = 50_000;
const traceCount = 100_000;
const jsonTraceId = "000000000000000000000000000000aa";

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
    const tree: Scrolled[] = [];
    const sorted: Scrolled[] = [];
    const sorting: number[] = [];
    for (const _ of range(bench.rounds)) {
      await using opened = await openViewer(product, { isFirstVisit: true });
      painted.push(await paint(opened, "/traces/demo-large?view=spans", "treegrid"));
      tree.push(await scroll(opened.page, "treegrid"));
      await opened.page.evaluate(watchTasks);
      await opened.page.getByRole("button", { name: "Cost" }).click();
      await opened.page.locator(`[data-sort="cost"].is-sorted`).waitFor();
      sorting.push(await opened.page.evaluate<number>("Math.max(0, ...longTasks)"));
      sorted.push(await scroll(opened.page, "treegrid"));
    }
    bench.progress(`viewer: storing ${count(traceCount)} traces`);
    await sendAll(product, tinyTraces(now, traceCount));
    const listed: number[] = [];
    const list: Scrolled[] = [];
    for (const _ of range(bench.rounds)) {
      await using opened = await openViewer(product, { isFirstVisit: true });
      listed.push(await paint(opened, "/traces", "grid"));
      list.push(await scroll(opened.page, "grid"));
    }
    bench.progress("viewer: live, a prompt of 1 MB, JSON of 9 MB");
    const seen: number[] = [];
    {
      await using opened = await openViewer(product, { isFirstVisit: true });
      await opened.open("/traces");
      await opened.page.getByRole("row").nth(1).waitFor();
      for (const n of range(4 * bench.rounds)) seen.push(await live(opened, product, `live ${n}`));
    }
    await sendAll(product, [prompt(now)]);
    await sendJson(product, now);
    const prompts: number[] = [];
    const trees: number[] = [];
    for (const _ of range(bench.rounds)) {
      await using opened = await openViewer(product, { isFirstVisit: true });
      prompts.push(await readWhole(opened, "prompt", "Plain"));
      trees.push(await readWhole(opened, jsonTraceId, "JSON"));
    }
    const large = `trace of ${count(spanCount)} spans`;
    const many = `list of ${count(traceCount)} traces`;
    const taskOf = (scrolled: Scrolled[]) => scrolled.map(({ longestTaskMs }) => longestTaskMs);
    const rowsOf = (scrolled: Scrolled[]) => scrolled.map(({ rows }) => rows);
    return [
      row(`${large}: skeleton on the wire`, [wire], mb, { below: 2_000_000 }),
      row(`${large}: from its address to its first rows`, painted, ms, { below: 500 }),
      row(`${large}: longest task while scrolling`, taskOf(tree), ms, { below: 100 }),
      row(`${large}: rows in the document`, rowsOf(tree), count, { below: 60 }),
      row(`${large}: longest task while it is sorted`, sorting, ms, { below: 100 }),
      row(`${large}, sorted: longest task while scrolling`, taskOf(sorted), ms, { below: 100 }),
      row(`${many}: from its address to its first rows`, listed, ms, { below: 500 }),
      row(`${many}: longest task while scrolling`, taskOf(list), ms, { below: 50 }),
      row(`${many}: rows in the document`, rowsOf(list), count, { below: 60 }),
      row("from a span's 202 to its row in the list", seen, ms, { below: 1_000 }),
      row("prompt of 1 MB, whole: longest task", prompts, ms, { below: 50 }),
      row("JSON of 9 MB, whole: longest task", trees, ms, { below: 50 }),
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
  // Polled from here: the page's policy lets nobody in it evaluate text.
  while (!(await page.evaluate(firstRowAt))) await Bun.sleep(20);
  return page.evaluate<number>(firstRowAt);
}

/** From the answer that a span is taken to its row in the list. */
async function live({ page }: Viewer, target: Product, name: string): Promise<number> {
  const now = Date.now();
  const span = { spanId: name, spanType: "llm", name, startTime: now - 100, endTime: now };
  await sendAll(target, [
    { version: "v1", traces: [{ traceId: name, traceName: name, spans: [span] }] },
  ]);
  const start = performance.now();
  await page.getByText(name, { exact: true }).first().waitFor();
  return performance.now() - start;
}

/** The input of a trace's only span, whole: the longest task from the click on its tab to its last screen. */
async function readWhole({ page, open }: Viewer, traceId: string, mode: string): Promise<number> {
  await open(`/traces/${traceId}?view=spans`);
  await page.getByRole("treegrid").getByRole("row").last().click();
  await page.evaluate(watchTasks);
  await page.getByRole("tab", { name: "Input" }).click();
  // What is no message stands there as it was stored.
  const stored = page.getByRole("button", { name: "As stored" });
  const shown = page.getByRole("button", { name: mode, exact: true });
  await stored.or(shown).first().waitFor();
  if (await stored.isVisible()) await stored.click();
  await page.getByRole("button", { name: mode, exact: true }).click();
  const rest = page.getByRole("button", { name: "all of it", exact: true });
  await rest.click();
  await rest.waitFor({ state: "detached" });
  await page.locator(".text-payload").hover();
  for (const _ of range(20)) await page.mouse.wheel(0, 50_000);
  return page.evaluate<number>("Math.max(0, ...longTasks)");
}

/** A prompt of 1 MB in lines, as ingest v1 admits it. */
function prompt(now: number): Payload {
  const line = "The quick brown fox jumps over the lazy dog, and the dog sleeps on.\n";
  const input = line.repeat(1_000_000 / line.length);
  const span = {
    spanId: "s",
    spanType: "llm",
    name: "chat",
    startTime: now - 100,
    endTime: now,
    input,
  };
  return { version: "v1", traces: [{ traceId: "prompt", traceName: "prompt", spans: [span] }] };
}

/** A span whose input is 9 MB of JSON: only OTLP takes that much. */
async function sendJson({ url, key }: Product, now: number): Promise<void> {
  const numbers = Array.from({ length: 1_000_000 }, (_, i) => 10_000_000 + i).join();
  const attributes = Object.entries({
    "openinference.span.kind": "TOOL",
    "input.value": `{"numbers":[${numbers}],"end":true}`,
    "input.mime_type": "application/json",
  }).map(([key, stringValue]) => ({ key, value: { stringValue } }));
  const span = {
    traceId: jsonTraceId,
    spanId: "00000000000000a1",
    name: "json",
    startTimeUnixNano: `${now - 100}000000`,
    endTimeUnixNano: `${now}000000`,
    attributes,
  };
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans: [span] }] }] }),
  });
  if (!response.ok) throw new Error(`${response.status}: ${await response.text()}`);
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
