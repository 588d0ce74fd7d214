/** Runs of real coding agents, whose runtimes tell of themselves: what was said is read, the rest is a number. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";
import type { Summary } from "../../../src/query/views.ts";

const folder = join(import.meta.dir, "../../../../shared/data/otlp-captures");
const isThere = existsSync(folder);
const isPossible = chromiumPath !== null && isThere;
if (!isThere) console.log("coding agents: skipped, ../shared/data is not there");

/** What each was asked and what came of it, and how many of its spans are internal. */
const told: Record<string, { asked: string; shown: string; internal: number }> = {
  "cc-tool-json": {
    asked: "Run echo and read the note",
    shown: "The marker was printed.",
    internal: 0,
  },
  "codex-tool-json": { asked: "Run echo please", shown: "heldout-marker", internal: 340 },
  "gemini-tool-http": { asked: "Run echo please", shown: "run_shell_command", internal: 0 },
  "opencode-serve-json": {
    asked: "Run echo please",
    shown: "The marker was printed.",
    internal: 803,
  },
};

interface Request {
  path: string;
  /** One of both. */
  bodyGzipBase64?: string;
  bodyBase64?: string;
}

function readRequests(name: string): Request[] {
  return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8")).requests;
}

describe.skipIf(!isPossible).each(Object.entries(told))(
  "%s",
  (name, { asked, shown, internal }) => {
    let server: TestServer;
    let trace: Summary;
    beforeAll(async () => {
      server = await startServer();
      for (const { path, bodyGzipBase64, bodyBase64 } of readRequests(name)) {
        const response = await fetch(server.url + path, {
          method: "POST",
          headers: { "content-type": "application/json", authorization: `Bearer ${server.key}` },
          body: bodyGzipBase64
            ? gunzipSync(Buffer.from(bodyGzipBase64, "base64")).toString()
            : Buffer.from(bodyBase64!, "base64").toString(),
        });
        expect(response.status).toBe(200);
      }
      const { traces } = (await (
        await server.api("/api/traces?filter=-is:internal&sort=-startTime&limit=200")
      ).json()) as { traces: Summary[] };
      trace = traces.find(({ llmCount }) => llmCount > 0)!;
    }, 60_000);
    afterAll(async () => {
      await closeBrowser();
      await server[Symbol.asyncDispose]();
    });

    test("shows prompt and answer, and its internal spans as one number that opens", async () => {
      expect(trace.internalSpanCount).toBe(internal);
      await using viewer = await openViewer(server);
      const { page } = viewer;
      await viewer.open(`/traces/~${trace.key}`);
      const transcript = page.locator(".transcript-rows");
      await transcript.getByText(asked).first().waitFor();
      await transcript.getByText(shown).first().waitFor();
      // What a tool came to is told once.
      const cards = transcript.locator(".text-tool", { hasText: "Chunk ID" });
      expect(await cards.count()).toBe(name === "codex-tool-json" ? 1 : 0);
      if (internal > 0) {
        const fold = page.getByRole("button", { name: `${internal} internal spans` });
        expect(await fold.getAttribute("aria-expanded")).toBe("false");
        const rowCount = async () =>
          Number(await page.locator(".tree").getAttribute("aria-rowcount"));
        const count = await rowCount();
        await page.keyboard.press("i");
        await page.locator(".trace-internal", { hasText: "more names" }).waitFor();
        expect(await fold.getAttribute("aria-expanded")).toBe("true");
        expect(await rowCount()).toBeGreaterThan(count);
        for (const view of ["tree", "waterfall"]) {
          await viewer.open(`/traces/~${trace.key}?view=${view}`);
          await page.getByRole("button", { name: `${internal} internal` }).waitFor();
        }
      }
      expect(viewer.complaints).toEqual([]);
    }, 60_000);

    test("has names in the navigator that no figure covers", async () => {
      await using viewer = await openViewer(server);
      const { page } = viewer;
      await viewer.open(`/traces/~${trace.key}`);
      await page.locator(".tree-row").first().waitFor();
      const covered = await page.locator(".tree-row").evaluateAll((rows) =>
        rows.flatMap((row) => {
          const name = row.querySelector(".tree-name")!;
          const end = name.getBoundingClientRect().right;
          const figure = row.querySelector(".number")!.getBoundingClientRect();
          const isSeen = figure.top < row.getBoundingClientRect().bottom - 1;
          const isCut = name.scrollWidth > name.clientWidth + 1;
          return isSeen && (figure.left < end || isCut) ? [name.textContent] : [];
        }),
      );
      expect(covered).toEqual([]);
    }, 60_000);
  },
);
