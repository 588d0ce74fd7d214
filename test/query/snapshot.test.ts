/** Reads beside writes: each answer is of one moment. */
import { expect, test } from "bun:test";
import type { TraceView } from "../../src/backend/views.ts";
import { makePayload, makeSpan, startServer } from "../helpers.ts";

test("a trace that is written all the time is read whole, its spans with their own texts", async () => {
  await using server = await startServer();
  const spans = (version: number) =>
    Array.from({ length: 5 + (version % 20) }, (_, i) =>
      makeSpan({
        spanId: `s${i}`,
        endTime: 2000 + version,
        input: `input of ${version}`,
        output: `output of ${version}`,
      }),
    );
  let isWriting = true;
  let version = 0;
  await server.ingest(makePayload({ spans: spans(0) }));
  const writing = (async () => {
    while (isWriting) {
      const response = await server.ingest(makePayload({ spans: spans(++version) }));
      expect(response.status).toBe(202);
    }
  })();
  const read = async (path: string) => {
    const response = await server.api(`/api/traces/trace-1${path}`);
    expect({ path, status: response.status }).toEqual({ path, status: 200 });
    return response.json();
  };
  try {
    for (let i = 0; i < 80; i++) {
      const { trace, spans } = (await read("")) as TraceView;
      expect(trace.spanCount).toBe(spans.length);
      expect(trace.endTime).toBe(Math.max(...spans.map(({ endTime }) => endTime)));

      const span = (await read("/spans/s0")) as { endTime: number; input: string; output: string };
      const its = span.endTime - 2000;
      expect([span.input, span.output]).toEqual([`input of ${its}`, `output of ${its}`]);

      const exported = (await read("/export")) as {
        traces: { spans: Record<string, unknown>[] }[];
      };
      for (const { endTime, input } of exported.traces[0]!.spans) {
        expect(input).toBe(`input of ${(endTime as number) - 2000}`);
      }
    }
  } finally {
    isWriting = false;
    await writing;
  }
  expect(version).toBeGreaterThan(20);
  expect(server.bugs).toEqual([]);
});

test("a trace that comes and goes is read whole or not found", async () => {
  await using server = await startServer();
  const sent = makePayload({ spans: [makeSpan({ input: "a", output: "b" })] });
  let isWriting = true;
  const writing = (async () => {
    while (isWriting) {
      await server.ingest(sent);
      await server.api("/api/traces/trace-1", { method: "DELETE" });
    }
  })();
  const seen = new Set<number>();
  try {
    for (let i = 0; i < 120; i++) {
      for (const path of ["", "/spans/span-1", "/export"]) {
        const { status } = await server.api(`/api/traces/trace-1${path}`);
        expect([200, 404]).toContain(status);
        seen.add(status);
      }
    }
  } finally {
    isWriting = false;
    await writing;
  }
  expect([...seen].sort()).toEqual([200, 404]);
  expect(server.bugs).toEqual([]);
});
