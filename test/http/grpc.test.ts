/** OTLP over gRPC over real sockets: the frames by a bare HTTP/2 client, the rest by an exporter. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from "bun:test";
import { once } from "node:events";
import {
  connect,
  type ClientHttp2Session,
  type IncomingHttpHeaders,
  type OutgoingHttpHeaders,
} from "node:http2";
import { createConnection, createServer } from "node:net";
import { gunzipSync, gzipSync } from "node:zlib";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-grpc";
import { BasicTracerProvider, SimpleSpanProcessor } from "@opentelemetry/sdk-trace-base";
import { descriptorLimit, descriptorsInUse } from "../../src/descriptors.ts";
import { AppError, type ErrorCode } from "../../src/errors.ts";
import { listenGrpc, type GrpcCall, type GrpcSettings } from "../../src/http/grpc.ts";
import { readTraces } from "../../src/otlp/proto.ts";
import { recordsOf } from "../otlp/groups.ts";

const MiB = 1024 * 1024;
const tracePath = "/opentelemetry.proto.collector.trace.v1.TraceService/Export";
const ok = { status: 200, grpcStatus: "0" };

const cleanups: (() => unknown)[] = [];
afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** A call as `export` got it, its message read and decompressed. */
type Received = Omit<GrpcCall, "read"> & { message: Uint8Array };

async function take(call: GrpcCall): Promise<Received> {
  const body = new Uint8Array(await call.read());
  return { ...call, message: call.encoding === "gzip" ? gunzipSync(body) : body };
}

/** A listener that keeps what it receives and answers with the bytes 1, 2, 3. */
async function start(settings: Partial<GrpcSettings> = {}, maxBytes = Infinity) {
  const received: Received[] = [];
  const bugs: unknown[] = [];
  const refused: [code: ErrorCode, method: string][] = [];
  const hosts = new Set<string>();
  const listening = await listenGrpc({
    host: "127.0.0.1",
    port: 0,
    hosts,
    async export(call) {
      if (call.declaredBytes > maxBytes) {
        throw new AppError("payload_too_large", "payload too large");
      }
      received.push(await take(call));
      return Uint8Array.of(1, 2, 3);
    },
    onRefused: ({ code }, method) => refused.push([code, method]),
    onBug: (cause) => bugs.push(cause),
    ...settings,
  });
  cleanups.push(() => listening.stop(0));
  const { port } = listening;
  for (const name of ["127.0.0.1", "[::1]", "localhost"]) hosts.add(`${name}:${port}`);
  return { ...listening, url: `http://127.0.0.1:${port}`, received, refused, bugs };
}

function open(url: string): ClientHttp2Session {
  const session = connect(url);
  session.on("error", () => {});
  cleanups.push(() => session.destroy());
  return session;
}

function begin(session: ClientHttp2Session, headers: OutgoingHttpHeaders = {}) {
  const stream = session.request({
    ":method": "POST",
    ":path": tracePath,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let head: IncomingHttpHeaders = {};
  const body: Buffer[] = [];
  stream.on("response", (fields) => (head = { ...head, ...fields }));
  stream.on("trailers", (fields) => (head = { ...head, ...fields }));
  stream.on("data", (chunk: Buffer) => body.push(chunk));
  stream.on("error", () => {});
  const answer = new Promise<{
    status: unknown;
    grpcStatus: unknown;
    message: string;
    accepts: unknown;
    body: number[];
    reset: number | undefined;
  }>((resolve) =>
    stream.on("close", () =>
      resolve({
        status: head[":status"],
        grpcStatus: head["grpc-status"],
        message: decodeURIComponent(String(head["grpc-message"] ?? "")),
        accepts: head["grpc-accept-encoding"],
        body: [...Buffer.concat(body)],
        reset: stream.rstCode,
      }),
    ),
  );
  return { stream, answer };
}

/** One call with this body, whole, on a connection of its own unless one is given. */
function send(to: string | ClientHttp2Session, body: Uint8Array, headers?: OutgoingHttpHeaders) {
  const { stream, answer } = begin(typeof to === "string" ? open(to) : to, headers);
  stream.end(body);
  return answer;
}

function frame(message: Uint8Array, declaredBytes = message.length, flag = 0): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(declaredBytes, 1);
  return Buffer.concat([prefix, message]);
}

const text = (value: string) => new TextEncoder().encode(value);

/** What comes back for raw bytes, and whether the connection was closed. */
async function sendRaw(port: number, bytes: Uint8Array, waitMs = 100_000) {
  const { promise: closed, resolve } = Promise.withResolvers<boolean>();
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: { data() {}, close: () => resolve(true), error: () => resolve(true) },
  });
  socket.write(bytes);
  const isClosed = await Promise.race([closed, Bun.sleep(waitMs).then(() => false)]);
  socket.terminate();
  return isClosed;
}

