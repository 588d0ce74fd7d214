/** Runs of real coding agents, whose runtimes tell of themselves: what was said is read, the rest is a number. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import type { Summary } from "../../../src/backend/views.ts";
import type { TraceColumns } from "../../../src/query/columns.ts";
import { rollupOf } from "../../../src/ui/data/span-sums.ts";
import { toSpanTable } from "../../../src/ui/data/span-table.ts";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

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
    });
    afterAll(async () => {
      await closeBrowser();
      await server[Symbol.asyncDispose]();
    });

    test("shows prompt and answer, and its internal spans as one number that opens", async () => {
      expect(trace.internalSpanCount).toBe(internal);
      await using viewer = await openViewer(server);
      const { page } = viewer;
      await viewer.open(`/traces/~${trace.key}?view=transcript`);
      const transcript = page.locator(".transcript-rows");
      await transcript.getByText(asked).first().waitFor();
      await transcript.getByText(shown).first().waitFor();
      // What a tool came to is told once.
      const cards = transcript.locator(".text-tool", { hasText: "Chunk ID" });
      expect(await cards.count()).toBe(name === "codex-tool-json" ? 1 : 0);
      await page.keyboard.press("1");
      const table = page.locator(".spans");
      await table.waitFor();
      const rowCount = async () => Number(await table.getAttribute("aria-rowcount"));
      if (internal > 0) {
        const folds = page.locator(".spans-row.is-fold", { hasText: "internal" });
        await page.keyboard.press("End");
        await folds.first().waitFor();
        const count = await rowCount();
        await page.keyboard.press("i");
        while ((await rowCount()) <= count) await Bun.sleep(30);
        // Each of them has a line, and each fold the one above its own.
        expect(await rowCount()).toBeGreaterThanOrEqual(count + internal);
        await page.keyboard.press("i");
        while ((await rowCount()) !== count) await Bun.sleep(30);
      }
      expect(viewer.complaints).toEqual([]);
    });

    test("prints sums that are the totals of the server, and names that nothing covers", async () => {
      await using viewer = await openViewer(server);
      const { page } = viewer;
      await viewer.open(`/traces/~${trace.key}`);
      await page.locator(".spans-row").first().waitFor();
      const covered = await page.locator(".spans-row").evaluateAll((rows) =>
        rows.flatMap((row) => {
          const name = row.querySelector(".spans-called")!.getBoundingClientRect();
          const next = row.querySelector(".spans-text")!.getBoundingClientRect();
          return name.right > next.left || name.width < 20 ? [row.textContent] : [];
        }),
      );
      expect(covered).toEqual([]);
      const columns = (await (
        await server.api(`/api/traces/~${trace.key}?format=columns`)
      ).json()) as TraceColumns;
      const table = toSpanTable(columns);
      let tokens = 0;
      for (let row = 0; row < table.count; row = table.ends[row]!) {
        tokens += rollupOf(table, row).tokens;
      }
      expect(tokens).toBe(Number(trace.inputTokens) + Number(trace.outputTokens));
    });
  },
);
