/** Display options of a trace whose sender tells of its runtime, and of traces of nothing else: in a browser. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import { startServer, type TestServer } from "../../helpers.ts";
import { chromiumPath, closeBrowser, openViewer } from "../browser.ts";

const browserTest = test.skipIf(chromiumPath === null);

interface Sent {
  name: string;
  parent?: number;
  attributes?: Record<string, string>;
}

const agent: Sent = {
  name: "agent",
  attributes: { "gen_ai.operation.name": "invoke_agent", "gen_ai.agent.name": "agent" },
};
const work: Sent[] = [
  agent,
  { name: "lock", parent: 0 },
  { name: "lock inner", parent: 1 },
  {
    name: "execute_tool read",
    parent: 0,
    attributes: { "gen_ai.operation.name": "execute_tool", "gen_ai.tool.name": "read" },
  },
  { name: "fsync", parent: 3 },
];

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  await send(server, 1, work);
  for (let trace = 2; trace < 5; trace++) await send(server, trace, [{ name: `sql ${trace}` }]);
});
afterAll(async () => {
  await closeBrowser();
  await server[Symbol.asyncDispose]();
});

const hex = (n: number, length: number) => n.toString(16).padStart(length, "0");

async function send({ url, key }: TestServer, trace: number, sent: Sent[]): Promise<void> {
  const start = Date.now() - 60_000;
  const spans = sent.map(({ name, parent, attributes = {} }, i) => ({
    traceId: hex(trace, 32),
    spanId: hex(i + 1, 16),
    ...(parent !== undefined && { parentSpanId: hex(parent + 1, 16) }),
    name,
    startTimeUnixNano: `${start + i}000000`,
    endTimeUnixNano: `${start + i + 10}000000`,
    attributes: Object.entries(attributes).map(([key, stringValue]) => ({
      key,
      value: { stringValue },
    })),
  }));
  const response = await fetch(`${url}/v1/traces`, {
    method: "POST",
    headers: { "content-type": "application/json", authorization: `Bearer ${key}` },
    body: JSON.stringify({ resourceSpans: [{ scopeSpans: [{ spans }] }] }),
  });
  expect(response.status).toBe(200);
}

browserTest(
  "internal spans are folded until one asks, follows a link to one, or finds one",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    const path = `/traces/${hex(1, 32)}`;
    const rows = page.locator(".spans-row .spans-called");
    await viewer.open(path);
    await page.getByText("2 + 3 internal").waitFor();
    const folded = ["agent", "read", "3 internal"];
    await rows.getByText("3 internal").waitFor();
    expect(await rows.allTextContents()).toEqual(folded);
    const fold = await page.locator(".spans-row.is-fold").innerText();
    // What ran inside of another is part of its time.
    expect(fold.split("\n")).toEqual(["3 internal", "lock, lock inner, fsync", "Σ20ms"]);

    await page.keyboard.press("i");
    await rows.getByText("lock inner").waitFor();
    expect(await rows.allTextContents()).toEqual([...folded, "lock", "lock inner", "fsync"]);
    expect(new URL(page.url()).searchParams.get("internal")).toBe("shown");
    await page.keyboard.press("i");
    await rows.getByText("lock inner").waitFor({ state: "detached" });
    await page.locator(".spans-row.is-fold").click();
    await rows.getByText("lock inner").waitFor();
    await page.locator(".spans-row.is-fold").click();
    await rows.getByText("lock inner").waitFor({ state: "detached" });

    await page.getByLabel("Find in trace").fill("fsync");
    await page.getByRole("search").getByRole("status").getByText("1", { exact: true }).waitFor();
    await page.keyboard.press("Enter");
    await page.locator(".spans-row.is-selected", { hasText: "fsync" }).waitFor();

    await viewer.open(`${path}?span=${hex(3, 16)}`);
    await page.locator(".spans-row.is-selected", { hasText: "lock inner" }).waitFor();
    // A fold that holds the selection says so.
    await page.locator(".spans-row.is-fold").click();
    await page.locator(".spans-row.is-fold.is-holding").waitFor();
    expect(viewer.complaints).toEqual([]);
  },
);

browserTest(
  "traces of the runtime alone stand behind one line, and are there where nothing else is",
  async () => {
    await using viewer = await openViewer(server);
    const { page } = viewer;
    const names = page.locator(".traces-row .traces-name");
    await viewer.open("/traces");
    await page.getByText("3 traces of runtime spans hidden").waitFor();
    expect(await names.allTextContents()).toEqual(["agent"]);
    await page.keyboard.press("i");
    await names.getByText("sql 4").waitFor();
    expect(await names.count()).toBe(4);

    await viewer.open(`/traces?filter=${encodeURIComponent("is:internal")}`);
    await names.getByText("sql 2").waitFor();
    expect(await names.count()).toBe(3);
    expect(await page.locator(".traces-internal").count()).toBe(0);

    await using plain = await startServer();
    await send(plain, 1, [{ name: "GET /" }]);
    await using other = await openViewer(plain);
    await other.open("/traces");
    await other.page.locator(".traces-row .traces-name").getByText("GET /").waitFor();
    expect([...viewer.complaints, ...other.complaints]).toEqual([]);
  },
);
