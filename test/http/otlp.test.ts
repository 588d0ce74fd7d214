/** OTLP over HTTP as its specification has it: what is taken, what is refused, and how that is said. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createConnection } from "node:net";
import { deflateRawSync, deflateSync, gzipSync, zstdCompressSync } from "node:zlib";
import { newSecret } from "../../src/secrets.ts";
import { startServer, type TestServer } from "../helpers.ts";
import { fieldOf, numberOf, textOf } from "../otlp/bytes.ts";
import {
  answered,
  attributes,
  bodyOf,
  contentTypes,
  countsOf,
  encodings,
  idOf,
  logsRequest,
  metricsRequest,
  otlpLog,
  otlpSpan,
  post,
  rejectsOf,
  send,
  traceId,
  tracesRequest,
} from "../otlp/sender.ts";

const MiB = 1024 * 1024;
const signals = ["traces", "logs", "metrics"] as const;

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const oneSpan = tracesRequest([otlpSpan()]);

describe("the content type", () => {
  test.each([
    ["application/x-protobuf", "protobuf"],
    ["application/protobuf", "protobuf"],
    ["Application/X-Protobuf; messageType=x", "protobuf"],
    ["application/json", "json"],
    ["application/json; charset=utf-8", "json"],
    ["APPLICATION/JSON;charset=UTF-8", "json"],
  ] as const)("%s is read and answered as %s", async (type, encoding) => {
    const body = bodyOf("traces", oneSpan, encoding);
    const response = await post(server, "traces", body, { "content-type": type });
    expect(response.headers.get("cache-control")).toBe("no-store");
    expect(await answered("traces", response)).toMatchObject({
      status: 200,
      encoding,
      bytes: encoding === "json" ? 2 : 0,
      partial: null,
    });
    const refused = await post(server, "traces", "\x0f", { "content-type": type });
    expect(await answered("traces", refused)).toMatchObject({ status: 400, encoding });
  });

  test.each(["text/plain", "application/x-www-form-urlencoded", "application/grpc", "json", null])(
    "%s is none of OTLP's",
    async (type) => {
      const body = new Uint8Array(bodyOf("traces", oneSpan, "json"));
      const answer = post(server, "traces", body, type === null ? {} : { "content-type": type });
      expect(await answered("traces", answer)).toMatchObject({
        status: 415,
        error: { code: 3, message: expect.stringContaining("application/x-protobuf") },
      });
    },
  );
});

describe.each(encodings)("in %s", (encoding) => {
  test.each(signals)("an empty request of %s is a success", async (signal) => {
    const names = { traces: "resourceSpans", logs: "resourceLogs", metrics: "resourceMetrics" };
    for (const request of [{}, { [names[signal]]: [] }, { [names[signal]]: [{}] }]) {
      expect(await answered(signal, send(server, signal, request, encoding))).toMatchObject({
        status: 200,
        bytes: encoding === "json" ? 2 : 0,
      });
    }
  });

  test("each span stands for itself: bad ones are told, listed and counted", async () => {
    await using server = await startServer();
    const request = tracesRequest([
      otlpSpan({ spanId: idOf(7), name: "good" }),
      otlpSpan({ traceId: "00".repeat(16) }),
      otlpSpan({ traceId: "" }),
      otlpSpan({ spanId: "00".repeat(8) }),
      otlpSpan({ spanId: "0102" }),
      otlpSpan({ parentSpanId: "010203" }),
      // Senders of roots in some languages say it so.
      otlpSpan({ spanId: idOf(8), parentSpanId: "00".repeat(8) }),
    ]);
    const { status, partial } = await answered("traces", send(server, "traces", request, encoding));
    expect({ status, rejected: partial?.rejected }).toEqual({ status: 200, rejected: 5 });
    expect(partial!.message).toContain("traceId");
    expect(partial!.message).toContain("(2)");

    const { spans } = (await (await server.api(`/api/traces/${traceId}`)).json()) as {
      spans: { spanId: string; parentSpanId: string | null }[];
    };
    expect(spans.map(({ spanId, parentSpanId }) => [spanId, parentSpanId])).toEqual([
      [idOf(7), null],
      [idOf(8), null],
    ]);
    const rejects = await rejectsOf(server);
    expect(rejects.map(({ route, status, code }) => ({ route, status, code }))).toEqual(
      Array(3).fill({ route: "/v1/traces", status: 200, code: "span_refused" }),
    );
    expect(rejects.map(({ message }) => message.split(":")[0]).sort()).toEqual([
      "parentSpanId",
      "spanId",
      "traceId",
    ]);
    expect(await countsOf(server)).toEqual({ span_refused: 5 });
  });

  test("an answer about 10,000 bad spans is short", async () => {
    await using server = await startServer();
    const bad = Array.from({ length: 10_000 }, (_, i) => otlpSpan({ spanId: "01".repeat(i % 7) }));
    const answer = await answered("traces", send(server, "traces", tracesRequest(bad), encoding));
    expect(answer).toMatchObject({ status: 200, partial: { rejected: 10_000 } });
    expect(answer.bytes).toBeLessThan(2000);
    expect(await countsOf(server)).toEqual({ span_refused: 10_000 });
    expect((await rejectsOf(server)).length).toBeLessThan(10);
  });

  test("metrics, and logs of no span, are taken, counted and not kept", async () => {
    await using server = await startServer();
    const whole = { status: 200, partial: null };
    const metrics = send(server, "metrics", metricsRequest(3), encoding);
    expect(await answered("metrics", metrics)).toMatchObject(whole);
    const body = { stringValue: "hello" };
    const logs = logsRequest([
      otlpLog({ body, traceId: "", spanId: "" }),
      otlpLog({ body, spanId: "" }),
      otlpLog({ body, traceId: "00".repeat(16) }),
      otlpLog({ body, spanId: "01" }),
      otlpLog({ body }),
    ]);
    expect(await answered("logs", send(server, "logs", logs, encoding))).toMatchObject(whole);
    expect(await countsOf(server)).toEqual({ metric_dropped: 3, log_without_span: 4 });
    expect(await rejectsOf(server)).toEqual([]);
    expect(await (await server.api("/api/traces")).json()).toMatchObject({ traces: [] });
  });

  test("records sent to another signal's path are refused with a word about it", async () => {
    const log = {
      ...otlpLog({ body: { stringValue: "hello" } }),
      attributes: attributes({ a: 1 }),
    };
    const sent = {
      traces: tracesRequest([otlpSpan({ attributes: attributes({ a: 1 }) })]),
      logs: logsRequest([log, { ...log, traceId: "", spanId: "" }]),
      metrics: metricsRequest(2),
    };
    for (const [from, to] of [
      ["logs", "traces"],
      ["metrics", "traces"],
      ["traces", "logs"],
    ] as const) {
      const headers = { "content-type": contentTypes[encoding] };
      const answer = await answered(
        to,
        post(server, to, bodyOf(from, sent[from], encoding), headers),
      );
      const said = answer.error?.message ?? answer.partial?.message;
      expect({ from, to, said }).toEqual({ from, to, said: expect.any(String) });
      if (answer.status === 200) expect(answer.partial!.rejected).toBe(2);
      else expect(said).toContain(`${to} are an Export`);
    }
  });

  test("a body of which nothing is understood is told, listed and counted", async () => {
    await using server = await startServer();
    const foreign = {
      json: ['{"foo":1}', '[{"traceId":"01","id":"02"}]', '{"spans":[{"name":"a"}]}'],
      protobuf: [textOf(7, "foo"), fieldOf(1, textOf(9, "foo")), numberOf(3, 1)],
    }[encoding];
    const headers = { "content-type": contentTypes[encoding] };
    for (const body of foreign as (string | Buffer)[]) {
      for (const signal of signals) {
        const answer = await answered(signal, post(server, signal, body, headers));
        expect(answer).toMatchObject({ status: 200, encoding, partial: { rejected: 1 } });
        expect(answer.partial!.message).toContain("rejected");
        expect(answer.partial!.message).toContain("resource");
        expect(answer.partial!.message).not.toContain("foo");
      }
    }
    const rejects = await rejectsOf(server);
    expect(rejects).toHaveLength(9);
    expect(rejects.every(({ status, message }) => status === 200 && /expected/.test(message))).toBe(
      true,
    );
    expect(await countsOf(server)).toEqual({
      span_refused: 3,
      log_refused: 3,
      metric_refused: 3,
    });
  });

  test("a body that is no request is a 400 that names what is wrong, never what was sent", async () => {
    for (const body of ["s3cret-marker", "{", '{"resourceSpans":1}', "\x0a\x05", "\xff\xff"]) {
      const headers = { "content-type": contentTypes[encoding] };
      const answer = await answered("traces", post(server, "traces", body, headers));
      expect(answer).toMatchObject({ status: 400, encoding, error: { code: 3 } });
      expect(answer.error!.message).toMatch(/^malformed /);
      expect(answer.error!.message).not.toContain("s3cret");
    }
  });

  test("errors are told as google.rpc.Status", async () => {
    const answer = async (headers: Record<string, string>) => {
      const { status, error, retryAfter } = await answered(
        "traces",
        send(server, "traces", oneSpan, encoding, headers),
      );
      return { status, code: error?.code, message: error?.message.split(":")[0], retryAfter };
    };
    expect(await answer({ authorization: `Bearer ${newSecret("fl")}` })).toEqual({
      status: 401,
      code: 16,
      message: "invalid or revoked API key",
      retryAfter: null,
    });
    expect(await answer({ "content-encoding": "snappy" })).toEqual({
      status: 415,
      code: 3,
      message: "unsupported content encoding",
      retryAfter: null,
    });
    const { admission } = server.engine.intake;
    const tickets = [];
    for (let ticket; (ticket = admission.enter(MiB));) tickets.push(ticket);
    expect(await answer({})).toEqual({
      status: 503,
      code: 14,
      message: "ingest buffer full",
      retryAfter: 1,
    });
    for (const ticket of tickets) ticket.leave();
    server.engine.intake.isDraining = true;
    expect(await answer({})).toEqual({
      status: 503,
      code: 14,
      message: "shutting down",
      retryAfter: 1,
    });
    server.engine.intake.isDraining = false;
    expect(await answer({})).toMatchObject({ status: 200 });
  });

  test("a sender over its rate is told when to come again, and nobody else is", async () => {
    await using limited = await startServer({ rateLimit: 5 });
    const spans = Array.from({ length: 6 }, (_, i) => otlpSpan({ spanId: idOf(i + 1) }));
    const answer = (headers = {}) =>
      answered("traces", send(limited, "traces", tracesRequest(spans), encoding, headers));
    expect(await answer()).toMatchObject({ status: 200 });
    const refused = await answer();
    expect(refused).toMatchObject({
      status: 429,
      encoding,
      error: { code: 14, message: "rate limit exceeded" },
    });
    expect(refused.retryAfter).toBeWithin(1, 3);
    expect(await answer({ "x-api-key": limited.key })).toMatchObject({ status: 200 });
  });
});

describe("a compressed body", () => {
  test.each([
    ["gzip", gzipSync],
    ["x-gzip", gzipSync],
    [" GZip ", gzipSync],
    ["deflate", deflateSync],
    ["deflate", deflateRawSync],
    ["zstd", zstdCompressSync],
    ["identity", (bytes: Buffer) => bytes],
  ] as const)("in %j is read", async (name, compress) => {
    for (const encoding of encodings) {
      const spanId = idOf(name.length * 1000 + encoding.length);
      const body = compress(bodyOf("traces", tracesRequest([otlpSpan({ spanId })]), encoding));
      const headers = { "content-type": contentTypes[encoding], "content-encoding": name };
      const answer = await answered("traces", post(server, "traces", body, headers));
      expect(answer).toMatchObject({ status: 200, partial: null });
      expect((await server.api(`/api/traces/${traceId}/spans/${spanId}`)).status).toBe(200);
    }
  });

  test.each(["snappy", "lz4", "gzip, gzip", "nonsense"])("in %s is a 415", async (name) => {
    const answer = await answered(
      "traces",
      send(server, "traces", oneSpan, "protobuf", { "content-encoding": name }),
    );
    expect(answer).toMatchObject({ status: 415, error: { code: 3 } });
    expect(answer.error!.message).toContain("gzip");
  });

  test("that is damaged or cut off is a 400", async () => {
    for (const [name, compress] of [
      ["gzip", gzipSync],
      ["zstd", zstdCompressSync],
    ] as const) {
      const whole = compress(bodyOf("traces", oneSpan, "protobuf"));
      const damaged = Buffer.from(whole);
      damaged[damaged.length - 6]! ^= 0xff;
      damaged[damaged.length >> 1]! ^= 0xff;
      for (const body of [damaged, whole.subarray(0, -9)]) {
        const headers = { "content-type": contentTypes.protobuf, "content-encoding": name };
        const answer = await answered("traces", post(server, "traces", body, headers));
        expect(answer).toMatchObject({ status: 400, encoding: "protobuf", error: { code: 3 } });
      }
    }
  });

  test("that grows beyond the limit is a 413", async () => {
    const zeros = new Uint8Array(200 * MiB);
    for (const [name, compress] of [
      ["gzip", gzipSync],
      ["deflate", deflateSync],
      ["zstd", zstdCompressSync],
    ] as const) {
      const headers = { "content-type": contentTypes.protobuf, "content-encoding": name };
      const answer = await answered("traces", post(server, "traces", compress(zeros), headers));
      expect(answer).toMatchObject({ status: 413, encoding: "protobuf", error: { code: 8 } });
    }
  });
});

describe("a large body", () => {
  /** Sends nothing but headers and reads the answer. */
  async function answerToHeaders(headers: Record<string, string | number>): Promise<string> {
    const lines = { host: `127.0.0.1:${server.port}`, ...headers };
    const socket = createConnection(server.port, "127.0.0.1");
    socket.write(
      `POST /v1/traces HTTP/1.1\r\n${Object.entries(lines)
        .map(([name, value]) => `${name}: ${value}\r\n`)
        .join("")}\r\n`,
    );
    let received = "";
    for await (const chunk of socket) {
      received += chunk;
      if (/\r\n\r\n.+/s.test(received)) break;
    }
    socket.destroy();
    return received;
  }

  test("is refused from the headers alone where it is over 64 MiB", async () => {
    for (const type of Object.values(contentTypes)) {
      const headers = { "content-type": type, "content-length": 64 * MiB + 1 };
      const answer = await answerToHeaders(headers);
      expect(answer).toStartWith("HTTP/1.1 413 ");
      expect(answer).toContain("payload too large");
      // Before auth: whoever sends too much need not be known.
      expect(await answerToHeaders({ ...headers, authorization: "Bearer x" })).toStartWith(
        "HTTP/1.1 413 ",
      );
    }
  });

  test("may be as large as 64 MiB, and larger than what the native route takes", async () => {
    const text = JSON.stringify(tracesRequest([otlpSpan({ spanId: idOf(64) })]));
    const body = Buffer.alloc(64 * MiB, " ");
    body.write(text);
    const headers = { "content-type": contentTypes.json };
    expect(await answered("traces", post(server, "traces", body, headers))).toMatchObject({
      status: 200,
    });
    const longer = Buffer.concat([body, Buffer.from(" ")]);
    expect(await answered("traces", post(server, "traces", longer, headers))).toMatchObject({
      status: 413,
    });
  });

  test("may come in chunks, and is refused where it is too long", async () => {
    const inChunks = (bytes: Uint8Array, size: number) => {
      let at = 0;
      return new ReadableStream({
        async pull(controller) {
          controller.enqueue(bytes.subarray(at, (at += size)));
          if (at >= bytes.length) controller.close();
        },
      });
    };
    for (const encoding of encodings) {
      const body = bodyOf("traces", oneSpan, encoding);
      const headers = { "content-type": contentTypes[encoding] };
      const answer = await answered("traces", post(server, "traces", inChunks(body, 10), headers));
      expect(answer).toMatchObject({ status: 200, encoding });
    }
    const endless = inChunks(new Uint8Array(66 * MiB), MiB);
    const headers = { "content-type": contentTypes.protobuf };
    expect(await answered("traces", post(server, "traces", endless, headers))).toMatchObject({
      status: 413,
      error: { code: 8, message: expect.stringContaining("payload too large") },
    });
  });
});