describe("a call", () => {
  test("is answered with one message and its status in the trailers", async () => {
    const server = await start();
    expect(await send(server.url, frame(text("hello")))).toMatchObject({
      ...ok,
      body: [0, 0, 0, 0, 3, 1, 2, 3],
    });
    expect(server.received).toMatchObject([
      { signal: "traces", encoding: null, declaredBytes: 5, message: text("hello") },
    ]);
  });

  test("of each service arrives as its signal", async () => {
    const server = await start();
    for (const service of ["trace.v1.Trace", "logs.v1.Logs", "metrics.v1.Metrics"]) {
      const path = `/opentelemetry.proto.collector.${service}Service/Export`;
      expect(await send(server.url, frame(text("")), { ":path": path })).toMatchObject(ok);
    }
    expect(server.received.map(({ signal }) => signal)).toEqual(["traces", "logs", "metrics"]);
  });

  test("hands its metadata over, and how its message is compressed", async () => {
    const server = await start();
    const gzip = { "grpc-encoding": "gzip", authorization: "Bearer key", "x-two": ["a", "b"] };
    const message = text("hello".repeat(100));
    const packed = gzipSync(message);
    await send(server.url, frame(packed, packed.length, 1), gzip);
    await send(server.url, frame(message), gzip);
    const [first, second] = server.received;
    expect(first).toMatchObject({ encoding: "gzip", declaredBytes: packed.length, message });
    expect(first!.headers.get("authorization")).toBe("Bearer key");
    expect(first!.headers.get("x-two")).toBe("a, b");
    expect([...first!.headers.keys()].filter((name) => name.startsWith(":"))).toEqual([]);
    // The prefix says of each message whether it is compressed.
    expect(second).toMatchObject({ encoding: null, message });
  });

  test("may come in pieces of any size", async () => {
    const server = await start();
    const { stream, answer } = begin(open(server.url));
    for (const byte of frame(text("hello"))) {
      stream.write(Uint8Array.of(byte));
      await Bun.sleep(2);
    }
    stream.end();
    expect(await answer).toMatchObject(ok);
    expect(server.received[0]!.message).toEqual(text("hello"));
  });

  test("is served on both loopback addresses, under one port", async () => {
    const server = await start({ host: null });
    for (const host of ["127.0.0.1", "[::1]", "localhost"]) {
      expect(await send(`http://${host}:${server.port}`, frame(text("")))).toMatchObject(ok);
    }
  });
});

