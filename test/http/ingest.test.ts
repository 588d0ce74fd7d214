/** `POST /ingest` over real sockets, in the order of the wire contract. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import {
  brotliCompressSync,
  deflateRawSync,
  deflateSync,
  gzipSync,
  zstdCompressSync,
} from "node:zlib";
import { makePayload, makeSpan, startServer, type TestServer } from "../helpers.ts";

const MiB = 1024 * 1024;
const tooLarge = { status: 413, error: "payload too large" };
const unknownKey = { status: 401, error: "invalid or revoked API key" };
const noKey = { status: 401, error: "missing API key" };

let server: TestServer;
beforeAll(async () => {
  server = await startServer();
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

interface Answer {
  status: number;
  error?: string;
  accepted?: number;
  issues?: { path: (string | number)[] }[];
  [more: string]: unknown;
}

/** The answer's status and body; all bodies are JSON. */
async function answered(response: Response | Promise<Response>): Promise<Answer> {
  const { status, headers } = await response;
  expect(headers.get("content-type")).toBe("application/json");
  return { status, ...((await (await response).json()) as object) };
}

/** `POST /ingest` with exactly these headers. */
function post(
  body: NonNullable<RequestInit["body"]>,
  headers: Record<string, string>,
  to: TestServer = server,
): Promise<Response> {
  return fetch(`${to.url}/ingest`, { method: "POST", headers, body });
}

const withKey = (to: TestServer = server) => ({ authorization: `Bearer ${to.key}` });
const valid = JSON.stringify(makePayload());

/** A socket of its own, for what no HTTP client would send. */
async function openSocket(port: number) {
  let received = "";
  let isClosed = false;
  let news = Promise.withResolvers<void>();
  const tell = () => {
    news.resolve();
    news = Promise.withResolvers();
  };
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port,
    socket: {
      data(_, chunk) {
        received += chunk.toString();
        tell();
      },
      close() {
        isClosed = true;
        tell();
      },
    },
  });
  return {
    send: (text: string) => void socket.write(text),
    /** All that came, once it matches or the other side has closed. */
    async until(pattern: RegExp): Promise<string> {
      while (!pattern.test(received) && !isClosed) await news.promise;
      return received;
    },
    [Symbol.dispose]: () => void socket.terminate(),
  };
}

function head(port: number, headers: Record<string, string | number>): string {
  const lines = Object.entries({ host: `127.0.0.1:${port}`, ...headers });
  return `POST /ingest HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join("")}\r\n`;
}

/** Sends nothing but headers and reads the answer. */
async function answerToHeaders(to: TestServer, headers: Record<string, string | number>) {
  using socket = await openSocket(to.port);
  socket.send(head(to.port, headers));
  const received = await socket.until(/\r\n\r\n.*\}$/s);
  const [top, body] = received.split("\r\n\r\n");
  return {
    status: Number(/^HTTP\/1\.1 (\d+)/.exec(top!)?.[1]),
    isJson: /^content-type: application\/json\r?$/im.test(top!),
    ...(JSON.parse(body || "{}") as { error?: string }),
  };
}