describe("a path", () => {
  test.each([
    ["/v1/traces", "/v1/logs"],
    ["/v1/traces/", "/v1/metrics/"],
    ["//v1/traces", "//v1/logs/"],
    ["/v1/traces/v1/traces", "/v1/traces/v1/logs"],
    ["/api/public/otel/v1/traces", "/api/public/otel/v1/traces/"],
    ["/api/v1/otlp/v1/traces", "/otel/v1/traces"],
    ["/otlp/v1/traces", "/otlp/v1/logs"],
  ])("%s is OTLP's, and so is %s", async (one, other) => {
    for (const path of [one, other]) {
      const signal = signals.find((signal) => path.replace(/\/$/, "").endsWith(signal))!;
      const body = {
        traces: oneSpan,
        logs: logsRequest([otlpLog({ body: { stringValue: path } })]),
        metrics: metricsRequest(1),
      }[signal];
      for (const encoding of encodings) {
        const response = await fetch(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": contentTypes[encoding] },
          body: new Uint8Array(bodyOf(signal, body, encoding)),
        });
        const answer = await answered(signal, response);
        expect(answer).toMatchObject({ status: 200, encoding, partial: null });
      }
    }
  });

  test("that is none is a google.rpc.Status that names the right ones, and is listed", async () => {
    await using server = await startServer();
    for (const encoding of encodings) {
      for (const path of ["/v1/trace", "/v1", "/v1/spans", "/v1/traces/1"]) {
        const response = await fetch(`${server.url}${path}`, {
          method: "POST",
          headers: { "content-type": contentTypes[encoding] },
          body: new Uint8Array(bodyOf("traces", oneSpan, encoding)),
        });
        const answer = await answered("traces", response);
        expect(answer).toMatchObject({ status: 404, encoding, error: { code: 12 } });
        expect(answer.error!.message).toContain("/v1/traces, /v1/logs or /v1/metrics");
        const [reject] = await rejectsOf(server);
        expect(reject).toMatchObject({ route: path, status: 404, code: "not_found" });
      }
    }
    expect(await countsOf(server)).toEqual({ not_found: 8 });
  });

  test("left out by an exporter is a 404 that names OTLP's, and is listed", async () => {
    await using server = await startServer();
    const to = async (path: string, encoding: "json" | "protobuf") => {
      const response = await fetch(`${server.url}${path}`, {
        method: "POST",
        headers: { "content-type": contentTypes[encoding] },
        body: new Uint8Array(bodyOf("traces", oneSpan, encoding)),
      });
      expect(response.status).toBe(404);
      const text = await response.text();
      expect(text).toContain("/v1/traces");
      return text;
    };
    expect(await to("/", "protobuf")).not.toContain("/ingest");
    expect(JSON.parse(await to("/", "json"))).toMatchObject({
      error: "No route for POST /",
      code: "not_found",
    });
    await to("/api/public/otel", "protobuf");
    expect((await rejectsOf(server)).map(({ route }) => route)).toEqual([
      "/api/public/otel",
      "/",
      "/",
    ]);
    // What is no export is none of these.
    await fetch(`${server.url}/`, { method: "POST", body: "x" });
    await fetch(`${server.url}/v2`);
    expect(await countsOf(server)).toEqual({ not_found: 3 });
  });

  test("of great length is listed in part", async () => {
    await using server = await startServer();
    await fetch(`${server.url}/v1/${"x".repeat(4000)}`, { method: "POST" });
    const [reject] = await rejectsOf(server);
    expect([reject!.route.length, reject!.message.length]).toEqual([200, 200]);
  });
});

