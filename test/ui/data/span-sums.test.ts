/** What the lines of a trace add up to is what the server counts. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { toUsd } from "../../../src/pricing/money.ts";
import type { Breakdown } from "../../../src/query/breakdown.ts";
import type { TraceColumns } from "../../../src/query/columns.ts";
import { rollupOf, sumOf } from "../../../src/ui/data/span-sums.ts";
import { toSpanTable, type SpanTable } from "../../../src/ui/data/span-table.ts";
import { breakdownWords } from "../../../src/ui/trace/breakdown.tsx";
import { linesOf } from "../../../src/ui/trace/spans/lines.ts";
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

const plain = {
  ...{ closed: new Set<string>(), opened: new Set<string>(), found: new Set<number>() },
  ...{ isInternal: false, isErrorsOnly: false, sort: null },
};

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

/** The rows that each line stands for: its own, or those of a fold. */
function rowsOfLines(): { rows: number[]; name: string }[] {
  const lines = linesOf(table, plain);
  return Array.from({ length: lines.count }, (_, line) => {
    const members = [...lines.membersOf(line)];
    const row = lines.rows[line]!;
    return { rows: members.length > 0 ? members : [row], name: table.span(row).name };
  });
}

describe("the lines of a trace", () => {
  test("fold tools and embeddings that are alike, and never a model call", () => {
    const lines = rowsOfLines().map(({ name, rows }) => `${name} ×${rows.length}`);
    expect(lines).toEqual(["run ×1", ...Array(5).fill("chat ×1"), "embed ×4", "grep ×3"]);
  });

  test("sum up to the totals of the server, and so does what stands below the root", () => {
    const { trace } = table;
    const sums = rowsOfLines().map(({ rows }) => sumOf(table, rows));
    const total = (field: "inputTokens" | "outputTokens") =>
      sums.reduce((sum, each) => sum + (each[field] ?? 0), 0);
    expect(total("inputTokens")).toBe(Number(trace.inputTokens));
    expect(total("outputTokens")).toBe(Number(trace.outputTokens));
    const all = sumOf(table, Array(table.count).keys());
    expect(all.costUsd).not.toBeNull();
    expect(all.costUsd).toBe(trace.costUsd);
    expect(all.pricedSpanCount).toBe(trace.pricedSpanCount);
    expect(all.priceableSpanCount).toBe(trace.priceableSpanCount);
    const below = rollupOf(table, 0);
    expect(below.tokens).toBe(Number(trace.inputTokens) + Number(trace.outputTokens));
    expect(toUsd(BigInt(below.pico))).toBe(trace.costUsd!);
    expect(below.spanCount).toBe(trace.spanCount - 1);
  });

  test("of a fold say how long all of it took, as the server does", async () => {
    const { tools, models } = await get<Breakdown>("/api/traces/sums/breakdown");
    const durationOf = (name: string) =>
      sumOf(table, rowsOfLines().find((line) => line.name === name)!.rows).durationMs;
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
    expect(sumOf(read, [1, 2]).durationMs).toBe(tools[0]!.totalMs);
  });
});

test("tools have all that they took, however much of it a model ran, too", () => {
  const times = { modelMs: 60_000, overlapMs: 58_600, toolMs: 1_400, idleMs: 0 };
  expect(breakdownWords(times)).toBe(
    "Model 1 m 00 s · tools 1 m 00 s · in parallel 58.6 s · waiting 0 ms",
  );
  expect(breakdownWords({ ...times, overlapMs: 0 })).toBe(
    "Model 1 m 00 s · tools 1.4 s · waiting 0 ms",
  );
});

browserTest("a fold prints sums, and a session has the tokens of its trace", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/sums");
  const fold = page.locator(".spans-row", { hasText: "embed" });
  await fold.waitFor();
  expect((await fold.innerText()).replaceAll(/\s+/g, " ")).toMatch(
    /^embed ×4 text-embedding-3-small Σ1,206 Σ\$\S+ Σ206ms$/,
  );
  // With everything below it: more than its own, which is nothing.
  const root = await page.locator(".spans-row").first().locator(".spans-sum").allInnerTexts();
  expect(root).toEqual(["6.3k", expect.stringMatching(/^\$/)]);
  await viewer.open("/sessions");
  const item = page.locator(".sessions-item", { hasText: "of-sums" });
  const { inputTokens, outputTokens } = table.trace;
  await item.getByTitle(Number(inputTokens).toLocaleString("en-US"), { exact: true }).waitFor();
  await item.getByTitle(String(outputTokens), { exact: true }).waitFor();
  expect(viewer.complaints).toEqual([]);
});