describe("1. a body over the limit", () => {
  test("is refused from the headers alone, before auth and before the body is read", async () => {
    for (const headers of [{}, withKey(), { authorization: "Bearer wrong" }]) {
      for (const length of [10 * MiB + 1, 2 ** 40]) {
        expect(
          await answerToHeaders(server, { ...headers, "content-length": length }),
        ).toMatchObject({ ...tooLarge, isJson: true });
      }
    }
  });

  test("may be as large as the limit", async () => {
    expect(await answerToHeaders(server, { "content-length": 10 * MiB })).toMatchObject(noKey);
    const body = valid + " ".repeat(10 * MiB - valid.length);
    expect(await answered(post(body, withKey()))).toMatchObject({ status: 202, accepted: 1 });
    expect(await answered(post(`${body} `, withKey()))).toMatchObject(tooLarge);
  });

  test("gets the same answer declared, in chunks, or after decompression", async () => {
    await using small = await startServer({ maxBodyBytes: 2000 });
    const large = JSON.stringify(makePayload({}, { input: "x".repeat(2000) }));
    const inChunks = (text: string) =>
      new ReadableStream({
        async pull(controller) {
          controller.enqueue(new TextEncoder().encode(text.slice(0, 100)));
          text = text.slice(100);
          if (text === "") controller.close();
        },
      });
    const declared = await answered(post(large, withKey(small), small));
    expect(declared).toMatchObject(tooLarge);
    expect(await answered(post(inChunks(large), withKey(small), small))).toEqual(declared);
    const encodings = { gzip: gzipSync, deflate: deflateSync, zstd: zstdCompressSync };
    for (const [encoding, encode] of Object.entries(encodings)) {
      const compressed = encode(large);
      expect(compressed.byteLength).toBeLessThan(2000);
      const headers = { ...withKey(small), "content-encoding": encoding };
      expect(await answered(post(compressed, headers, small))).toMatchObject(tooLarge);
    }
    expect(await answered(post(inChunks(valid), withKey(small), small))).toMatchObject({
      status: 202,
      accepted: 1,
    });
    expect(small.bugs).toEqual([]);
  });

  test("in chunks without an end is refused as soon as it is too long", async () => {
    await using small = await startServer({ maxBodyBytes: 2000 });
    using socket = await openSocket(small.port);
    socket.send(head(small.port, { ...withKey(small), "transfer-encoding": "chunked" }));
    for (let i = 0; i < 3; i++) socket.send(`3e8\r\n${"x".repeat(1000)}\r\n`);
    expect(await socket.until(/payload too large/)).toStartWith("HTTP/1.1 413 ");
  });

  test("is not taken for the next request of its connection", async () => {
    await using small = await startServer({ maxBodyBytes: 2000 });
    using socket = await openSocket(small.port);
    const smuggled =
      head(small.port, { ...withKey(small), "content-length": valid.length }) + valid;
    const body = smuggled.repeat(10);
    socket.send(head(small.port, { "content-length": body.length }) + body);
    socket.send(`GET /health HTTP/1.1\r\nhost: 127.0.0.1:${small.port}\r\n\r\n`);
    const received = await socket.until(/"status":"ok"/);
    expect(received).toStartWith("HTTP/1.1 413 ");
    expect(received).not.toContain("HTTP/1.1 202");
    expect(await (await small.api("/api/traces")).json()).toMatchObject({ traces: [] });
  });
});

describe("2. a server without room", () => {
  test("that shuts down says so before auth, but after the limit", async () => {
    await using draining = await startServer();
    draining.engine.intake.isDraining = true;
    const refused = { status: 503, error: "shutting down" };
    for (const headers of [{}, withKey(draining), { authorization: "Bearer wrong" }]) {
      expect(await answered(post("no JSON", headers, draining))).toMatchObject(refused);
      expect(
        await answerToHeaders(draining, { ...headers, "content-length": 10 * MiB + 1 }),
      ).toMatchObject(tooLarge);
    }
    expect((await fetch(`${draining.url}/health`)).status).toBe(200);
  });

  test("for more bytes says so before auth, with a time to retry", async () => {
    const { admission } = server.engine.intake;
    const tickets = [];
    for (let ticket; (ticket = admission.enter(MiB));) tickets.push(ticket);
    try {
      for (const headers of [{}, withKey(), { authorization: "Bearer wrong" }]) {
        const response = await post("no JSON", headers);
        expect(response.headers.get("retry-after")).toMatch(/^[1-9]\d*$/);
        expect(await answered(response)).toMatchObject({
          status: 503,
          error: "ingest buffer full",
        });
      }
      expect(await answerToHeaders(server, { "content-length": 10 * MiB + 1 })).toMatchObject(
        tooLarge,
      );
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
    } finally {
      for (const ticket of tickets) ticket.leave();
    }
    expect(await answered(post(valid, withKey()))).toMatchObject({ status: 202 });
  });

  test("has its room back after every kind of answer", async () => {
    const { admission } = server.engine.intake;
    const isEmpty = () => {
      const tickets = [];
      for (let ticket; (ticket = admission.enter(MiB));) tickets.push(ticket);
      for (const ticket of tickets) ticket.leave();
      return tickets.length === 128;
    };
    for (const [body, headers] of [
      [valid, withKey()],
      ["no JSON", withKey()],
      ["{}", withKey()],
      [valid, {}],
      [gzipSync(" ".repeat(11 * MiB)), { ...withKey(), "content-encoding": "gzip" }],
    ] as [string, Record<string, string>][]) {
      await (await post(body, headers)).text();
      expect(isEmpty()).toBe(true);
    }
  });
});