describe("a call is refused", () => {
  test("with HTTP 415 where it is not gRPC", async () => {
    const server = await start();
    for (const type of ["application/json", "application/grpc-web", "application/grpc+json", ""]) {
      const answer = await send(server.url, frame(text("")), { "content-type": type });
      expect(answer).toMatchObject({ status: 415, grpcStatus: undefined });
    }
    for (const type of ["application/grpc+proto", "Application/gRPC; charset=utf-8"]) {
      expect(await send(server.url, frame(text("")), { "content-type": type })).toMatchObject(ok);
    }
  });

  test("where the method, the host or the compression is not served", async () => {
    const server = await start();
    const cases: [OutgoingHttpHeaders, string][] = [
      [{ ":path": "/" }, "12"],
      [{ ":path": `${tracePath}/` }, "12"],
      [{ ":path": "/grpc.health.v1.Health/Check" }, "12"],
      [{ ":authority": "evil.example" }, "7"],
      [{ ":authority": `evil.example:${server.port}` }, "7"],
      [{ "grpc-encoding": "snappy" }, "12"],
    ];
    for (const [headers, grpcStatus] of cases) {
      expect(await send(server.url, frame(text("")), headers)).toMatchObject({
        status: 200,
        grpcStatus,
        accepts: "identity,gzip,deflate,zstd",
        body: [],
      });
    }
    const upper = { ":authority": `LocalHost:${server.port}` };
    expect(await send(server.url, frame(text("")), upper)).toMatchObject(ok);
    expect(server.received).toHaveLength(1);
    expect(server.refused).toEqual([
      ["not_found", "/"],
      ["not_found", `${tracePath}/`],
      ["not_found", "/grpc.health.v1.Health/Check"],
      ["forbidden_host", "/v1/traces"],
      ["forbidden_host", "/v1/traces"],
      ["not_found", "/v1/traces"],
    ]);
  });

  test("but not where a container names this machine as containers do", async () => {
    const server = await start();
    for (const authority of ["host.docker.internal:4317", "host.containers.internal"]) {
      const headers = { ":authority": authority };
      expect(await send(server.url, frame(text("")), headers)).toMatchObject(ok);
    }
    expect(server.refused).toEqual([]);
  });

  test("where its message is not framed as it says", async () => {
    const server = await start();
    const hello = text("hello");
    const bodies: Record<string, Uint8Array> = {
      "no message": text(""),
      "half a prefix": frame(hello).subarray(0, 3),
      "cut off": frame(hello, 6),
      "too long": frame(hello, 4),
      "two messages": Buffer.concat([frame(hello), frame(hello)]),
      "compressed by nothing": frame(hello, 5, 1),
      "an unknown flag": frame(hello, 5, 2),
    };
    for (const [what, body] of Object.entries(bodies)) {
      const { status, grpcStatus } = await send(server.url, body);
      expect({ what, status, grpcStatus }).toEqual({ what, status: 200, grpcStatus: "3" });
    }
    expect(server.received).toEqual([]);
    expect(server.bugs).toEqual([]);
  });

  test("from the prefix alone where its message is too large", async () => {
    const server = await start({}, 1000);
    const session = open(server.url);
    const { stream, answer } = begin(session);
    stream.write(frame(text(""), 1001));
    expect(await answer).toMatchObject({ grpcStatus: "8", reset: 0 });
    // However much was on its way, the connection stays usable.
    for (let round = 0; round < 10; round++) {
      const tooMuch = frame(new Uint8Array(MiB));
      expect(await send(session, tooMuch)).toMatchObject({ grpcStatus: "8" });
    }
    expect(await send(session, frame(new Uint8Array(1000)))).toMatchObject(ok);
    expect(server.received).toHaveLength(1);
  });

  test("by `export` before the message is read", async () => {
    const full = new AppError("buffer_full", "ingest buffer full", { retryAfterSeconds: 1 });
    const server = await start({ export: () => Promise.reject(full) });
    const { stream, answer } = begin(open(server.url));
    stream.write(frame(text(""), 9 * MiB));
    expect(await answer).toMatchObject({ grpcStatus: "14", message: "ingest buffer full" });
  });

  test("with the status that says whether a retry makes sense", async () => {
    let code: ErrorCode = "invalid_payload";
    const server = await start({
      export: () => Promise.reject(new AppError(code, "50 % „nein“\n\ud800", { hint: "try ü" })),
    });
    const expected: Partial<Record<ErrorCode, string>> = {
      invalid_payload: "3",
      missing_api_key: "16",
      invalid_api_key: "16",
      payload_too_large: "8",
      rate_limited: "14",
      buffer_full: "14",
      storage_unavailable: "14",
      shutting_down: "14",
      internal_error: "13",
    };
    for (code of Object.keys(expected) as ErrorCode[]) {
      expect(await send(server.url, frame(text("")))).toMatchObject({
        status: 200,
        grpcStatus: expected[code]!,
        message: "50 % „nein“\n\ufffd: try ü",
      });
    }
    expect(server.bugs).toEqual([]);
  });

  test("without a word on what happened where it is a bug", async () => {
    const bug = new Error("secret payload at /home/me");
    const server = await start({ export: () => Promise.reject(bug) });
    expect(await send(server.url, frame(text("")))).toMatchObject({
      grpcStatus: "13",
      message: "Internal server error: see the server's log",
    });
    expect(server.bugs).toEqual([bug]);
  });
});

describe("a new exporter always gets in", () => {
  /** More than the listener holds at a time. */
  const many = 300;

  test("beside connections that say nothing and never close, of which most are closed here", async () => {
    const server = await start();
    const before = descriptorsInUse();
    for (let i = 0; i < many; i++) {
      // What is not read keeps a connection open that the other side has ended.
      const socket = createConnection(server.port, "127.0.0.1").on("error", () => {});
      cleanups.push(() => socket.destroy());
      await once(socket, "connect");
    }
    // Both ends are of this process.
    expect((descriptorsInUse() - before) * descriptorLimit()).toBeLessThan(2 * many - 20);
    expect(await send(server.url, frame(text("")))).toMatchObject(ok);
    expect(server.bugs).toEqual([]);
  });

  test("beside those that rest after a call, of which the one that rests for longest goes", async () => {
    const server = await start();
    const resting: ClientHttp2Session[] = [];
    for (let i = 0; i < many; i++) {
      resting.push(open(server.url));
      expect(await send(resting[i]!, frame(text("")))).toMatchObject(ok);
      // The first goes on, as an exporter with much to send does.
      expect(await send(resting[0]!, frame(text("")))).toMatchObject(ok);
    }
    expect(await send(server.url, frame(text("")))).toMatchObject(ok);
    expect([resting[0]!.closed, resting[1]!.closed, resting.at(-1)!.closed]).toEqual([
      false,
      true,
      false,
    ]);
  });

  test("while those that have a call under way keep it", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await start({
      async export(call) {
        const { byteLength } = await call.read();
        if (byteLength > 0) await gate.promise;
        return Uint8Array.of();
      },
    });
    const waiting = [send(server.url, frame(text("slow")))];
    for (let i = 0; i < many; i++) {
      expect(await send(server.url, frame(text("")))).toMatchObject(ok);
    }
    gate.resolve();
    expect(await waiting[0]).toMatchObject(ok);
  });
});

