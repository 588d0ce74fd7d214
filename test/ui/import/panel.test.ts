/** Files dropped on the page, in a real browser. */
import { afterAll, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);
const soonMs = 20_000;

afterAll(closeBrowser);

const startTime = Date.now() - 60_000;
const lineOf = (traceId: string, span: Record<string, unknown> = {}) =>
  JSON.stringify(
    makePayload({
      traceId,
      traceName: traceId,
      spans: [makeSpan({ startTime, endTime: startTime + 500, ...span })],
    }),
  );

async function drop(page: Page, files: Record<string, string>): Promise<void> {
  const dataTransfer = await page.evaluateHandle((files) => {
    const transfer = new DataTransfer();
    for (const [name, text] of Object.entries(files)) transfer.items.add(new File([text], name));
    return transfer;
  }, files);
  await page.dispatchEvent("main", "dragover", { dataTransfer });
  await page.getByText("Drop to import").waitFor({ timeout: soonMs });
  await page.dispatchEvent("main", "drop", { dataTransfer });
}

const traceIdsOf = async (server: TestServer, project = "default") => {
  const answer = await server.api(`/api/traces?project=${project}`);
  const { traces } = (await answer.json()) as { traces: { traceId: string }[] };
  return traces.map(({ traceId }) => traceId).sort();
};

browserTest(
  "files dropped on the first page are imported, and the list comes by itself",
  async () => {
    await using server = await startServer();
    await using viewer = await openViewer(server);
    const { page, complaints } = viewer;
    await viewer.open("/traces");
    await page.getByRole("button", { name: "Import a file" }).waitFor({ timeout: soonMs });
    await drop(page, {
      "runs.jsonl": `${lineOf("a")}\n\n${lineOf("b")}\n`,
      "notes.csv": "a,b\n1,2\n",
    });
    const panel = page.getByRole("region", { name: "Import" });
    await panel.getByText("Imported into default").waitFor({ timeout: soonMs });
    await panel.getByText("2 traces, 2 spans new").waitFor();
    await panel.getByText("This file begins with “a,b”").waitFor();
    await page.locator(".traces-row").nth(1).waitFor({ timeout: soonMs });
    expect(await traceIdsOf(server)).toEqual(["a", "b"]);
    // A second time nothing is new.
    await drop(page, { "again.jsonl": lineOf("a") });
    await panel
      .getByText("0 traces, 0 spans new; 1 span was here already")
      .waitFor({ timeout: soonMs });
    await panel.getByRole("button", { name: "Close" }).click();
    await panel.waitFor({ state: "detached" });
    expect(complaints).toEqual([]);
  },
);

browserTest(
  "lines that are refused are named with their reason and can be saved; the rest is stored",
  async () => {
    await using server = await startServer({ maxBodyBytes: 100_000 });
    const headers = { "content-type": "application/json" };
    await server.api("/api/projects", { method: "POST", headers, body: '{"name":"evals"}' });
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/settings?project=evals");
    const wrong = lineOf("wrong", { endTime: 1 });
    const large = lineOf("large", { input: "x".repeat(200_000) });
    const text = [lineOf("a"), wrong, lineOf("b"), '{"version":', large, lineOf("c")].join("\n");
    const file = join(server.dataDir, "runs.jsonl");
    writeFileSync(file, text);
    const chooser = page.waitForEvent("filechooser");
    await page.getByRole("button", { name: "Import a file" }).click({ timeout: soonMs });
    await (await chooser).setFiles(file);
    const panel = page.getByRole("region", { name: "Import" });
    await panel.getByText("Imported into evals").waitFor({ timeout: soonMs });
    await panel.getByText("3 traces, 3 spans new").waitFor();
    await panel.getByText("3 lines refused").waitFor();
    await panel.getByText("line 2: traces.0.spans.0.endTime: ").waitFor();
    await panel.getByText("line 4: invalid JSON body").waitFor();
    await panel.getByText("line 5: payload too large, the limit is 100000 bytes").waitFor();
    expect(await traceIdsOf(server, "evals")).toEqual(["a", "b", "c"]);
    const saving = page.waitForEvent("download");
    await panel.getByRole("button", { name: "Save the refused lines" }).click();
    const saved = await saving;
    expect(saved.suggestedFilename()).toBe("runs.refused.jsonl");
    const savedText = await Bun.file((await saved.path())!).text();
    expect(savedText).toBe(`${wrong}\n{"version":\n${large}\n`);
  },
);

browserTest(
  "an import waits for a server without room, goes on while one looks at another page, and can be stopped",
  async () => {
    await using server = await startServer();
    await using viewer = await openViewer(server);
    const { page } = viewer;
    await viewer.open("/settings");
    let asked = 0;
    await page.route("**/api/import**", async (route) => {
      asked++;
      // No room once, then none at all.
      if (asked === 1 || asked > 8) {
        const body = JSON.stringify({ error: "ingest buffer full", code: "buffer_full" });
        return route.fulfill({ status: 503, headers: { "retry-after": "1" }, body });
      }
      return route.continue();
    });
    const lines = Array.from({ length: 100 }, (_, i) => lineOf(`t${i}`));
    await drop(page, { "runs.jsonl": lines.join("\n") });
    const panel = page.getByRole("region", { name: "Import" });
    await panel.getByText(/[1-9] traces?, \d+ spans? new/).waitFor({ timeout: soonMs });
    await page.getByRole("link", { name: "Overview" }).click();
    await panel.getByText("Importing into default").waitFor();
    await panel.getByRole("button", { name: "Stop" }).click();
    await panel.getByText("stopped").waitFor({ state: "attached", timeout: soonMs });
    const many = (await traceIdsOf(server)).length;
    expect(many).toBeGreaterThan(0);
    expect(many).toBeLessThan(9);
  },
);

browserTest("a server that does not answer ends the import with a sentence", async () => {
  await using server = await startServer();
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/settings");
  await page.route("**/api/import**", (route) => route.abort());
  await drop(page, { "runs.jsonl": lineOf("a") });
  const panel = page.getByRole("region", { name: "Import" });
  await panel.getByText("The server does not answer.").waitFor({ timeout: soonMs });
  await panel.getByText("Nothing was imported.").waitFor();
});
