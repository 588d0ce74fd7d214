/** How answers are compressed, over a real connection. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import http from "node:http";
import { gunzipSync, zstdDecompressSync } from "node:zlib";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
  const spans = Array.from({ length: 2000 }, (_, i) =>
    makeSpan({ spanId: `span-${i}`, startTime: i, input: `what is said é 日本 ${i}` }),
  );
  expect((await server.ingest(makePayload({ traceId: "large", spans }))).status).toBe(202);
  expect((await server.ingest(makePayload({ traceId: "small" }))).status).toBe(202);
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface Answer {
  headers: http.IncomingHttpHeaders;
  body: Buffer;
}

/** `fetch` would decompress by itself. */
function get(path: string, acceptEncoding?: string): Promise<Answer> {
  const headers = {
    authorization: `Bearer ${server.token}`,
    ...(acceptEncoding !== undefined && { "accept-encoding": acceptEncoding }),
  };
  return new Promise((resolve, reject) => {
    http
      .get(server.url + path, { headers }, (response) => {
        const chunks: Buffer[] = [];
        response.on("data", (chunk: Buffer) => chunks.push(chunk));
        response.on("end", () =>
          resolve({ headers: response.headers, body: Buffer.concat(chunks) }),
        );
      })
      .on("error", reject);
  });
}

const decoders = { zstd: zstdDecompressSync, gzip: gunzipSync };

describe("compression", () => {
  test("is the best that the client accepts, and gives the same bytes", async () => {
    for (const path of [
      "/api/traces/large",
      "/api/traces/large?format=columns",
      "/api/traces/large/news",
      "/api/traces/large/export",
      "/api/traces/large/export?format=jsonl&full=1",
      "/api/traces?limit=500&filter=",
    ]) {
      const plain = await get(path);
      expect(plain.headers["content-encoding"]).toBeUndefined();
      expect(plain.headers.vary).toBe("accept-encoding");
      for (const [accepted, coding] of [
        ["zstd", "zstd"],
        ["gzip, deflate, br, zstd", "zstd"],
        ["GZIP;q=0.5, zstd;q=0", "gzip"],
        ["gzip", "gzip"],
      ] as const) {
        const { headers, body } = await get(path, accepted);
        expect({ path, accepted, coding: headers["content-encoding"] }).toEqual({
          path,
          accepted,
          coding,
        });
        expect(body.length).toBeLessThan(plain.body.length);
        expect(decoders[coding](body).equals(plain.body)).toBe(true);
      }
    }
  });

  test("is left out where the client accepts none that is known", async () => {
    for (const accepted of ["identity", "", "br", "*", "gzip;q=0, zstd; q=0.0", "xzstd"]) {
      const { headers, body } = await get("/api/traces/large", accepted);
      expect(headers["content-encoding"]).toBeUndefined();
      expect(JSON.parse(body.toString()).spans).toHaveLength(2000);
    }
  });

  test("is not worth it for short answers, and never for a stream of events", async () => {
    const short = await get("/api/traces/small/breakdown", "zstd, gzip");
    expect(short.headers["content-encoding"]).toBeUndefined();
    const live = await server.api("/api/live", { headers: { "accept-encoding": "zstd, gzip" } });
    expect(live.headers.get("content-type")).toStartWith("text/event-stream");
    expect(live.headers.get("content-encoding")).toBeNull();
    await live.body!.cancel();
  });

  test("an export that its reader leaves is read no further", async () => {
    const response = await server.api("/api/traces/large/export", {
      headers: { "accept-encoding": "gzip" },
    });
    await response.body!.cancel();
    expect((await get("/health")).body.toString()).toContain("ok");
  });
});