describe("3. auth", () => {
  const wrong = "fl_wrong";

  test.each([
    ["Bearer KEY", undefined],
    ["bearer KEY", undefined],
    ["BEARER   KEY", undefined],
    ["Bearer\tKEY", undefined],
    ["Bearer KEY", wrong],
    [undefined, "KEY"],
    ["", "KEY"],
    ["Bearer", "KEY"],
    ["Bearer ", "KEY"],
    ["Basic KEY", "KEY"],
    ["Basic dTpw", "KEY"],
    ["BearerKEY", "KEY"],
    ["KEY", "KEY"],
    ["Token KEY", "KEY"],
  ])("takes authorization %j with x-api-key %j", async (authorization, apiKey) => {
    expect(await answered(post(valid, credentials(authorization, apiKey)))).toMatchObject({
      status: 202,
    });
  });

  test.each([
    [`Bearer ${wrong}`, undefined],
    [`Bearer ${wrong}`, "KEY"],
    [`bearer ${wrong}`, "KEY"],
    ["Bearer KEY KEY", "KEY"],
    ["Bearer KEY.", undefined],
    ["Bearer Bearer KEY", "KEY"],
    [undefined, wrong],
    ["Basic KEY", wrong],
    ["Bearer", wrong],
    [undefined, "Bearer KEY"],
  ])("knows no key in authorization %j with x-api-key %j", async (authorization, apiKey) => {
    expect(await answered(post(valid, credentials(authorization, apiKey)))).toMatchObject(
      unknownKey,
    );
  });

  test.each([
    [undefined, undefined],
    ["", undefined],
    ["", ""],
    ["Bearer", undefined],
    ["Bearer ", ""],
    ["Basic KEY", undefined],
    ["KEY", undefined],
    [undefined, ""],
  ])("misses a key in authorization %j with x-api-key %j", async (authorization, apiKey) => {
    expect(await answered(post(valid, credentials(authorization, apiKey)))).toMatchObject(noKey);
  });

  function credentials(authorization?: string, apiKey?: string): Record<string, string> {
    const named = (text: string) => text.replaceAll("KEY", server.key);
    return {
      ...(authorization !== undefined && { authorization: named(authorization) }),
      ...(apiKey !== undefined && { "x-api-key": named(apiKey) }),
    };
  }

  test("comes before the body, which need not even arrive", async () => {
    for (const [headers, refused] of [
      [{}, noKey],
      [{ authorization: "Bearer wrong" }, unknownKey],
    ] as const) {
      expect(await answered(post("no JSON", headers))).toMatchObject(refused);
      expect(await answered(post("{}", headers))).toMatchObject(refused);
      expect(await answerToHeaders(server, { ...headers, "content-length": 100 })).toMatchObject(
        refused,
      );
    }
  });

  test("takes no operator's token for a key", async () => {
    expect(await answered(post(valid, { authorization: `Bearer ${server.token}` }))).toMatchObject(
      unknownKey,
    );
    expect(await answered(post(valid, { "x-api-key": server.token }))).toMatchObject(unknownKey);
  });

  test("takes a given key beside the stored one", async () => {
    const apiKey = "a key that was given";
    await using given = await startServer({ apiKey });
    for (const headers of [
      { authorization: `Bearer ${apiKey}` },
      { "x-api-key": apiKey },
      withKey(given),
    ])
      expect(await answered(post(valid, headers, given))).toMatchObject({ status: 202 });
    const { keys } = (await (await given.api("/api/keys")).json()) as { keys: object[] };
    expect(keys).toHaveLength(1);
    await given.stop();
    await using later = await startServer({ dataDir: given.dataDir });
    expect(await answered(post(valid, { "x-api-key": apiKey }, later))).toMatchObject(unknownKey);
  });

  test("refuses a revoked key from the answer on", async () => {
    const created = await server.api("/api/keys", {
      method: "POST",
      body: JSON.stringify({ name: "short-lived" }),
    });
    const { key } = (await created.json()) as { key: { id: number; secret: string } };
    const headers = { authorization: `Bearer ${key.secret}` };
    expect(await answered(post(valid, headers))).toMatchObject({ status: 202 });
    await server.api(`/api/keys/${key.id}`, { method: "DELETE" });
    expect(await answered(post(valid, headers))).toMatchObject(unknownKey);
    expect(
      await answered(post(valid, { "x-api-key": key.secret, authorization: "Basic x" })),
    ).toMatchObject(unknownKey);
  });
});

