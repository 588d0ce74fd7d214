/** A server with OTLP on ports of its own, as a process. */
import { afterEach, expect, test } from "bun:test";
import { rmSync } from "node:fs";
import { createConnection, createServer, type AddressInfo, type Server } from "node:net";
import type { ServerInfo } from "../../src/directory/directory.ts";
import { makeTempDir } from "../helpers.ts";
import { otlpSpan, send, tracesRequest } from "../otlp/sender.ts";
import { spawnServer } from "../server.process.ts";
import { runningServer, tealight } from "./command.ts";

const dirs: string[] = [];
afterEach(() => {
  for (const dir of dirs.splice(0)) rmSync(dir, { recursive: true, force: true });
});

/** Listens where nobody else does. */
async function takePort(port = 0): Promise<Server> {
  const server = createServer((socket) => socket.destroy());
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once("error", reject).listen(port, "127.0.0.1", resolve);
  await promise;
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

function close(server: Server): Promise<unknown> {
  return new Promise((closed) => server.close(closed));
}

/** Ports that nobody listens on: they may be taken before they are used, which is rare. */
async function freePorts(count: number): Promise<number[]> {
  const servers = await Promise.all(Array.from({ length: count }, () => takePort()));
  const ports = servers.map(portOf);
  await Promise.all(servers.map(close));
  return ports;
}

function answers(port: number): Promise<boolean> {
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = createConnection(port, "127.0.0.1", () => {
    socket.destroy();
    resolve(true);
  });
  socket.once("error", () => resolve(false));
  return promise;
}

/** Starts a server with these ports for OTLP. */
async function start(otlpPort: number, grpcPort: number, ...args: string[]) {
  const dataDir = makeTempDir();
  dirs.push(dataDir);
  const server = await spawnServer(dataDir, {
    args: ["--otlp-port", `${otlpPort}`, "--otlp-grpc-port", `${grpcPort}`, ...args],
  });
  return {
    ...server,
    dataDir,
    info: runningServer(dataDir),
    /** Ends it in order. @returns what it wrote to stderr. */
    async stop(): Promise<string> {
      server.signal("SIGTERM");
      await server.exited;
      return server.log;
    },
  };
}

async function exportsTo(url: string): Promise<number> {
  return (await send({ url }, "traces", tracesRequest([otlpSpan()]), "protobuf")).status;
}

async function variablesOf(dataDir: string): Promise<Record<string, string>> {
  const { stdout } = await tealight(dataDir, ["env", "--json"]);
  return JSON.parse(stdout);
}

test("OTLP answers on its own ports, and over HTTP on the server's, too", async () => {
  const [otlpPort, grpcPort] = (await freePorts(2)) as [number, number];
  await using server = await start(otlpPort, grpcPort);
  const otlpUrl = `http://localhost:${otlpPort}`;
  expect(server.info).toMatchObject({
    otlpUrl,
    otlpGrpcUrl: `http://localhost:${grpcPort}`,
    otlpAuth: "open",
  } satisfies Partial<ServerInfo>);
  for (const url of [server.url, otlpUrl, `http://127.0.0.1:${otlpPort}`]) {
    expect(await exportsTo(url)).toBe(200);
  }
  expect(await answers(grpcPort)).toBe(true);
  expect(await variablesOf(server.dataDir)).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: otlpUrl });
  const log = await server.stop();
  expect(log).not.toContain("warn");
  for (const port of [server.port, otlpPort, grpcPort]) expect(await answers(port)).toBe(false);
});

test("on OTLP's port there is nothing else", async () => {
  const [otlpPort] = (await freePorts(1)) as [number];
  await using server = await start(otlpPort, 0);
  const url = `http://localhost:${otlpPort}`;
  const authorization = `Bearer ${server.token}`;
  for (const [method, path] of [
    ["GET", "/"],
    ["GET", "/health"],
    ["POST", "/ingest"],
    ["GET", "/api/traces"],
    ["POST", "/api/shutdown"],
    ["GET", "/v1/../api/traces"],
    ["GET", "//v1/../api/traces"],
  ] as const) {
    const response = await fetch(`${url}${path}`, { method, headers: { authorization } });
    expect({ path, status: response.status }).toEqual({ path, status: 404 });
    expect(await response.json()).toMatchObject({ code: "not_found" });
  }
  for (const [method, path, status] of [
    ["GET", "/v1/traces", 405],
    ["POST", "/v1/other", 404],
    ["GET", "/v1/..%2fapi/traces", 404],
    ["POST", "/", 404],
    ["POST", "/ingest", 404],
  ] as const) {
    const headers = { "content-type": "application/json" };
    const response = await fetch(`${url}${path}`, { method, headers });
    expect({ path, status: response.status }).toEqual({ path, status });
    const { code, message } = (await response.json()) as { code: number; message: string };
    expect(code).toBe(12);
    if (status === 404) expect(message).toContain("OTLP is sent with POST /v1/traces");
  }
  // Hosts are held to the same list there.
  const host = `evil.example:${otlpPort}`;
  expect((await fetch(`${url}/v1/traces`, { method: "POST", headers: { host } })).status).toBe(403);
  expect(await exportsTo(url)).toBe(200);
  await server.stop();
});

