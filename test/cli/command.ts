/** The command line as its users have it: a process of its own, against a directory of its own. */
import { expect } from "bun:test";
import { existsSync, rmSync, writeFileSync } from "node:fs";
import type { Config } from "../../src/config.ts";
import {
  dataDirectoryFiles,
  readServerInfo,
  type ServerInfo,
} from "../../src/directory/directory.ts";
import { proofOf } from "../../src/secrets.ts";
import { version } from "../../src/version.ts";
import { executable } from "../executable.ts";
import { borrowServer, makeTempDir, startServer, type TestServer } from "../helpers.ts";

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

export interface CommandOptions {
  /** What is piped to it; nothing by default. */
  input?: string | ReadableStream;
  env?: Record<string, string>;
}

/** A data directory that goes when the test ends, and with it the server that runs there. */
export function makeDataDir() {
  const dir = makeTempDir();
  return {
    dir,
    async [Symbol.asyncDispose]() {
      if (existsSync(dataDirectoryFiles(dir).serverFile)) await tealight(dir, ["stop"]);
      rmSync(dir, { recursive: true, force: true });
    },
  };
}

/** The process of a command line, for tests that look at it while it runs. */
export function spawnTealight(
  dataDir: string,
  args: string[],
  { input, env }: CommandOptions = {},
) {
  return Bun.spawn([executable, ...args], {
    env: environment(dataDir, env),
    stdin: typeof input === "string" ? new Blob([input]) : (input ?? "ignore"),
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Runs a command line to its end. */
export async function tealight(
  dataDir: string,
  args: string[],
  options: CommandOptions = {},
): Promise<Ended> {
  const child = spawnTealight(dataDir, args, options);
  const [stdout, stderr, exitCode] = await Promise.all([
    child.stdout.text(),
    child.stderr.text(),
    child.exited,
  ]);
  return { exitCode, stdout, stderr };
}

/**
 * The same on a terminal, where both outputs are one.
 *
 * @param isEnough tells from the output so far when to end it.
 */
export async function tealightOnTerminal(
  dataDir: string,
  args: string[],
  isEnough: (output: string) => boolean = () => false,
): Promise<{ exitCode: number; output: string }> {
  let output = "";
  let hasEnded = false;
  const decoder = new TextDecoder();
  const child = Bun.spawn([executable, ...args], {
    env: { ...environment(dataDir), TERM: "xterm" },
    terminal: {
      cols: 200,
      rows: 50,
      data(_, bytes) {
        output += decoder.decode(bytes, { stream: true });
        if (hasEnded || !isEnough(output)) return;
        hasEnded = true;
        child.kill("SIGTERM");
      },
    },
  });
  const exitCode = await child.exited;
  child.terminal!.close();
  return { exitCode, output };
}

function environment(dataDir: string, more: Record<string, string> = {}): Record<string, string> {
  const inherited = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined && !/^(TEALIGHT|FOGLAMP|XDG)_|^(FORCE|NO)_COLOR$/.test(entry[0]),
  );
  return {
    ...Object.fromEntries(inherited),
    HOME: dataDir,
    TEALIGHT_DATA_DIR: dataDir,
    // OTLP's ports are the same for all.
    TEALIGHT_OTLP_PORT: "0",
    TEALIGHT_OTLP_GRPC_PORT: "0",
    ...more,
  };
}

type AnnouncedServer = TestServer & { info: ServerInfo };

/** A server that commands find in its directory, as they find that of `tealight serve`. */
export async function startAnnouncedServer(
  overrides: Partial<Config> = {},
): Promise<AnnouncedServer> {
  return announce(await startServer(overrides));
}

/** The same on a server of `borrowServer`. */
export async function borrowAnnouncedServer(): Promise<AnnouncedServer> {
  return announce(await borrowServer());
}

function announce(server: TestServer): AnnouncedServer {
  const { directory } = server.engine;
  const info: ServerInfo = {
    pid: process.pid,
    url: `http://localhost:${server.port}`,
    port: server.port,
    otlpUrl: `http://localhost:${server.port}`,
    otlpGrpcUrl: null,
    otlpAuth: server.engine.otlp.auth,
    version,
    startedAt: Date.now(),
    dataDir: directory.dir,
    keyFile: directory.keyFile,
    tokenFile: directory.tokenFile,
  };
  server.engine.announce(info);
  return { ...server, info };
}

/**
 * A server of the test's own that commands take for the one of a directory: it proves that it knows the
 * token there. Its other answers are the test's.
 */
export function standIn(dir: string, answer: (request: Request) => Response) {
  const token = "a token";
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port: 0,
    fetch(request) {
      const { host, pathname, searchParams } = new URL(request.url);
      if (pathname !== "/health") return answer(request);
      return Response.json({ proof: proofOf(token, host, searchParams.get("nonce") ?? "") });
    },
  });
  const { serverFile, tokenFile } = dataDirectoryFiles(dir);
  writeFileSync(tokenFile, token);
  const url = `http://127.0.0.1:${server.port}`;
  writeFileSync(serverFile, JSON.stringify({ url, dataDir: dir }));
  return server;
}

/** What a route under /api answers. */
export async function readApi(server: TestServer, path: string): Promise<any> {
  const response = await server.api(path);
  expect(response.status).toBe(200);
  return response.json();
}

/** The note of the server that a command left running. */
export function runningServer(dataDir: string): ServerInfo {
  const info = readServerInfo(dataDir);
  if (!info) throw new Error("no server is announced");
  return info;
}

/** One line that says what is wrong and at most one that says what to do: no trace of a stack. */
export function expectFailure(
  { exitCode, stdout, stderr }: Ended,
  code: number,
  why: string,
): void {
  expect({ exitCode, stdout }).toEqual({ exitCode: code, stdout: "" });
  const [line, ...rest] = stderr.trimEnd().split("\n");
  expect(line).toStartWith(`tealight: ${why}`);
  expect(rest.length).toBeLessThanOrEqual(1);
  for (const hint of rest) expect(hint).toStartWith("  hint: ");
}