describe("4. JSON", () => {
  test.each([
    "application/json",
    "text/plain",
    "application/json; charset=utf-16",
    "application/x-www-form-urlencoded",
    "multipart/form-data; boundary=x",
    "application/octet-stream",
    "nonsense",
    "",
  ])("is read whatever the content type says: %j", async (type) => {
    expect(await answered(post(valid, { ...withKey(), "content-type": type }))).toMatchObject({
      status: 202,
    });
  });

  test("may be compressed", async () => {
    const bodies = [
      ["gzip", gzipSync(valid)],
      ["deflate", deflateSync(valid)],
      ["deflate", deflateRawSync(valid)],
      ["zstd", zstdCompressSync(valid)],
      ["br", brotliCompressSync(valid)],
      ["gzip", Buffer.from(valid)],
    ] as const;
    for (const [encoding, body] of bodies) {
      const headers = { ...withKey(), "content-encoding": encoding };
      expect(await answered(post(body, headers))).toMatchObject({ status: 202 });
    }
  });

  test("it must be, and in UTF-8", async () => {
    const gzip = { ...withKey(), "content-encoding": "gzip" };
    const refusals = [
      post("", withKey()),
      post("no JSON", withKey()),
      post(valid.slice(0, -1), withKey()),
      post(`${valid}x`, withKey()),
      post(Buffer.from(valid, "utf16le"), withKey()),
      post(gzipSync(valid), withKey()),
      post(gzipSync(valid).subarray(0, -12), gzip),
    ];
    for (const refusal of refusals)
      expect(await answered(refusal)).toMatchObject({ status: 400, error: "invalid JSON body" });
  });

  test("is told what it lacks", async () => {
    const hintOf = async (body: string) => (await answered(post(body, withKey()))).hint;
    expect(await hintOf("")).toContain("empty");
    expect(await hintOf(valid.slice(0, -1))).toContain("not complete");
    expect(await hintOf(`${valid}x`)).toContain("UTF-8");
  });

  test("may have a byte order mark, and bad UTF-8 is replaced", async () => {
    const text = `\ufeff${JSON.stringify(makePayload({ traceId: "bad-utf-8" }, { name: "x-y" }))}`;
    const body = Buffer.from(text);
    body[body.indexOf("x-y") + 1] = 0xff;
    expect(await answered(post(body, withKey()))).toMatchObject({ status: 202 });
    const { spans } = (await (await server.api("/api/traces/bad-utf-8")).json()) as {
      spans: { name: string }[];
    };
    expect(spans[0]!.name).toBe("x\ufffdy");
  });
});

describe("5. an invalid payload", () => {
  test("is answered with its problems, and never with its values", async () => {
    const payload = makePayload({}, { name: { "s3cret-marker": "s3cret-marker" }, endTime: -1 });
    const answer = await answered(server.ingest(payload));
    expect(answer).toMatchObject({ status: 400, error: "invalid payload" });
    expect(answer.hint).toContain("/api/docs");
    expect(answer.issues!.map(({ path }) => path.at(-1)).sort()).toEqual(["endTime", "name"]);
    for (const issue of answer.issues!)
      expect(Object.keys(issue).sort()).toEqual(["code", "message", "path"]);
    expect(JSON.stringify(answer)).not.toContain("s3cret-marker");
  });

  test("has at most 20 problems shown, and stores none of its spans", async () => {
    const spans = Array.from({ length: 50 }, (_, i) => makeSpan({ spanId: `s${i}`, name: i }));
    const answer = await answered(
      server.ingest(makePayload({ traceId: "refused", spans: [makeSpan(), ...spans] })),
    );
    expect(answer.status).toBe(400);
    expect(answer.issues).toHaveLength(20);
    expect((await server.api("/api/traces/refused")).status).toBe(404);
  });

  test("is what deep nesting is", async () => {
    for (const body of ["[".repeat(5 * MiB), `${"[".repeat(101)}${"]".repeat(101)}`])
      expect(await answered(server.ingest(body))).toMatchObject({
        status: 400,
        error: "invalid payload",
      });
  });

  test("is one with unknown fields only where they are not kept", async () => {
    await using strict = await startServer({ unknownFields: "reject" });
    const payload = makePayload({ traceId: "newer" }, { costUsd: 0.25 });
    const refused = await answered(strict.ingest(payload));
    expect(refused).toMatchObject({ status: 400, error: "invalid payload" });
    expect(refused.hint).toContain("--unknown-fields keep");
    expect(await answered(server.ingest(payload))).toMatchObject({ status: 202 });
    const span = (await (await server.api("/api/traces/newer/spans/span-1")).json()) as any;
    expect(span).toMatchObject({ attributes: '{"unknown.costUsd":0.25}' });
    expect(span.costUsd).toBeNull();
  });
});

