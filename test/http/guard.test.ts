/**
 * Who gets in: all routes × hosts × origins × methods, over a real socket. The routes are taken from
 * the app, so a new one is held to the same rules from its first day.
 */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { otlpPathsOf } from "../../src/http/paths.ts";
import { viewerPaths } from "../../src/http/viewer.ts";
import { startServer, type TestServer } from "../helpers.ts";

const allowedOrigin = "https://app.example";
let server: TestServer;
beforeAll(async () => {
  server = await startServer({
    allowOrigin: [allowedOrigin],
    allowHost: ["traces.example:8443"],
    otlpAuth: "key",
  });
});
afterAll(async () => {
  expect(server.bugs).toEqual([]);
  await server[Symbol.asyncDispose]();
});

const methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];

/** Routes that answer without a key or token. */
const openRoutes: Record<string, number> = {
  "GET /health": 200,
  "GET /api/openapi.json": 200,
  "GET /api/docs": 200,
};
const signals = ["traces", "logs", "metrics"] as const;
const ingestPaths = ["/ingest", ...signals.flatMap(otlpPathsOf)];
const isOtlp = (path: string) => path !== "/ingest" && ingestPaths.includes(path);

const securityHeaders = {
  // The page of the document adds its style in between.
  "content-security-policy": expect.stringMatching(
    /^default-src 'none'; (?:style-src 'sha256-[^']+'; base-uri 'none'; form-action 'none'; )?frame-ancestors 'none'$/,
  ),
  "x-content-type-options": "nosniff",
  "referrer-policy": "no-referrer",
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "cache-control": "no-store",
};

interface Route {
  method: string;
  path: string;
  /** What a stranger without any key or token gets from an allowed host and origin. */
  status: number;
}

/** Every method on every path that the app has, and on some that it has not. */
function allRoutes(): Route[] {
  const routes = server.engine.app.routes
    .filter(({ path }) => !viewerPaths.has(path))
    .flatMap(({ method, path, aliases }) => [path, ...aliases].map((path) => ({ method, path })));
  const known = new Set(routes.map(({ method, path }) => `${method} ${path}`));
  const paths = new Set([...routes.map(({ path }) => path), "/none", "/api/none"]);
  return [...paths].flatMap((path) =>
    methods.map((method) => {
      // HEAD is GET without its body.
      const route = `${method === "HEAD" ? "GET" : method} ${path}`;
      const none = isOtlp(path) ? 405 : 404;
      const status = known.has(route) ? (openRoutes[route] ?? 401) : none;
      return { method, path: path.replaceAll(/:\w+/g, "some-id"), status };
    }),
  );
}

async function send(
  { method, path }: Pick<Route, "method" | "path">,
  headers: Record<string, string> = {},
): Promise<Response> {
  const response = await fetch(`${server.url}${path}`, { method, headers });
  const corsNames = [...response.headers.keys()].filter((name) =>
    name.startsWith("access-control-"),
  );
  if (headers.origin !== allowedOrigin) expect(corsNames).toEqual([]);
  expect(Object.fromEntries(response.headers)).toMatchObject(securityHeaders);
  return response;
}

/** The status, after a look at the body: JSON with an error, but for what is all right. */
async function statusOf(response: Response, { method, path }: Route): Promise<number> {
  const isPage = path === "/api/docs" && response.ok;
  expect(response.headers.get("content-type")).toBe(
    isPage ? "text/html; charset=utf-8" : "application/json",
  );
  const text = await response.text();
  if (method === "HEAD") expect(text).toBe("");
  else if (response.status >= 400)
    expect(JSON.parse(text)).toMatchObject(
      // Of a Host with a slash the server sees another path.
      isOtlp(path) && !(response.status === 403 && "error" in JSON.parse(text))
        ? { message: expect.any(String), code: expect.any(Number) }
        : { error: expect.any(String), code: expect.any(String) },
    );
  return response.status;
}

/** Sends everything, a few at a time, and returns what was answered otherwise than expected. */
async function surprises(
  cases: { route: Route; headers: Record<string, string>; expected: number }[],
): Promise<string[]> {
  const found: string[] = [];
  const next = cases.values();
  await Promise.all(
    Array.from({ length: 16 }, async () => {
      for (const { route, headers, expected } of next) {
        const status = await statusOf(await send(route, headers), route);
        if (status !== expected)
          found.push(
            `${route.method} ${route.path} ${JSON.stringify(headers)}: ${status}, not ${expected}`,
          );
      }
    }),
  );
  return found;
}

function served(): string[] {
  const { port } = server;
  return [
    `localhost:${port}`,
    `127.0.0.1:${port}`,
    `[::1]:${port}`,
    `LOCALHOST:${port}`,
    "traces.example:8443",
  ];
}