describe("the listener survives", () => {
  test("what is not HTTP/2", async () => {
    const server = await start();
    const preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    for (const bytes of [
      "GET / HTTP/1.1\r\nhost: localhost\r\n\r\n",
      "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03 a TLS client",
      `${preface}${"\xff".repeat(100)}`,
    ]) {
      expect(await sendRaw(server.port, Buffer.from(bytes, "latin1"), 2000)).toBe(true);
    }
    for (let round = 0; round < 50; round++) {
      const noise = crypto.getRandomValues(new Uint8Array(200));
      await sendRaw(server.port, Buffer.concat([Buffer.from(preface), noise]), 20);
    }
    expect(await send(server.url, frame(text("")))).toMatchObject(ok);
    expect(server.bugs).toEqual([]);
  });

  test("calls that are reset or disconnected amid their message, and says so to the reader", async () => {
    const codes: string[] = [];
    const server = await start({
      export: (call) =>
        call.read().then(
          () => Uint8Array.of(),
          (cause: AppError) => {
            codes.push(cause.code);
            throw cause;
          },
        ),
    });
    const session = open(server.url);
    const reset = begin(session);
    reset.stream.write(frame(text("half"), 100));
    await Bun.sleep(50);
    reset.stream.close(8);
    await reset.answer;
    const cut = open(server.url);
    begin(cut).stream.write(frame(text("half"), 100));
    await Bun.sleep(50);
    cut.destroy();
    expect(await send(session, frame(text("")))).toMatchObject(ok);
    while (codes.length < 2) await Bun.sleep(5);
    expect(codes).toEqual(["body_timeout", "body_timeout"]);
    expect(server.bugs).toEqual([]);
  });

  test("clients that are gone before the answer", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const server = await start({
      async export(call) {
        await call.read();
        calls++;
        await gate.promise;
        if (call.headers.has("x-fail")) throw new AppError("buffer_full", "ingest buffer full");
        return Uint8Array.of();
      },
    });
    const session = open(server.url);
    for (const headers of [{}, { "x-fail": "1" }]) {
      const reset = begin(session, headers);
      reset.stream.end(frame(text("")));
      const cut = open(server.url);
      begin(cut, headers).stream.end(frame(text("")));
      const before = calls;
      while (calls < before + 2) await Bun.sleep(5);
      reset.stream.close(8);
      cut.destroy();
    }
    await Bun.sleep(50);
    gate.resolve();
    await Bun.sleep(50);
    expect(await send(session, frame(text("")))).toMatchObject(ok);
    expect(server.bugs).toEqual([]);
  });

  test("headers and calls without bound", async () => {
    const gate = Promise.withResolvers<void>();
    let calls = 0;
    const server = await start({
      async export() {
        calls++;
        await gate.promise;
        return Uint8Array.of();
      },
    });
    const large = await send(server.url, frame(text("")), { "x-large": "a".repeat(20_000) });
    expect(large.grpcStatus).toBeUndefined();
    const session = open(server.url);
    const answers = Array.from({ length: 150 }, () => send(session, frame(text(""))));
    while (calls < 100) await Bun.sleep(5);
    await Bun.sleep(300);
    expect(calls).toBe(100);
    gate.resolve();
    // The others were refused by HTTP/2 itself (REFUSED_STREAM), which gRPC clients send again.
    const outcomes = (await Promise.all(answers)).map((each) => each.grpcStatus ?? each.reset);
    expect(outcomes.filter((outcome) => outcome === "0")).toHaveLength(100);
    expect(outcomes.filter((outcome) => outcome === 7)).toHaveLength(50);
  });
});