describe("6. the rate limit", () => {
  const batch = (length: number, span: object = {}) =>
    makePayload({
      spans: Array.from({ length }, (_, i) => makeSpan({ spanId: `s${i}`, ...span })),
    });

  test("counts spans, answers 429 with whole seconds, and takes no invalid payload", async () => {
    await using limited = await startServer({ rateLimit: 20 });
    for (let i = 0; i < 5; i++)
      expect((await limited.ingest(batch(20, { name: 1 }))).status).toBe(400);
    expect((await limited.ingest("no JSON")).status).toBe(400);
    expect((await limited.ingest(batch(20), { authorization: "Bearer wrong" })).status).toBe(401);
    expect(await answered(limited.ingest(batch(20)))).toMatchObject({ status: 202 });
    const response = await limited.ingest(batch(20));
    expect(response.headers.get("retry-after")).toBe("1");
    expect(await answered(response)).toMatchObject({ status: 429, error: "rate limit exceeded" });
  });

  test("admits a batch larger than the bucket when it is full, which leaves it in debt", async () => {
    await using limited = await startServer({ rateLimit: 10 });
    expect(await answered(limited.ingest(batch(60)))).toMatchObject({ status: 202, accepted: 60 });
    const response = await limited.ingest(batch(1));
    expect(response.status).toBe(429);
    // 50 spans of debt and the one asked for, less what came in meanwhile.
    expect(Number(response.headers.get("retry-after"))).toBeWithin(4, 7);
  });

  test("is each key's own", async () => {
    await using limited = await startServer({ rateLimit: 10, apiKey: "a key that was given" });
    expect((await limited.ingest(batch(10))).status).toBe(202);
    expect((await limited.ingest(batch(10))).status).toBe(429);
    const given = { authorization: "Bearer a key that was given" };
    expect((await limited.ingest(batch(10), given)).status).toBe(202);
    expect((await limited.ingest(batch(10), given)).status).toBe(429);
  });

  test("is off unless configured", async () => {
    for (let i = 0; i < 5; i++) expect((await server.ingest(batch(500))).status).toBe(202);
  });
});

describe("8. an accepted batch", () => {
  test("is answered with the number of its spans, repeated ids included", async () => {
    const spans = [makeSpan(), makeSpan({ name: "again" }), makeSpan({ spanId: "b" })];
    const [trace] = makePayload({ traceId: "repeated", spans }).traces;
    const response = await server.ingest({ version: "v1", traces: [trace, trace] });
    expect(response.status).toBe(202);
    expect(await response.json()).toEqual({ accepted: 6 });
    const stored = await (await server.api("/api/traces/repeated")).json();
    expect(stored).toMatchObject({
      trace: { spanCount: 2 },
      spans: [{ name: "again" }, { spanId: "b" }],
    });
  });

  test("is there for the next reader", async () => {
    for (let i = 0; i < 20; i++) {
      const traceId = `at-once-${i}`;
      expect((await server.ingest(makePayload({ traceId }))).status).toBe(202);
      expect((await server.api(`/api/traces/${traceId}`)).status).toBe(200);
    }
  });

  test("leaves its connection open for the next, as a refused one does", async () => {
    using socket = await openSocket(server.port);
    const send = (body: string, headers: Record<string, string>) =>
      socket.send(head(server.port, { ...headers, "content-length": body.length }) + body);
    send(valid, withKey());
    await socket.until(/HTTP\/1\.1 202/);
    send("no JSON", withKey());
    await socket.until(/HTTP\/1\.1 400/);
    send(valid, {});
    await socket.until(/HTTP\/1\.1 401/);
    send(valid, withKey());
    const received = await socket.until(/(HTTP\/1\.1 202.*){2}\}$/s);
    expect(received.match(/HTTP\/1\.1 \d+/g)).toEqual([
      "HTTP/1.1 202",
      "HTTP/1.1 400",
      "HTTP/1.1 401",
      "HTTP/1.1 202",
    ]);
  });
});