function strange(): string[] {
  const { port } = server;
  return [
    "evil.com",
    `evil.com:${port}`,
    "localhost",
    "127.0.0.1",
    "[::1]",
    `localhost:${port + 1}`,
    `localhost.:${port}`,
    `localhost:${port}.`,
    `localhost:0${port}`,
    `localhost:${port}/`,
    `a.localhost:${port}`,
    `a@localhost:${port}`,
    `localhost:${port}, evil.com`,
    `127.0.0.2:${port}`,
    `127.1:${port}`,
    `0.0.0.0:${port}`,
    `2130706433:${port}`,
    `[::ffff:127.0.0.1]:${port}`,
    `::1:${port}`,
    "traces.example",
    `traces.example:${port}`,
  ];
}

describe("on every route and every method, unknown ones included,", () => {
  test("a stranger from a served host gets a 401, or the 404 of the contract", async () => {
    const cases = allRoutes().flatMap((route) =>
      served().map((host) => ({ route, headers: { host }, expected: route.status })),
    );
    expect(cases.length).toBeGreaterThan(500);
    expect(await surprises(cases)).toEqual([]);
  });

  test("any other host is refused before all else", async () => {
    const cases = allRoutes().flatMap((route) =>
      strange().map((host) => ({ route, headers: { host }, expected: 403 })),
    );
    expect(await surprises(cases)).toEqual([]);
  });

  test("a token does not open another host or origin", async () => {
    const authorization = `Bearer ${server.token}`;
    const reads = allRoutes().filter(
      ({ method, path, status }) => method === "GET" && status === 401 && path.startsWith("/api"),
    );
    expect(reads.length).toBeGreaterThan(5);
    const cases = reads.flatMap((route) => [
      { route, headers: { authorization, host: "evil.com" }, expected: 403 },
      { route, headers: { authorization, origin: "http://evil.com" }, expected: 403 },
      { route, headers: { authorization, "sec-fetch-site": "cross-site" }, expected: 403 },
    ]);
    expect(await surprises(cases)).toEqual([]);
  });

  test("another origin or site is refused, but where only a key counts", async () => {
    const { port } = server;
    const host = `localhost:${port}`;
    const own = `http://${host}`;
    const foreign = [
      "http://evil.com",
      `http://evil.com:${port}`,
      "null",
      "",
      "http://localhost",
      `http://localhost:${port + 1}`,
      `http://127.0.0.1:${port}`,
      `http://localhost.:${port}`,
      `${own}/`,
      `${own}.evil.com`,
      `http://LOCALHOST:${port}`,
      `ftp://${host}`,
      "file://",
      allowedOrigin,
    ];
    const sites = ["cross-site", "same-site", "nonsense", "Same-Origin", ""];
    const isForPrograms = ({ path }: Route) => [...ingestPaths, "/health"].includes(path);
    const cases = allRoutes().flatMap((route) => [
      ...[own, undefined].flatMap((origin) =>
        ["same-origin", "none", undefined].map((site) => ({
          route,
          headers: {
            host,
            ...(origin !== undefined && { origin }),
            ...(site !== undefined && { "sec-fetch-site": site }),
          },
          expected: route.status,
        })),
      ),
      ...foreign.map((origin) => ({
        route,
        headers: { host, origin },
        expected: isForPrograms(route) ? route.status : 403,
      })),
      ...sites.map((site) => ({
        route,
        headers: { host, origin: own, "sec-fetch-site": site },
        expected: isForPrograms(route) ? route.status : 403,
      })),
    ]);
    expect(await surprises(cases)).toEqual([]);
  });

  test("an own address is no origin of another", async () => {
    const { port } = server;
    const route = { method: "GET", path: "/api/traces", status: 401 };
    const names = ["localhost", "127.0.0.1", "[::1]"].map((name) => `${name}:${port}`);
    const cases = names.flatMap((host) =>
      names.map((name) => ({
        route,
        headers: { host, origin: `http://${name}` },
        expected: host === name ? 401 : 403,
      })),
    );
    expect(await surprises(cases)).toEqual([]);
  });
});

