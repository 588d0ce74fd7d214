/** A trace whose root is still to come: it stands at the top, and nothing is said to be missing. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { TraceColumns } from "../../../src/query/columns.ts";
import { withRunningRoot } from "../../../src/ui/data/running-root.ts";
import { toSpanTable } from "../../../src/ui/data/span-table.ts";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

let server: TestServer;
const start = Date.now() - 60_000;
const below = (spanId: string, parentSpanId: string, span: Record<string, unknown> = {}) =>
  makeSpan({ spanId, parentSpanId, startTime: start, endTime: start + 500, ...span });

beforeAll(async () => {
  server = await startServer();
  await send(
    below("call", "root", { usage: { inputTokens: 5 } }),
    below("tool", "root", { spanType: "tool", name: "bash", startTime: start + 400 }),
    below("inner", "tool", { spanType: "tool", name: "inner", startTime: start + 410 }),
  );
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

async function send(...spans: unknown[]): Promise<void> {
  const trace = { traceId: "live", agentName: "coder", traceName: "fix it", spans };
  expect((await server.ingest({ version: "v1", traces: [trace] })).status).toBe(202);
}

const columns = async () =>
  (await (await server.api("/api/traces/live?format=columns")).json()) as TraceColumns;

test("the root that still runs is the first row, and all others keep their places below it", async () => {
  const data = await columns();
  const bare = toSpanTable(data);
  const table = toSpanTable(withRunningRoot(data));
  expect([table.count, table.spanCount]).toEqual([4, 3]);
  expect(table.span(0)).toMatchObject({ name: "coder", kind: "agent", depth: 0, isRunning: true });
  expect([...table.ends]).toEqual([4, 2, 4, 4]);
  expect([...table.parents]).toEqual([-1, 0, 0, 2]);
  for (let row = 0; row < bare.count; row++) {
    const { parent, missingParent, depth, ...span } = bare.span(row);
    const { parent: _, missingParent: none, ...same } = table.span(row + 1);
    expect(same).toEqual({ ...span, row: row + 1, depth: depth + 1 });
    expect(none).toBeNull();
    expect(missingParent === null).toBe(parent !== null);
  }
});

test("a trace that ended has no such row", async () => {
  const data = await columns();
  const ended = { ...data, trace: { ...data.trace, state: "ended" as const } };
  expect(withRunningRoot(ended)).toBe(ended);
});

browserTest("the row goes when the root comes", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/live?view=waterfall");
  const root = page.locator(".spans-row", { hasText: "coder" });
  await root.getByTitle("running", { exact: true }).waitFor();
  expect(await page.getByText("was not received").count()).toBe(0);
  expect(await page.getByText("4 rows, 3 spans").count()).toBe(1);
  await root.click();
  expect(await page.locator(".inspector").count()).toBe(0);
  await page.locator(".spans-row", { hasText: "inner" }).click();
  await page.locator(".inspector").waitFor();
  await send(
    makeSpan({
      spanId: "root",
      spanType: "agent",
      name: "whole run",
      startTime: start,
      endTime: start + 900,
    }),
  );
  await page.locator(".spans-row", { hasText: "whole run" }).waitFor();
  await root.waitFor({ state: "detached" });
  await page.locator(".spans-row.is-selected", { hasText: "inner" }).waitFor();
  expect(viewer.complaints).toEqual([]);
});