describe("beside it", () => {
  test("GET /health answers without a key", async () => {
    const response = await fetch(`${server.url}/health`);
    expect(response.status).toBe(200);
    expect(response.headers.get("content-type")).toBe("application/json");
    expect(await response.text()).toBe('{"status":"ok","buffered":0}');
  });

  test.each([
    ["POST", "/"],
    ["GET", "/ingest"],
    ["PUT", "/ingest"],
    ["DELETE", "/ingest"],
    ["OPTIONS", "/ingest"],
    ["POST", "/ingest/"],
    ["POST", "/Ingest"],
    ["POST", "/ingest/v1"],
    ["POST", "/health"],
    ["GET", "/health/"],
    ["GET", "/api"],
    ["GET", "/api/nothing"],
    ["GET", "/a%20b%FF%2F?query=is-not-repeated"],
    ["POST", "/%69ngest"],
  ])("%s %s is no route", async (method, path) => {
    const answer = await answered(fetch(`${server.url}${path}`, { method }));
    expect(answer).toEqual({
      status: 404,
      error: `No route for ${method} ${path.split("?")[0]}`,
      code: "not_found",
      hint: expect.any(String),
    });
  });

  test("what nobody expected is a 500 that keeps its reason to the log", async () => {
    await using broken = await startServer();
    const internal = { status: 500, error: "Internal server error", code: "internal_error" };
    const secret = "s3cret-marker";
    broken.engine.intake.deliver = () => Promise.reject(new Error(secret));
    broken.engine.intake.writeNotes = () => Promise.reject(new Error(secret));
    for (const answer of [
      await answered(broken.ingest(makePayload())),
      await answered(broken.api("/api/status")),
    ]) {
      expect(answer).toEqual({ ...internal, hint: expect.any(String) });
      expect(JSON.stringify(answer)).not.toContain(secret);
    }
    expect(broken.bugs).toHaveLength(2);
    for (const bug of broken.bugs) expect(bug).toContain(secret);
  });
});

