/** What the lines of a trace add up to is what the server counts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Breakdown } from "../../../src/query/breakdown.ts";
import type { TraceColumns } from "../../../src/query/columns.ts";
import { linesOf } from "../../../src/ui/trace/lines.ts";
import { toSpanTable, type SpanTable } from "../../../src/ui/trace/model.ts";
import { splitWords } from "../../../src/ui/trace/split.tsx";
import { sumOf } from "../../../src/ui/trace/sums.ts";
import { makeSpan, startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

const at = (from: number, to: number) => ({ startTime: 1_000 + from, endTime: 1_000 + to });
const below = (span: Record<string, unknown>) => makeSpan({ parentSpanId: "root", ...span });

/** Five model calls, four embeddings and three tools, each alike, under one agent. */
const spans = [
  makeSpan({ spanId: "root", spanType: "agent", name: "run", ...at(0, 9_000) }),
  ...Array.from({ length: 5 }, (_, i) =>
    below({
      spanId: `chat${i}`,
      name: "chat",
      provider: "openai",
      modelId: "gpt-4o",
      ...at(i * 100, i * 100 + 90),
      usage: { inputTokens: 1_000 + i, outputTokens: 10 + i },
    }),
  ),
  ...Array.from({ length: 4 }, (_, i) =>
    below({
      spanId: `embed${i}`,
      spanType: "embedding",
      name: "embed",
      provider: "openai",
      modelId: "text-embedding-3-small",
      ...at(1_000 + i * 100, 1_050 + i * 101),
      usage: { inputTokens: 300 + i },
    }),
  ),
  // The last one goes on while others run.
  ...[800, 40, 7].map((ms, i) =>
    below({
      spanId: `grep${i}`,
      spanType: "tool",
      name: "grep",
      ...at(2_000 + i * 100, 2_000 + i * 100 + ms),
    }),
  ),
];

let server: TestServer;
let table: SpanTable;
beforeAll(async () => {
  server = await startServer();
  const trace = { traceId: "sums", traceName: "sums", sessionId: "of-sums", spans };
  expect((await server.ingest({ version: "v1", traces: [trace] })).status).toBe(202);
  table = toSpanTable(await get<TraceColumns>("/api/traces/sums?format=columns"));
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

async function get<T>(path: string): Promise<T> {
  return (await server.api(path)).json() as Promise<T>;
}

const folded = () =>
  linesOf(table, { closed: new Set(), unfolded: new Set(), isFolding: true, only: null });

describe("the lines of a trace", () => {
  test("fold tools and embeddings that are alike, and never a model call", () => {
    const { rows, counts } = folded();
    const lines = [...rows].map((row, i) => `${table.span(row).name} ×${counts[i]}`);
    expect(lines).toEqual(["run ×1", ...Array(5).fill("chat ×1"), "embed ×4", "grep ×3"]);
  });

  test("sum up to the totals of the server", () => {
    const { rows, counts } = folded();
    const { trace } = table;
    const sums = [...rows].map((row, i) => sumOf(table, row, counts[i]!));
    const total = (field: "inputTokens" | "outputTokens") =>
      sums.reduce((sum, each) => sum + (each[field] ?? 0), 0);
    expect(total("inputTokens")).toBe(Number(trace.inputTokens));
    expect(total("outputTokens")).toBe(Number(trace.outputTokens));
    const all = sumOf(table, 0, table.count);
    expect(all.costUsd).not.toBeNull();
    expect(all.costUsd).toBe(trace.costUsd);
    expect(all.pricedSpanCount).toBe(trace.pricedSpanCount);
    expect(all.priceableSpanCount).toBe(trace.priceableSpanCount);
  });

  test("of a fold say how long all of it took, as the server does", async () => {
    const { tools, models } = await get<Breakdown>("/api/traces/sums/breakdown");
    const { rows, counts } = folded();
    const durationOf = (name: string) => {
      const line = [...rows].findIndex((row) => table.span(row).name === name);
      return sumOf(table, rows[line]!, counts[line]!).durationMs;
    };
    expect(durationOf("grep")).toBe(tools[0]!.totalMs);
    expect(durationOf("grep")).toBe(847);
    const embed = models.find(({ modelId }) => modelId === "text-embedding-3-small")!;
    expect(durationOf("embed")).toBe(embed.totalMs);
  });

  test("leave out what repeats another span", async () => {
    const told = { "gen_ai.tool.call.id": "one" };
    const run = { spanType: "tool", name: "read", output: "text" };
    const twice = [
      makeSpan({ spanId: "root", spanType: "agent", ...at(0, 900) }),
      below({ spanId: "outer", ...run, ...at(0, 300), metadata: told }),
      below({ spanId: "inner", ...run, parentSpanId: "outer", ...at(10, 290), metadata: told }),
    ];
    const sent = {
      version: "v1",
      traces: [{ traceId: "twice", traceName: "twice", spans: twice }],
    };
    expect((await server.ingest(sent)).status).toBe(202);
    const columns = await get<TraceColumns>("/api/traces/twice?format=columns");
    const { tools } = await get<Breakdown>("/api/traces/twice/breakdown");
    const read = toSpanTable(columns);
    const sum = [1, 2].reduce((ms, row) => ms + sumOf(read, row, 1).durationMs, 0);
    expect(sum).toBe(tools[0]!.totalMs);
  });
});

test("tools have all that they took, however much of it a model ran, too", () => {
  const times = { modelMs: 60_000, overlapMs: 58_600, toolMs: 1_400, idleMs: 0 };
  expect(splitWords(times)).toBe(
    "Model 1 m 00 s · tools 1 m 00 s · both at once 58.6 s · waiting 0 ms",
  );
  expect(splitWords({ ...times, overlapMs: 0 })).toBe(
    "Model 1 m 00 s · tools 1.4 s · waiting 0 ms",
  );
});

browserTest("a fold prints sums, and a session has the tokens of its trace", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/sums?view=tree");
  const fold = page.locator(".tree-row", { hasText: "embed" });
  await fold.waitFor();
  expect((await fold.innerText()).replaceAll(/\s+/g, " ")).toContain("×4 Σ 206ms — Σ 1.2k — Σ $");
  await viewer.open("/sessions");
  const item = page.locator(".sessions-item", { hasText: "of-sums" });
  const { inputTokens, outputTokens } = table.trace;
  await item.getByTitle(Number(inputTokens).toLocaleString("en-US"), { exact: true }).waitFor();
  await item.getByTitle(String(outputTokens), { exact: true }).waitFor();
  expect(viewer.complaints).toEqual([]);
});