test("ports of OTLP that are taken are said, with the endpoints really bound", async () => {
  const holders = [await takePort(), await takePort()];
  try {
    const [otlpPort, grpcPort] = holders.map(portOf) as [number, number];
    await using server = await start(otlpPort, grpcPort);
    const own = `http://localhost:${server.port}`;
    const { otlpUrl, otlpGrpcUrl } = server.info;
    expect(otlpUrl).toBe(own);
    expect(await exportsTo(otlpUrl)).toBe(200);
    expect(await answers(Number(new URL(otlpGrpcUrl!).port))).toBe(true);
    expect(await variablesOf(server.dataDir)).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: own });
    const lines = (await server.stop()).split("\n");
    const lineWith = (text: string) => lines.find((line) => line.includes(text));
    expect(lineWith(`port ${otlpPort} is taken`)).toContain(`OTLP/HTTP is on ${own}`);
    expect(lineWith(`port ${grpcPort} is taken`)).toBeString();
    expect(lineWith(`OTLP/gRPC is on ${otlpGrpcUrl}`)).toBeString();
  } finally {
    await Promise.all(holders.map(close));
  }
});

test("two servers side by side both take OTLP", async () => {
  const [otlpPort, grpcPort] = (await freePorts(2)) as [number, number];
  await using first = await start(otlpPort, grpcPort);
  await using second = await start(otlpPort, grpcPort);
  expect(second.info.otlpUrl).not.toBe(first.info.otlpUrl);
  expect(second.info.otlpGrpcUrl).not.toBe(first.info.otlpGrpcUrl);
  for (const { info } of [first, second]) expect(await exportsTo(info.otlpUrl)).toBe(200);
  await Promise.all([first.stop(), second.stop()]);
});

test("0 switches a port off, and OTLP is on the server's own", async () => {
  await using server = await start(0, 0);
  const own = `http://localhost:${server.port}`;
  expect(server.info).toMatchObject({ otlpUrl: own, otlpGrpcUrl: null });
  expect(await exportsTo(own)).toBe(200);
  expect(await variablesOf(server.dataDir)).toMatchObject({ OTEL_EXPORTER_OTLP_ENDPOINT: own });
  expect(await server.stop()).not.toContain("OTLP");
});

test("the server's own port may be OTLP's", async () => {
  const [port] = (await freePorts(1)) as [number];
  await using server = await start(port, 0, "--port", `${port}`);
  expect(server.info).toMatchObject({ port, otlpUrl: `http://localhost:${port}` });
  expect(await exportsTo(server.info.otlpUrl)).toBe(200);
  expect(await server.stop()).not.toContain("taken");
});

test("with --otlp-auth key the variables carry the key, percent-encoded", async () => {
  await using server = await start(0, 0, "--otlp-auth", "key");
  const own = `http://localhost:${server.port}`;
  const variables = await variablesOf(server.dataDir);
  expect(variables).toEqual({
    FOGLAMP_INGEST_URL: `${own}/ingest`,
    FOGLAMP_API_KEY: server.key,
    OTEL_EXPORTER_OTLP_ENDPOINT: own,
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/protobuf",
    OTEL_EXPORTER_OTLP_HEADERS: `authorization=Bearer%20${server.key}`,
  });
  expect(await exportsTo(own)).toBe(401);
  const [name, value] = variables.OTEL_EXPORTER_OTLP_HEADERS!.split("=") as [string, string];
  const headers = { [name]: decodeURIComponent(value) };
  expect((await send(server, "traces", {}, "json", headers)).status).toBe(200);
  await server.stop();
});