describe("refusals", () => {
  interface Reject {
    keyName: string | null;
    status: number;
    code: string;
    message: string;
    path: (string | number)[] | null;
    bytes: number | null;
    route: string;
    receivedAt: number;
  }
  const rejectsOf = async (to: TestServer, query = "") =>
    (await (await to.api(`/api/rejects${query}`)).json()) as {
      rejects: Reject[];
      nextCursor: string | null;
    };
  const countsOf = async (to: TestServer) =>
    ((await (await to.api("/api/status")).json()) as { rejects: Record<string, number> }).rejects;

  test("are kept with their key and first problem, never with a payload", async () => {
    await using server = await startServer({ apiKey: "a key that was given" });
    const startedAt = Date.now();
    const invalid = JSON.stringify(makePayload({}, { name: ["s3cret-marker"] }));
    await post(invalid, withKey(server), server);
    await post("s3cret-marker", { "x-api-key": "a key that was given" }, server);
    await post(valid, { authorization: "Bearer s3cret-marker" }, server);
    await post(valid, {}, server);
    await answerToHeaders(server, { ...withKey(server), "content-length": 10 * MiB + 1 });

    const { rejects, nextCursor } = await rejectsOf(server);
    expect(nextCursor).toBeNull();
    const of = (status: number, code: string, more: Partial<Reject>) =>
      expect.objectContaining({ route: "/ingest", status, code, path: null, ...more });
    expect(rejects).toEqual([
      of(413, "payload_too_large", { keyName: null, bytes: 10 * MiB + 1 }),
      of(401, "missing_api_key", { keyName: null, message: "missing API key" }),
      of(401, "invalid_api_key", { keyName: null, message: "invalid or revoked API key" }),
      of(400, "invalid_json", { keyName: "given", bytes: 13, message: "invalid JSON body" }),
      of(400, "invalid_payload", {
        keyName: "default",
        bytes: invalid.length,
        path: ["traces", 0, "spans", 0, "name"],
      }),
    ]);
    for (const { receivedAt } of rejects) expect(receivedAt).toBeWithin(startedAt, Date.now() + 1);
    expect(JSON.stringify(rejects)).not.toContain("s3cret-marker");
    expect(await countsOf(server)).toEqual({
      invalid_payload: 1,
      invalid_json: 1,
      invalid_api_key: 1,
      missing_api_key: 1,
      payload_too_large: 1,
    });
  });

  test("are kept in bounds and counted without, also over a restart", async () => {
    const before = await startServer();
    let sent = 0;
    for (let round = 0; round < 7; round++) {
      const answers = Array.from({ length: 180 }, () => post("", {}, before));
      for (const { status } of await Promise.all(answers)) expect(status).toBe(401);
      sent += 180;
      expect(await countsOf(before)).toEqual({ missing_api_key: sent });
    }
    // More at a time than are kept with their reason between two writes.
    await Promise.all(Array.from({ length: 500 }, () => post("", {}, before)));
    sent += 500;
    await before.stop();

    await using after = await startServer({ dataDir: before.dataDir });
    expect(await countsOf(after)).toEqual({ missing_api_key: sent });
    let kept = 0;
    let cursor: string | null = null;
    do {
      const page = await rejectsOf(after, `?limit=300${cursor ? `&cursor=${cursor}` : ""}`);
      kept += page.rejects.length;
      cursor = page.nextCursor;
    } while (cursor);
    expect(kept).toBe(1000);
  });

  test("by the guard and of an import are kept, too", async () => {
    await using server = await startServer();
    await server.ingest(makePayload(), { host: "evil.example" });
    await server.api("/api/import", { method: "POST", body: "{" });
    await server.api("/api/import", { method: "POST", body: "{", headers: { authorization: "" } });
    const { rejects } = await rejectsOf(server);
    expect(rejects.map(({ route, status, code }) => ({ route, status, code }))).toEqual([
      { route: "/api/import", status: 401, code: "unauthorized" },
      { route: "/api/import", status: 400, code: "invalid_json" },
      { route: "/ingest", status: 403, code: "forbidden_host" },
    ]);
  });

  test("are paged, the newest first", async () => {
    await using server = await startServer();
    for (let i = 0; i < 5; i++) await post("x".repeat(i), withKey(server), server);
    const first = await rejectsOf(server, "?limit=2");
    const second = await rejectsOf(server, `?limit=2&cursor=${first.nextCursor}`);
    const third = await rejectsOf(server, `?limit=2&cursor=${second.nextCursor}`);
    expect([first, second, third].map(({ rejects }) => rejects.map(({ bytes }) => bytes))).toEqual([
      [4, 3],
      [2, 1],
      [0],
    ]);
    expect(third.nextCursor).toBeNull();
    for (const query of ["?limit=0", "?limit=501", "?limit=x", "?cursor=x", "?other=1"])
      expect((await server.api(`/api/rejects${query}`)).status).toBe(400);
  });
});

test("an import says how much was new, also of a body that goes in parts", async () => {
  await using server = await startServer();
  const spanOf = (i: number) => makeSpan({ spanId: `span-${i}`, input: "x".repeat(900_000) });
  const importing = async (traceId: string, from: number, to: number) => {
    const spans = Array.from({ length: to - from }, (_, i) => spanOf(from + i));
    const body = JSON.stringify(makePayload({ traceId, spans }));
    return (await server.api("/api/import", { method: "POST", body })).json();
  };
  expect(await importing("a", 0, 1)).toEqual({ accepted: 1, newTraces: 1, newSpans: 1 });
  expect(await importing("a", 0, 8)).toEqual({ accepted: 8, newTraces: 0, newSpans: 7 });
  expect(await importing("b", 0, 8)).toEqual({ accepted: 8, newTraces: 1, newSpans: 8 });
});
