/** A directory in which one check of the executable runs, and the servers that it starts there. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, realpathSync, rmSync } from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** What design.md promises for an orderly end, and more than anything else here takes. */
export const deadlineMs = 5000;

export interface Check {
  /** What the file does. */
  title: string;
  /** @returns a figure worth printing. @throws where the file does something else. */
  run: (program: string) => Promise<string | void>;
}

export interface Ended {
  exitCode: number;
  stdout: string;
  stderr: string;
}

interface ServerInfo {
  pid: number;
  url: string;
  port: number;
  otlpUrl: string;
  otlpGrpcUrl: string;
  keyFile: string;
  tokenFile: string;
}

type Child = Bun.Subprocess<"pipe", "pipe", "pipe">;

/** The working directory, home and data directory of one check, and all that it starts. */
export class Place {
  readonly program: string;
  readonly dir = realpathSync(mkdtempSync(join(tmpdir(), "tealight-smoke-")));
  readonly dataDir = join(this.dir, "data");
  readonly #children: Child[] = [];

  constructor(program: string) {
    this.program = program;
  }

  spawn(command: string[], env: Record<string, string> = {}): Child {
    const child = Bun.spawn(command, {
      cwd: this.dir,
      env: {
        ...Object.fromEntries(
          Object.entries(process.env).filter(([name]) => !/^(TEALIGHT|FOGLAMP|XDG)_/.test(name)),
        ),
        HOME: this.dir,
        // OTLP's own ports may be taken on this machine.
        TEALIGHT_OTLP_PORT: "0",
        TEALIGHT_OTLP_GRPC_PORT: "0",
        ...env,
      },
      stdin: "pipe",
      stdout: "pipe",
      stderr: "pipe",
    });
    this.#children.push(child);
    return child;
  }

  /** Runs the file with these arguments to its end. */
  async run(args: string[], env?: Record<string, string>): Promise<Ended> {
    const child = this.spawn([this.program, ...args], env);
    void child.stdin.end();
    const [stdout, stderr, exitCode] = await Promise.all([
      child.stdout.text(),
      child.stderr.text(),
      child.exited,
    ]);
    return { exitCode, stdout, stderr };
  }

  serveCommand(args: string[] = []): string[] {
    const port = args.includes("--port") ? [] : ["--port", "0"];
    return [this.program, "serve", "--json", "--data-dir", this.dataDir, ...port, ...args];
  }

  serve(args: string[] = []): Promise<Server> {
    return Server.from(this.spawn(this.serveCommand(args)));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#children) child.kill("SIGKILL");
    await Promise.all(this.#children.map((child) => child.exited));
    rmSync(this.dir, { recursive: true, force: true });
  }
}

/** A server that has said where it is. */
export class Server {
  readonly child: Child;
  readonly info: ServerInfo;
  readonly key: string;
  readonly token: string;
  readonly #complaints: () => string;

  /** @param child writes the line of `serve --json`, itself or by what it starts. */
  static async from(child: Child): Promise<Server> {
    let complaints = "";
    void collect(child.stderr, (text) => (complaints += text));
    let said = "";
    const line = new Promise<string>((found) => {
      void collect(child.stdout, (text) => {
        said += text;
        if (said.includes("\n")) found(said.slice(0, said.indexOf("\n")));
      }).then(() => found(said));
    });
    const info = await within(line, "the line that says where the server is");
    if (info === "") throw new Error(`the server did not start: ${complaints}`);
    return new Server(child, JSON.parse(info), () => complaints);
  }

  private constructor(child: Child, info: ServerInfo, complaints: () => string) {
    this.child = child;
    this.info = info;
    this.key = readFileSync(info.keyFile, "utf8").trim();
    this.token = readFileSync(info.tokenFile, "utf8").trim();
    this.#complaints = complaints;
  }

  post(payload: unknown, key = this.key): Promise<Response> {
    return fetch(`${this.info.url}/ingest`, {
      method: "POST",
      headers: { authorization: `Bearer ${key}` },
      body: JSON.stringify(payload),
    });
  }

  async get(path: string): Promise<any> {
    const response = await fetch(`${this.info.url}${path}`, {
      headers: { authorization: `Bearer ${this.token}` },
    });
    assert.equal(response.status, 200, `GET ${path}`);
    return response.json();
  }

  /** Waits for a line of the log that holds this text. */
  async logged(text: string): Promise<void> {
    await until(() => this.#complaints().includes(text), `${text} in the log`);
  }

  /** @returns the exit code and how long it took. */
  async ended(): Promise<{ exitCode: number; tookMs: number }> {
    const startedAt = performance.now();
    const exitCode = await within(this.child.exited, "the server's end");
    return { exitCode, tookMs: performance.now() - startedAt };
  }

  async end(signal: NodeJS.Signals): Promise<{ exitCode: number; tookMs: number }> {
    this.child.kill(signal);
    return this.ended();
  }

  /** A client that asks again and again, until nobody answers. */
  async poll(path: string): Promise<void> {
    const headers = { authorization: `Bearer ${this.token}` };
    while (await fetch(`${this.info.url}${path}`, { headers }).catch(() => null));
  }

  /** Clients that began something and say no more, in all the ways there are. */
  async hang(): Promise<void> {
    const head = `POST /ingest HTTP/1.1\r\nHost: localhost:${this.info.port}\r\nAuthorization: Bearer ${this.key}\r\n`;
    const openings = [
      "",
      "POST /ingest HT",
      head,
      `${head}Content-Length: 1000\r\n\r\n{"version":`,
      `${head}Transfer-Encoding: chunked\r\n\r\n5\r\n{"ver\r\n`,
      `${head}Content-Length: 2\r\n\r\n{}`,
    ];
    await Promise.all(
      openings.map(async (opening) => {
        const socket = await dial(this.info.port);
        await new Promise<void>((sent) => socket.write(opening, () => sent()));
      }),
    );
    await this.get("/api/status");
  }
}

async function collect(stream: ReadableStream<Uint8Array>, on: (text: string) => void) {
  const decoder = new TextDecoder();
  for await (const chunk of stream) on(decoder.decode(chunk, { stream: true }));
}

export async function within<T>(promise: Promise<T>, what: string): Promise<T> {
  let timer: Timer | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`${what}: not within ${deadlineMs} ms`)), deadlineMs);
  });
  try {
    return await Promise.race([promise, late]);
  } finally {
    clearTimeout(timer);
  }
}

export async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await Bun.sleep(5);
  }
}

export async function freePort(): Promise<number> {
  const holder = createServer().listen(0, "127.0.0.1");
  await new Promise((listening) => holder.once("listening", listening));
  const { port } = holder.address() as AddressInfo;
  await new Promise((closed) => holder.close(closed));
  return port;
}

function dial(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, "127.0.0.1", () => resolve(socket));
    // Whoever hangs is cut in the end, which is what is wanted.
    socket.on("error", reject);
  });
}

const input = '[{"role":"user","content":"naïve \\ud800 日本 🎈 \\u0000 "}]\r\n';

export function payloadOf(traceId: string) {
  const span = { spanId: "s", spanType: "llm", name: "chat", startTime: 1, endTime: 2, input };
  return { version: "v1", traces: [{ traceId, traceName: "smoke", spans: [span] }] };
}

export async function acknowledge(server: Server, traceId: string): Promise<void> {
  const response = await server.post(payloadOf(traceId));
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { accepted: 1 });
}

export async function assertStored(server: Server, traceId: string): Promise<void> {
  const span = await server.get(`/api/traces/${traceId}/spans/s`);
  assert.equal(span.input, input);
}