test("what is silent too long is cut off, what is idle or slow is not", async () => {
  const server = await start();
  const idle = open(server.url);
  expect(await send(idle, frame(text("")))).toMatchObject(ok);
  const stalled = begin(open(server.url));
  stalled.stream.write(frame(text("half"), 100));
  const slow = begin(open(server.url));
  for (const [at, piece] of ["\0\0\0", "\0\x04", "slow"].entries()) {
    setTimeout(() => slow.stream.write(piece), at * 5000);
  }
  setTimeout(() => slow.stream.end(), 12_000);
  const isClosed = sendRaw(server.port, Buffer.from("PRI"));

  expect(await stalled.answer).toMatchObject({ status: undefined, reset: 8 });
  expect(await isClosed).toBe(true);
  expect(await slow.answer).toMatchObject(ok);
  const pong = await new Promise((resolve) => idle.ping((error) => resolve(error)));
  expect(pong).toBeNull();
  expect(await send(idle, frame(text("")))).toMatchObject(ok);
  expect(server.received).toHaveLength(3);
});

describe("at its end the listener", () => {
  test("lets calls under way finish and takes no new ones", async () => {
    const gate = Promise.withResolvers<void>();
    const server = await start({
      async export(call) {
        await call.read();
        await gate.promise;
        return Uint8Array.of();
      },
    });
    const session = open(server.url);
    const underWay = send(session, frame(text("")));
    open(server.url);
    await Bun.sleep(50);
    // Longer than the test may take: it ends with the call.
    const stopped = server.stop(1_000_000);
    await Bun.sleep(50);
    expect((await send(server.url, frame(text("")))).grpcStatus).toBeUndefined();
    gate.resolve();
    expect(await underWay).toMatchObject(ok);
    await stopped;
  });

  test("cuts off what takes longer than the grace", async () => {
    const server = await start({ export: () => new Promise(() => {}) });
    const stuck = send(server.url, frame(text("")));
    const silent = sendRaw(server.port, Buffer.from("PRI"));
    await Bun.sleep(50);
    await server.stop(100);
    expect((await stuck).grpcStatus).toBeUndefined();
    expect(await silent).toBe(true);
  });
});

test("a taken port is named", async () => {
  const server = await start();
  for (const host of ["127.0.0.1", null]) {
    await expect(start({ host, port: server.port })).rejects.toMatchObject({
      code: "start_failed",
      message: `port ${server.port} is taken on 127.0.0.1`,
    });
  }
  // Taken on the second address alone: the first one is given back.
  const other = createServer().listen(0, "::1");
  await new Promise((resolve) => other.once("listening", resolve));
  cleanups.push(() => other.close());
  const { port } = other.address() as { port: number };
  await expect(start({ host: null, port })).rejects.toMatchObject({
    message: `port ${port} is taken on ::1`,
  });
  expect((await start({ port })).port).toBe(port);
});

describe("the official exporter", () => {
  beforeAll(() => {
    process.env.OTEL_EXPORTER_OTLP_HEADERS = "authorization=Bearer%20key";
  });
  afterAll(() => {
    delete process.env.OTEL_EXPORTER_OTLP_HEADERS;
  });

  function trace(url: string, compression: "none" | "gzip", attributes: Record<string, string>[]) {
    const exporter = new OTLPTraceExporter({ url, compression: compression as never });
    const provider = new BasicTracerProvider({
      spanProcessors: [new SimpleSpanProcessor(exporter)],
    });
    const tracer = provider.getTracer("test");
    for (const each of attributes) tracer.startSpan("chat", { attributes: each }).end();
    return provider;
  }

  for (const compression of ["none", "gzip"] as const) {
    test(`is understood with compression ${compression}`, async () => {
      const server = await start();
      const provider = trace(server.url, compression, [{ prompt: "hello" }]);
      await provider.shutdown();
      const [call] = server.received;
      expect(call).toMatchObject({ encoding: compression === "gzip" ? "gzip" : null });
      expect(call!.headers.get("authorization")).toBe("Bearer key");
      const [span] = recordsOf(readTraces(call!.message));
      expect(span).toMatchObject({ name: "chat", attributes: { prompt: "hello" } });
      expect(server.bugs).toEqual([]);
    });
  }

  test("may send eight messages of 9 MB at one time", async () => {
    const server = await start();
    const large = "x".repeat(9_000_000);
    const provider = trace(
      server.url,
      "none",
      Array.from({ length: 8 }, () => ({ prompt: large })),
    );
    await provider.shutdown();
    expect(server.received).toHaveLength(8);
    for (const { message } of server.received) {
      const [span] = recordsOf(readTraces(message));
      expect(span!.attributes.prompt === large).toBe(true);
    }
  });
});