test("JSON Lines of the Collector's file exporter are read", async () => {
  await using server = await startServer();
  const lines = [1, 2].map((i) => JSON.stringify(tracesRequest([otlpSpan({ spanId: idOf(i) })])));
  for (const type of ["application/json", "application/jsonl", "application/x-ndjson"]) {
    const body = `${[...lines, JSON.stringify(metricsRequest(1))].join("\n")}\n`;
    const answer = await answered("traces", post(server, "traces", body, { "content-type": type }));
    expect(answer).toMatchObject({ status: 200, encoding: "json", partial: { rejected: 1 } });
    expect(answer.partial!.message).toContain("a line of resourceMetrics, not resourceSpans");
  }
  const view = (await (await server.api(`/api/traces/${traceId}`)).json()) as { spans: object[] };
  expect(view.spans).toHaveLength(2);
});

test.each(["GET", "PUT", "DELETE", "OPTIONS"])("%s is none of OTLP's methods", async (method) => {
  await using server = await startServer();
  for (const signal of signals) {
    const headers = { "content-type": contentTypes.protobuf };
    const response = await fetch(`${server.url}/v1/${signal}`, { method, headers });
    expect(response.headers.get("allow")).toBe("POST");
    expect(await answered(signal, response)).toMatchObject({
      status: 405,
      encoding: "protobuf",
      error: {
        code: 12,
        message: `${method} is no method of /v1/${signal}: OTLP is sent with POST`,
      },
    });
  }
  expect(await countsOf(server)).toEqual({ method_not_allowed: 3 });
});