describe("under /api", () => {
  const isPrivate = ({ path, status }: Route) =>
    path.startsWith("/api") && status === 401 && !isOtlp(path);

  test("no route answers without the operator's token", async () => {
    const wrong = [
      "Bearer wrong",
      `Bearer ${server.key}`,
      `Bearer ${server.token}x`,
      `Bearer ${server.token.slice(0, -1)}`,
      `Bearer ${server.token.toUpperCase()}`,
      `Basic ${server.token}`,
      server.token,
      "Bearer",
      "",
    ];
    const routes = allRoutes().filter(isPrivate);
    expect(routes.length).toBeGreaterThan(15);
    const cases = routes.flatMap((route) => [
      ...wrong.map((authorization) => ({ route, headers: { authorization }, expected: 401 })),
      { route, headers: { "x-api-key": server.token }, expected: 401 },
      { route, headers: { cookie: `token=${server.token}` }, expected: 401 },
      {
        route: { ...route, path: `${route.path}?token=${server.token}` },
        headers: {},
        expected: 401,
      },
    ]);
    expect(await surprises(cases)).toEqual([]);
  });

  test("the answer says which header is missing or wrong, and what it would need", async () => {
    for (const [authorization, error] of [
      ["", "missing operator token"],
      ["Basic x", "missing operator token"],
      ["Bearer x", "invalid operator token"],
    ] as const) {
      const response = await send({ method: "GET", path: "/api/traces" }, { authorization });
      expect(await response.json()).toMatchObject({
        error,
        code: "unauthorized",
        hint: expect.stringContaining("token"),
      });
    }
  });

  test("a token opens every route, spelt in any case", async () => {
    for (const scheme of ["Bearer", "bearer", "BEARER "]) {
      const headers = { authorization: `${scheme} ${server.token}` };
      expect((await send({ method: "GET", path: "/api/traces" }, headers)).status).toBe(200);
    }
    await using given = await startServer({ token: "a token that was given" });
    for (const token of [given.token, "a token that was given"]) {
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${given.url}/api/status`, { headers })).status).toBe(200);
    }
  });

  test("auth comes before any body is read", async () => {
    const { port } = server;
    for (const { method, path } of allRoutes().filter(isPrivate)) {
      if (method === "GET" || method === "HEAD") continue;
      const answer = await answerToBytes(
        `${method} ${path} HTTP/1.1\r\nhost: localhost:${port}\r\ncontent-length: 50\r\n\r\n`,
      );
      expect(answer).toStartWith("HTTP/1.1 401 ");
    }
  });
});

/** Sends exactly these bytes and reads the first answer. */
async function answerToBytes(bytes: string): Promise<string> {
  const { promise, resolve } = Promise.withResolvers<string>();
  let received = "";
  const socket = await Bun.connect({
    hostname: "127.0.0.1",
    port: server.port,
    socket: {
      data(_, chunk) {
        received += chunk.toString();
        if (/\r\n\r\n.*\}$/s.test(received)) resolve(received);
      },
      close: () => resolve(received),
    },
  });
  socket.write(bytes);
  try {
    return await promise;
  } finally {
    socket.terminate();
  }
}

describe("on a raw socket", () => {
  const request = (path: string, ...headers: string[]) =>
    answerToBytes([`GET ${path} HTTP/1.1`, ...headers, "", ""].join("\r\n"));

  test("two Host headers are refused, whichever comes first", async () => {
    const good = `Host: localhost:${server.port}`;
    for (const hosts of [
      [good, "Host: evil.com"],
      ["Host: evil.com", good],
      [good, good],
    ])
      expect(await request("/health", ...hosts)).toMatch(/^HTTP\/1\.1 40[03] /);
  });

  test("a missing or empty Host is refused", async () => {
    expect(await request("/health")).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await request("/health", "Host:")).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await request("/health", "Host: ")).toMatch(/^HTTP\/1\.1 40[03] /);
    expect(await answerToBytes("GET /health HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1\.[01] 40[03] /);
  });

  test("a served Host is answered, as the cases above would be otherwise", async () => {
    expect(await request("/health", `Host: localhost:${server.port}`)).toStartWith("HTTP/1.1 200 ");
  });

  test("a whole URL in the request line changes nothing about the Host", async () => {
    expect(await request(`http://localhost:${server.port}/health`, "Host: evil.com")).toStartWith(
      "HTTP/1.1 403 ",
    );
    expect(await request("http://evil.com/api/traces", `Host: localhost:${server.port}`)).toMatch(
      /^HTTP\/1\.1 40[0134] /,
    );
  });

  test("no detour of a path leads past the token", async () => {
    for (const path of [
      "/api/traces/",
      "//api/traces",
      "/api//traces",
      "/./api/traces",
      "/health/../api/traces",
      "/health/..%2fapi/traces",
      "/%61pi/traces",
      "/api/traces?/health",
      "/api/traces#/health",
      "/api/traces;/health",
      "/API/traces",
      "/api\\traces",
    ]) {
      const answer = await request(path, `Host: localhost:${server.port}`);
      expect(answer).toMatch(/^HTTP\/1\.1 40[014] /);
      expect(answer).not.toContain('"traces":[');
    }
  });

  test("no detour of a path leads past the check of the origin", async () => {
    for (const path of [
      "/health/../api/traces",
      "/ingest/../api/traces",
      "/ingest/..%2fapi/traces",
      "/api/../ingest/../api/traces",
      "//ingest/../api/traces",
    ]) {
      const answer = await request(
        path,
        `Host: localhost:${server.port}`,
        "Origin: http://evil.com",
        `Authorization: Bearer ${server.token}`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 40[03] /);
    }
  });
});

