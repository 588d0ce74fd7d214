/** A real server on a real port with a real store in a directory of its own, for one test file. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openEngine, type Engine } from "../src/cli/engine.ts";
import { resolveConfig, type Config } from "../src/config.ts";
import { listen } from "../src/http/listen.ts";
import { createLog } from "../src/log.ts";

export interface TestServer {
  url: string;
  port: number;
  dataDir: string;
  key: string;
  token: string;
  engine: Engine;
  /** What the server logged as a bug; a test that expects none asserts that it is empty. */
  bugs: string[];
  /** `POST /ingest` with the default key. */
  ingest(payload: unknown, headers?: Record<string, string>): Promise<Response>;
  /** A route under /api as the operator. */
  api(path: string, init?: RequestInit): Promise<Response>;
  /** As `tealight stop`; the directory stays. */
  stop(): Promise<void>;
  /** Stops and removes everything. */
  [Symbol.asyncDispose](): Promise<void>;
}

export function makeTempDir(): string {
  return mkdtempSync(join(tmpdir(), "tealight-test-"));
}

/** @param overrides any settings; `dataDir` of a stopped server starts on its store again. */
export async function startServer(overrides: Partial<Config> = {}): Promise<TestServer> {
  const dataDir = overrides.dataDir ?? makeTempDir();
  const bugs: string[] = [];
  const log = createLog("error", false, (line) => bugs.push(line));
  const config = { ...resolveConfig({}, {}, "/nonexistent"), port: 0, ...overrides, dataDir };
  const engine = await openEngine(config, log, {
    onShutdown: () => {},
    onCrash: (cause) => bugs.push(cause.message),
  });
  const listening = listen({
    ...config,
    fetch: engine.app.fetch,
    onBug: (cause) => bugs.push(String(cause)),
  });
  for (const host of listening.hosts) engine.hosts.add(host);
  const url = `http://127.0.0.1:${listening.port}`;
  let isStopped = false;

  const server: TestServer = {
    url,
    port: listening.port,
    dataDir,
    key: engine.directory.key,
    token: engine.directory.token,
    engine,
    bugs,
    ingest: (payload, headers = {}) =>
      fetch(`${url}/ingest`, {
        method: "POST",
        headers: {
          authorization: `Bearer ${engine.directory.key}`,
          "content-type": "application/json",
          ...headers,
        },
        body: typeof payload === "string" ? payload : JSON.stringify(payload),
      }),
    api: (path, init = {}) =>
      fetch(`${url}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${engine.directory.token}`, ...init.headers },
      }),
    async stop() {
      if (isStopped) return;
      isStopped = true;
      await engine.drain();
      await listening.stop(100);
      engine.release();
    },
    async [Symbol.asyncDispose]() {
      await server.stop();
      rmSync(dataDir, { recursive: true, force: true });
    },
  };
  return server;
}

/** Those that no test uses right now. */
const idleServers: TestServer[] = [];

/**
 * An empty server that an earlier test of the file may have used: a start takes many times what it takes
 * to empty one. For tests to which keys and counts of before do not matter; `endIdleServers` is for
 * when all are done.
 */
export async function borrowServer(): Promise<TestServer> {
  const server = idleServers.pop() ?? (await startServer());
  let isStopped = false;
  return {
    ...server,
    async stop() {
      isStopped = true;
      await server.stop();
    },
    async [Symbol.asyncDispose]() {
      if (isStopped) return server[Symbol.asyncDispose]();
      await empty(server);
      idleServers.push(server);
    },
  };
}

export async function endIdleServers(): Promise<void> {
  for (const server of idleServers.splice(0)) await server[Symbol.asyncDispose]();
}

async function empty({ api }: TestServer): Promise<void> {
  const read = async (path: string): Promise<any> => (await api(path)).json();
  const remove = async (path: string): Promise<void> => {
    const response = await api(path, { method: "DELETE" });
    const { nextCursor } = (await response.json()) as { nextCursor?: string | null };
    if (!response.ok || nextCursor) throw new Error(`not emptied: ${response.status} for ${path}`);
  };
  await remove("/api/traces?since=0&pinned=1");
  for (const { name } of (await read("/api/projects")).projects) {
    if (name !== "default") await remove(`/api/projects/${encodeURIComponent(name)}?pinned=1`);
  }
  for (const { id } of (await read("/api/prices")).rules) await remove(`/api/prices/${id}`);
  await remove("/api/prices/book");
}

/**
 * What this process took of the processors so far. Tests that work is linear go by it: the time on the
 * wall grows with whatever else the machine does.
 */
export function cpuMs(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

/** Sends as clients do: again where the answer says that the server has no time for it now. */
export async function sendUntilTaken(send: () => Promise<Response>): Promise<Response> {
  for (;;) {
    const response = await send();
    if (response.status !== 503) return response;
    await Bun.sleep(100);
  }
}

/** The smallest payload that the contract admits, with any part replaced. */
export function makePayload(
  trace: Record<string, unknown> = {},
  span: Record<string, unknown> = {},
) {
  return {
    version: "v1",
    traces: [{ traceId: "trace-1", traceName: "a trace", spans: [makeSpan(span)], ...trace }],
  };
}

export function makeSpan(span: Record<string, unknown> = {}) {
  return {
    spanId: "span-1",
    spanType: "llm",
    name: "chat",
    startTime: 1000,
    endTime: 2000,
    ...span,
  };
}

const sharedData = join(import.meta.dir, "../../shared/data");

/** Real agent traffic, one ingest payload a line; null where it is not at hand. */
export function readAgentSessions(): string[] | null {
  const file = join(sharedData, "agent-sessions.jsonl");
  return existsSync(file) ? readFileSync(file, "utf8").trim().split("\n") : null;
}

/** Requests of the reference's client library; null where they are not at hand. */
export function readCaptures():
  | { name: string; requests: { body: unknown; expect: { status: number; accepted: number } }[] }[]
  | null {
  const file = join(sharedData, "sdk-captures/v7-bun.json");
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : null;
}
