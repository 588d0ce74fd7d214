/** In which order the table has its lines, and what stays selected meanwhile. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { TraceColumns } from "../../../../src/query/columns.ts";
import { toSpanTable, type SpanTable } from "../../../../src/ui/data/span-table.ts";
import { linesOf, type LineOptions } from "../../../../src/ui/trace/spans/lines.ts";
import { nextSort, parseSort, sortText } from "../../../../src/ui/trace/spans/sort.ts";
import { makeSpan, startServer, type TestServer } from "../../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

const start = Date.parse("2026-01-05T09:00:00Z");
const span = (spanId: string, from: number, to: number, more: Record<string, unknown> = {}) =>
  makeSpan({
    ...{ spanId, name: spanId, parentSpanId: "run" },
    ...{ startTime: start + from, endTime: start + to },
    ...more,
  });
const call = { provider: "openai", modelId: "gpt-4o" };

const spans = [
  span("run", 0, 9_000, { spanType: "agent", parentSpanId: undefined }),
  span("small", 100, 1_000, { ...call, usage: { inputTokens: 10, outputTokens: 1 } }),
  span("read", 1_000, 1_500, { spanType: "tool", input: '{"path":"a.ts"}' }),
  span("large", 2_000, 3_000, { ...call, usage: { inputTokens: 5_000, outputTokens: 9 } }),
  span("inner", 3_000, 3_200, { spanType: "tool", parentSpanId: "large" }),
  span("edit", 4_000, 8_000, {
    ...{ spanType: "tool", status: "error", errorMessage: "no such file" },
    ...{ input: '{"command":"edit b.ts"}', parentSpanId: "large" },
  }),
  span("unknown", 8_000, 8_500, { modelId: "nobody-knows", usage: { inputTokens: 70 } }),
];

let server: TestServer;
let table: SpanTable;
beforeAll(async () => {
  server = await startServer();
  const trace = { traceId: "ordered", traceName: "ordered", spans };
  expect((await server.ingest({ version: "v1", traces: [trace] })).status).toBe(202);
  table = toSpanTable(
    (await (await server.api("/api/traces/ordered?format=columns")).json()) as TraceColumns,
  );
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

const plain: LineOptions = {
  ...{ closed: new Set<string>(), opened: new Set<string>(), found: new Set<number>() },
  ...{ isInternal: false, isErrorsOnly: false, sort: null },
};

/** Names of the lines; of a fold how many it stands for. */
function shown(more: Partial<LineOptions>): string[] {
  const lines = linesOf(table, { ...plain, ...more });
  return Array.from({ length: lines.count }, (_, line) => {
    const count = lines.membersOf(line).length;
    return count > 0 ? `${count} ${lines.kindOf(line)}` : table.span(lines.rows[line]!).name;
  });
}

describe("the lines", () => {
  test("are a tree, in the order of their start", () => {
    expect(shown({})).toEqual(["run", "small", "read", "large", "inner", "edit", "unknown"]);
    expect(shown({ closed: new Set([`${table.columns.key[table.rowOfId("large")!]}`]) })).toEqual([
      ...["run", "small", "read", "large", "unknown"],
    ]);
    expect(shown({ isErrorsOnly: true })).toEqual(["run", "large", "edit"]);
  });

  test.each([
    // A call without a price stands behind those with one, what cannot have one in a fold.
    ["cost", ["large", "small", "unknown", "4 rest"]],
    ["-cost", ["unknown", "small", "large", "4 rest"]],
    ["tokens", ["large", "unknown", "small", "4 rest"]],
    ["duration", ["run", "edit", "large", "small", "read", "unknown", "inner"]],
    ["errors", ["edit", "6 rest"]],
    ["start", ["run", "small", "read", "large", "inner", "edit", "unknown"]],
    ["-start", ["unknown", "edit", "inner", "large", "read", "small", "run"]],
  ])("sorted by %s are flat", (sort, names) => {
    expect(shown({ sort: parseSort(sort) })).toEqual(names);
  });

  test("of what has no value stand below their fold, once it is open", () => {
    expect(shown({ sort: parseSort("errors"), opened: new Set(["rest"]) })).toEqual([
      ...["edit", "6 rest", "run", "small", "read", "large", "inner", "unknown"],
    ]);
  });
});

test("a head sorts, sorts the other way, and leads back to the tree", () => {
  const seen = [];
  for (let sort = nextSort(null, "cost"); sort; sort = nextSort(sort, "cost"))
    seen.push(sortText(sort));
  expect(seen).toEqual(["cost", "-cost"]);
  expect(sortText(nextSort(parseSort("-cost"), "tokens"))).toBe("tokens");
  expect(parseSort("what else")).toBeNull();
});

browserTest("what is selected stays so over orders, filters and views", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/ordered?view=tree");
  const selected = page.locator(".spans-row.is-selected");
  await page.locator(".spans-row", { hasText: "a.ts" }).click();
  await selected.getByText("read").waitFor();
  await page.getByRole("button", { name: "Cost", exact: true }).click();
  await page.locator(".spans-row.is-holding", { hasText: "holds the selected read" }).waitFor();
  expect(new URL(page.url()).searchParams.get("sort")).toBe("cost");
  // The head of the column has the focus: it sorts the other way, as a click would.
  await page.keyboard.press("s");
  await page.waitForURL(/sort=-cost/);
  await page.locator(".spans-row.is-holding", { hasText: "holds the selected read" }).waitFor();
  await page.keyboard.press("Backspace");
  await page.locator("[data-sort].is-sorted").waitFor({ state: "detached" });
  await selected.getByText("read").waitFor();
  await page.keyboard.press("]");
  await selected.getByText("large").waitFor();
  await page.keyboard.press("[");
  await selected.getByText("read").waitFor();
  await page.keyboard.press("e");
  await selected.getByText("no such file").waitFor();
  await page.keyboard.press("2");
  await page.locator(".transcript-row.is-selected").waitFor();
  expect(await page.locator(".inspector").count()).toBe(0);
  await page.keyboard.press("1");
  await selected.getByText("edit b.ts").waitFor();
  expect(viewer.complaints).toEqual([]);
});

browserTest("a trace opens with the view that was used last", async () => {
  await using viewer = await openViewer(server);
  const { page } = viewer;
  await viewer.open("/traces/ordered");
  await page.locator(".spans-row").first().waitFor();
  await page.keyboard.press("2");
  await page.locator(".transcript-row").first().waitFor();
  await viewer.open("/traces/ordered");
  await page.locator(".transcript-row").first().waitFor();
  await viewer.open("/traces/ordered?view=waterfall");
  await page.locator(".spans-row").first().waitFor();
  expect(viewer.complaints).toEqual([]);
});
