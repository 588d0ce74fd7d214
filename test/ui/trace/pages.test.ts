/** A trace that the server answers in pages is one table in the viewer. */
import { afterAll, beforeAll, expect, test } from "bun:test";
import type { TraceColumns } from "../../../src/query/columns.ts";
import { toSpanTable } from "../../../src/ui/data/span-table.ts";
import { withoutUnloaded, joinPages } from "../../../src/ui/trace/join-pages.ts";
import { makePayload, makeSpan, startServer, type TestServer } from "../../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const spans = Array.from({ length: 30 }, (_, i) =>
    makeSpan({
      spanId: `s${i}`,
      name: `name ${i % 7}`,
      spanType: i % 3 === 0 ? "agent" : i % 3 === 1 ? "llm" : "tool",
      startTime: i,
      // The last one is its own ancestor.
      ...(i === 29 ? { parentSpanId: "s29" } : i > 0 && { parentSpanId: `s${Math.floor(i / 3)}` }),
      ...(i > 15 && { usage: { inputTokens: i } }),
      ...(i % 5 === 0 && { status: "error", errorMessage: `failed ${i}` }),
    }),
  );
  expect((await server.ingest(makePayload({ spans }))).status).toBe(202);
});
afterAll(() => server[Symbol.asyncDispose]());

async function get(query: string): Promise<TraceColumns> {
  return (await server.api(`/api/traces/trace-1?format=columns${query}`)).json() as never;
}

test("pages that are joined are the whole", async () => {
  const whole = toSpanTable(await get(""));
  for (const limit of [1, 4, 29]) {
    let data = await get(`&limit=${limit}`);
    while (data.nextCursor !== null) {
      data = joinPages(data, await get(`&limit=${limit}&cursor=${data.nextCursor}`));
    }
    const joined = toSpanTable(withoutUnloaded(data));
    expect(joined.count).toBe(30);
    for (let row = 0; row < 30; row++) expect(joined.span(row)).toEqual(whole.span(row));
    expect(joined.steps).toEqual(whole.steps);
    expect(joined.ends).toEqual(whole.ends);
    expect(joined.errors).toEqual(whole.errors);
  }
});

test("of some pages nothing leads to spans that are not loaded", async () => {
  for (let limit = 1; limit < 30; limit++) {
    const data = await get(`&limit=${limit}`);
    const table = toSpanTable(withoutUnloaded(data));
    expect([...table.parents].every((parent) => parent < limit)).toBe(true);
    expect([...table.ends].every((end) => end <= limit)).toBe(true);
  }
});