describe("CORS", () => {
  const question = {
    "access-control-request-method": "POST",
    "access-control-request-headers": "authorization,content-type",
  };

  test.each(ingestPaths)(
    "an allowed origin may ask and send to %s, and may read the answer",
    async (path) => {
      const asked = await send(
        { method: "OPTIONS", path },
        { origin: allowedOrigin, "sec-fetch-site": "cross-site", ...question },
      );
      expect(asked.status).toBe(204);
      expect(asked.headers.get("access-control-allow-origin")).toBe(allowedOrigin);
      expect(asked.headers.get("access-control-allow-methods")).toBe("POST");
      const headers = asked.headers.get("access-control-allow-headers")!.split(/, */);
      expect(headers).toEqual(
        expect.arrayContaining(["authorization", "content-type", "x-api-key"]),
      );
      expect(asked.headers.get("vary")).toBe("Origin");
      expect(asked.headers.get("access-control-allow-credentials")).toBeNull();

      for (const authorization of [`Bearer ${server.key}`, "Bearer wrong"]) {
        const sent = await send({ method: "POST", path }, { origin: allowedOrigin, authorization });
        const bad = path === "/ingest" ? 400 : 415;
        expect(sent.status).toBe(authorization.endsWith("wrong") ? 401 : bad);
        expect(sent.headers.get("access-control-allow-origin")).toBe(allowedOrigin);
        expect(sent.headers.get("access-control-allow-credentials")).toBeNull();
      }
    },
  );

  test("it is allowed nothing else", async () => {
    const elsewhere = allRoutes().filter(({ path }) => !ingestPaths.includes(path));
    for (const { method, path } of elsewhere) {
      const response = await send({ method, path }, { origin: allowedOrigin, ...question });
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
      if (path !== "/health") expect(response.status).toBe(403);
    }
    // A question that is none.
    const response = await send({ method: "OPTIONS", path: "/ingest" }, { origin: allowedOrigin });
    expect(response.status).toBe(404);
  });

  test.each([
    "http://app.example",
    "https://app.example:443",
    "https://app.example/",
    "https://APP.example",
    "https://app.example.evil.com",
    "https://evil.com",
    "null",
    "*",
  ])("%s is no allowed origin", async (origin) => {
    for (const path of ["/ingest", "/v1/traces"]) {
      const asked = await send({ method: "OPTIONS", path }, { origin, ...question });
      expect(asked.status).toBe(403);
      expect(await asked.text()).toContain("--allow-origin");
    }
    // A key suffices, but the page that sent it cannot read the answer.
    const authorization = `Bearer ${server.key}`;
    const sent = await send({ method: "POST", path: "/ingest" }, { origin, authorization });
    expect(sent.status).toBe(400);
  });

  test("without --allow-origin there is none at all", async () => {
    await using closed = await startServer();
    for (const method of ["OPTIONS", "POST"]) {
      const response = await fetch(`${closed.url}/ingest`, {
        method,
        headers: { origin: allowedOrigin, ...question },
      });
      expect(response.status).toBe(method === "POST" ? 401 : 403);
      expect([...response.headers.keys()].filter((name) => /^access-control/.test(name))).toEqual(
        [],
      );
    }
  });
});

test("answers of every kind carry the security headers", async () => {
  const { token, key } = server;
  const operator = { authorization: `Bearer ${token}` };
  const agent = { authorization: `Bearer ${key}` };
  await server.ingest({
    version: "v1",
    traces: [
      {
        traceId: "t",
        traceName: "n",
        spans: [{ spanId: "s", spanType: "llm", name: "", startTime: 0, endTime: 0 }],
      },
    ],
  });
  const answers = [
    ["GET", "/health", {}, 200],
    ["POST", "/ingest", agent, 400],
    ["POST", "/ingest", {}, 401],
    ["GET", "/api/traces", operator, 200],
    ["GET", "/api/traces/t", operator, 200],
    ["GET", "/api/traces/t/spans/s", operator, 200],
    ["GET", "/api/traces/t/export", operator, 200],
    ["GET", "/api/traces/t/export?format=jsonl", operator, 200],
    ["GET", "/api/traces/none", operator, 404],
    ["GET", "/api/traces/%ff", operator, 400],
    ["GET", "/api/traces?limit=x", operator, 400],
    ["POST", "/api/projects", operator, 400],
    ["GET", "/api/status", {}, 401],
    ["GET", "/none", operator, 404],
  ] as const;
  for (const [method, path, headers, status] of answers) {
    const response = await send({ method, path }, headers);
    expect(response.status).toBe(status);
  }
});
