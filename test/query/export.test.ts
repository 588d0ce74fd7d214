/** The pages of an export: where one ends and the next begins, nothing is lost, doubled or malformed. */
import { expect, test } from "bun:test";
import { connect } from "node:net";
import { wire } from "../../src/limits.ts";
import { makePayload, makeSpan, startServer } from "../helpers.ts";
import { spansOf, type WirePayload } from "../payload.arbitrary.ts";

test("a trace of any number of spans is one document, also of exactly as many as an entry may hold", async () => {
  await using server = await startServer();
  const { spansPerTrace } = wire;
  const counts = [1, spansPerTrace - 1, spansPerTrace, spansPerTrace + 1, 2 * spansPerTrace];
  for (const count of counts) {
    const traceId = `${count} spans`;
    const spans = Array.from({ length: count }, (_, i) => makeSpan({ spanId: `${i}` }));
    for (let at = 0; at < count; at += spansPerTrace) {
      const part = makePayload({ traceId, spans: spans.slice(at, at + spansPerTrace) });
      expect((await server.ingest(part)).status).toBe(202);
    }
    const path = `/api/traces/${encodeURIComponent(traceId)}/export`;
    const document = JSON.parse(await (await server.api(path)).text()) as WirePayload;
    expect({ count, exported: spansOf(document).size }).toEqual({ count, exported: count });
    for (const { spans } of document.traces)
      expect(spans.length).toBeLessThanOrEqual(spansPerTrace);

    const lines = (await (await server.api(`${path}?format=jsonl`)).text()).split("\n");
    expect(lines.pop()).toBe("");
    const seen = new Map();
    for (const line of lines) spansOf(JSON.parse(line) as WirePayload, seen);
    expect({ count, exported: seen.size }).toEqual({ count, exported: count });
  }
});

test("a trace of large texts is cut between any two spans and comes whole", async () => {
  await using server = await startServer();
  // Up to four fields of 1,000,000 characters, of which one, two or four fill a page.
  const text = (i: number, length: number) => `${i}`.padEnd(length, "0123456789");
  const spans = [10, 900_000, 1_000_000, 5, 999_999, 1, 1_000_000, 1_000_000].map((length, i) =>
    makeSpan({ spanId: `${i}`, input: text(i, length), output: text(-i, length) }),
  );
  for (const span of spans) {
    expect((await server.ingest(makePayload({ spans: [span] }))).status).toBe(202);
  }
  const exported = (await (await server.api("/api/traces/trace-1/export")).json()) as WirePayload;
  const back = [...spansOf(exported).values()].map(({ span }) => span);
  expect(back.map(({ spanId }) => spanId)).toEqual(spans.map(({ spanId }) => spanId));
  expect(Bun.deepEquals(back, spans)).toBe(true);
});

test.each(["json", "jsonl"])(
  "an export as %s whose trace is deleted meanwhile breaks off and does not look whole",
  async (format) => {
    await using server = await startServer();
    const text = "x".repeat(1_000_000);
    for (let i = 0; i < 30; i++) {
      await server.ingest(
        makePayload({ spans: [makeSpan({ spanId: `${i}`, input: text, output: text })] }),
      );
    }
    // A client that reads one piece and then nothing, so that the rest cannot be sent.
    const socket = connect(server.port, "127.0.0.1");
    const first = Promise.withResolvers<void>();
    const closed = Promise.withResolvers<void>();
    let length = 0;
    let end = "";
    socket.on("data", (bytes: Buffer) => {
      if (length === 0) {
        socket.pause();
        first.resolve();
      }
      length += bytes.length;
      end = (end + bytes.toString("latin1")).slice(-7);
    });
    socket.on("error", () => {}).on("close", () => closed.resolve());
    socket.write(
      `GET /api/traces/trace-1/export?format=${format} HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\n` +
        `Authorization: Bearer ${server.token}\r\nConnection: close\r\n\r\n`,
    );
    await first.promise;
    expect((await server.api("/api/traces/trace-1", { method: "DELETE" })).status).toBe(200);
    socket.resume();
    await closed.promise;
    expect(length).toBeLessThan(60 * text.length);
    expect(end).not.toBe("\r\n0\r\n\r\n");
    expect(server.bugs).toEqual([]);
  },
);
