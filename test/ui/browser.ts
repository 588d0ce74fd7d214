/**
 * A real browser on a real server. Whatever a page logs as an error, every breach of its policy and every
 * request that leaves the origin is kept: a test asserts that there is none.
 */
import { existsSync } from "node:fs";
import axe, { type AxeResults } from "axe-core";
import { chromium, type Browser, type BrowserContext, type Page } from "playwright-core";

const places = [
  process.env.TEALIGHT_CHROMIUM,
  "/usr/bin/chromium",
  "/usr/bin/chromium-browser",
  "/usr/bin/google-chrome",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
];

/** Where a Chromium is; null where there is none. */
export const chromiumPath: string | null =
  places.find((path): path is string => path !== undefined && existsSync(path)) ?? null;

export interface Viewer extends AsyncDisposable {
  page: Page;
  context: BrowserContext;
  /** Errors on the console, uncaught exceptions, breaches of the policy, requests to other origins. */
  complaints: string[];
  /** Goes to an address of the viewer, such as `/traces?filter=…`. */
  open(path: string): Promise<void>;
}

export interface ViewerOptions {
  theme?: "dark" | "light";
  width?: number;
  height?: number;
  /** As for a first visit, for what is measured: nothing is compiled or cached. */
  isFirstVisit?: boolean;
}

/** For each wait of a page, also for its loading: below the time of a test, so that it is said what was awaited. */
const patienceMs = 100_000;

let shared: Promise<Browser> | null = null;

/** One for all tests of a process. */
function browser(): Promise<Browser> {
  return (shared ??= chromium.launch({ executablePath: chromiumPath!, args: ["--no-sandbox"] }));
}

/** To be called when the tests of a file are done. */
export async function closeBrowser(): Promise<void> {
  idleWindows.length = 0;
  await (await shared)?.close();
  shared = null;
}

/** Windows that no test uses. A page in a new one takes the processors three times as long. */
const idleWindows: Page[] = [];

async function newWindow(): Promise<Page> {
  const context = await (
    await browser()
  ).newContext({
    locale: "en-GB",
    timezoneId: "UTC",
    // What moves takes the processors also while nothing happens.
    reducedMotion: "reduce",
    permissions: ["clipboard-read", "clipboard-write"],
  });
  context.setDefaultTimeout(patienceMs);
  return context.newPage();
}

/** So that what one test left in its window is not seen by the next. */
async function vacate(page: Page): Promise<void> {
  for (const other of page.context().pages()) if (other !== page) await other.close();
  await page.unrouteAll({ behavior: "ignoreErrors" });
  for (const event of ["console", "pageerror", "request", "dialog"] as const)
    page.removeAllListeners(event);
  await page.goto("about:blank");
}

/** A window like a new one, let in by the token in the address as `tealight open` does. */
export async function openViewer(
  { url, token }: { url: string; token: string },
  { theme = "dark", width = 1440, height = 900, isFirstVisit = false }: ViewerOptions = {},
): Promise<Viewer> {
  const idle = isFirstVisit ? undefined : idleWindows.pop();
  const page = idle ?? (await newWindow());
  const context = page.context();
  await page.setViewportSize({ width, height });
  await page.emulateMedia({ colorScheme: theme });
  if (idle) {
    // A page of the same origin that runs nothing.
    await page.goto(`${url}/health`);
    await page.evaluate("localStorage.clear(), sessionStorage.clear()");
    await context.clearCookies();
  }
  const complaints: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") complaints.push(message.text());
  });
  page.on("pageerror", (error) => complaints.push(String(error)));
  page.on("request", (request) => {
    const target = request.url();
    if (!target.startsWith(url) && !/^(data|blob|about):/.test(target))
      complaints.push(`asked ${target}`);
  });
  let isIn = false;
  return {
    page,
    context,
    complaints,
    async open(path) {
      await page.goto(`${url}${path}${isIn ? "" : `#token=${token}`}`);
      isIn = true;
    },
    async [Symbol.asyncDispose]() {
      if (isFirstVisit) return context.close();
      await vacate(page);
      idleWindows.push(page);
    },
  };
}

/** What axe finds that keeps somebody out, each in a line. */
export async function barriers(page: Page): Promise<string[]> {
  await page.evaluate(axe.source);
  const { violations }: AxeResults = await page.evaluate(`axe.run(document, {
    runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"],
    resultTypes: ["violations"],
  })`);
  return violations
    .filter(({ impact }) => impact === "serious" || impact === "critical")
    .flatMap(({ id, nodes }) =>
      nodes.map(({ target, failureSummary }) => `${id} at ${target.join(" ")}: ${failureSummary}`),
    );
}
