/**
 * Drives the compiled file as its users do, each check in a directory of its own:
 * `bun scripts/smoke.ts [file]`. test/e2e/binary.test.ts runs the same checks.
 */
import { Database } from "bun:sqlite";
import assert from "node:assert/strict";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { connect, createServer, type AddressInfo, type Socket } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import manifest from "../package.json" with { type: "json" };

/** What design.md promises for an orderly end, and more than anything else here takes. */
const deadlineMs = 5000;

export interface Check {
  /** What the file does. */
  title: string;
  /** @returns a figure worth printing. @throws where the file does something else. */
  run: (program: string) => Promise<string | void>;
}

interface Ended {
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
class Place {
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
class Server {
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

async function within<T>(promise: Promise<T>, what: string): Promise<T> {
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

async function until(isTrue: () => boolean | Promise<boolean>, what: string): Promise<void> {
  const deadline = performance.now() + deadlineMs;
  while (!(await isTrue())) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${deadlineMs} ms`);
    await Bun.sleep(5);
  }
}

async function freePort(): Promise<number> {
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

function payloadOf(traceId: string) {
  const span = { spanId: "s", spanType: "llm", name: "chat", startTime: 1, endTime: 2, input };
  return { version: "v1", traces: [{ traceId, traceName: "smoke", spans: [span] }] };
}

async function acknowledge(server: Server, traceId: string): Promise<void> {
  const response = await server.post(payloadOf(traceId));
  assert.equal(response.status, 202);
  assert.deepEqual(await response.json(), { accepted: 1 });
}

async function assertStored(server: Server, traceId: string): Promise<void> {
  const span = await server.get(`/api/traces/${traceId}/spans/s`);
  assert.equal(span.input, input);
}

/** One line that says what is wrong, one that says what to do, nothing else. */
function assertRefused({ exitCode, stdout, stderr }: Ended, why: RegExp, hint: RegExp): void {
  assert.equal(exitCode, 1, stderr);
  assert.equal(stdout, "");
  const lines = stderr.trimEnd().split("\n");
  assert.equal(lines.length, 2, stderr);
  assert.match(lines[0]!, /^tealight: /);
  assert.match(lines[0]!, why);
  assert.match(lines[1]!, /^  hint: /);
  assert.match(lines[1]!, hint);
}

/** Puts a store there, starts, and finds it refused and as it was. */
async function assertLeftAlone(
  program: string,
  makeStore: (path: string) => void,
  why: RegExp,
): Promise<void> {
  await using place = new Place(program);
  mkdirSync(place.dataDir);
  makeStore(join(place.dataDir, "tealight.db"));
  const before = contentsOf(place.dataDir);
  const ended = await place.run(place.serveCommand().slice(1));
  assertRefused(ended, why, /--data-dir/);
  const after = contentsOf(place.dataDir);
  for (const [name, bytes] of before) assert.ok(after.get(name)?.equals(bytes), name);
}

function contentsOf(dir: string): Map<string, Buffer> {
  return new Map(readdirSync(dir).map((name) => [name, readFileSync(join(dir, name))]));
}

/** Runs statements in a new or existing database, whose log is left as a crash would leave it. */
function makeDatabase(path: string, ...statements: string[]): void {
  const db = new Database(path, { create: true });
  db.run("PRAGMA journal_mode = WAL");
  for (const statement of statements) db.run(statement);
  const log = readFileSync(`${path}-wal`);
  db.close();
  writeFileSync(`${path}-wal`, log);
}

/** Ends a server in front of hanging clients. */
async function assertEnds(
  program: string,
  end: (server: Server, place: Place) => Promise<{ exitCode: number; tookMs: number }>,
): Promise<string> {
  await using place = new Place(program);
  const server = await place.serve();
  await acknowledge(server, "before");
  await server.hang();
  const readers = [0, 1, 2, 3].map(() => server.poll("/api/traces"));
  const { exitCode, tookMs } = await end(server, place);
  await Promise.all(readers);
  assert.equal(exitCode, 0);
  assert.ok(tookMs < deadlineMs, `took ${tookMs} ms`);
  // Written back and closed: one file, and nothing that says a server runs. The ballast is made some time
  // after the start.
  const left = readdirSync(place.dataDir).filter((name) => name !== "ballast");
  assert.deepEqual(left.sort(), ["key", "lock.db", "tealight.db", "token"]);
  await assertStored(await place.serve(), "before");
  return `${tookMs.toFixed(0)} ms`;
}

async function startToFirstAnswerMs(program: string): Promise<number> {
  await using place = new Place(program);
  const startedAt = performance.now();
  await acknowledge(await place.serve(), "first");
  return performance.now() - startedAt;
}

export const checks: Check[] = [
  {
    title: "says its version",
    async run(program) {
      await using place = new Place(program);
      const ended = await place.run(["--version"]);
      assert.deepEqual(ended, { exitCode: 0, stdout: `${manifest.version}\n`, stderr: "" });
    },
  },
  {
    title: "answers its first 202 soon after the start",
    async run(program) {
      const times: number[] = [];
      for (let round = 0; round < 10; round++) times.push(await startToFirstAnswerMs(program));
      times.sort((a, b) => a - b);
      const medianMs = (times[4]! + times[5]!) / 2;
      // Far above the aim of 50 ms, for loaded machines; without bytecode it would not hold there.
      assert.ok(medianMs < 1000, `${medianMs} ms`);
      return `median ${medianMs.toFixed(0)} ms, ${times[0]!.toFixed(0)} to ${times[9]!.toFixed(0)} ms`;
    },
  },
  {
    title: "gives back what it took in, also after a restart",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      await acknowledge(server, "t");
      await assertStored(server, "t");
      assert.equal((await server.end("SIGTERM")).exitCode, 0);
      const next = await place.serve();
      await assertStored(next, "t");
      assert.equal(next.key, server.key);
    },
  },
  {
    title: "takes in what OpenTelemetry's own exporters send over HTTP and gRPC",
    async run(program) {
      await using place = new Place(program);
      const ports = [await freePort(), await freePort()];
      const server = await place.serve([
        ...["--otlp-port", `${ports[0]}`, "--otlp-grpc-port", `${ports[1]}`],
      ]);
      const { info } = server;
      assert.deepEqual(
        [info.otlpUrl, info.otlpGrpcUrl],
        ports.map((port) => `http://localhost:${port}`),
      );
      for (const protocol of ["http/json", "http/protobuf", "grpc"]) {
        const endpoint = protocol === "grpc" ? info.otlpGrpcUrl : info.otlpUrl;
        const target = JSON.stringify({ endpoint, protocol, gzip: true });
        const emitter = join(import.meta.dir, "../test/otlp/emitters/run.ts");
        const command = [
          process.execPath,
          emitter,
          "opentelemetry.ts",
          "emitOpenTelemetry",
          target,
        ];
        const child = place.spawn(command);
        assert.equal(await within(child.exited, `the exporter of ${protocol}`), 0);
      }
      const { traces } = await server.get("/api/traces");
      assert.equal(traces.length, 3);
      for (const { source, state, llmCount } of traces) {
        assert.deepEqual([source, state, llmCount > 0], ["otlp", "ended", true]);
      }
    },
  },
  {
    title: "has its manual inside",
    async run(program) {
      await using place = new Place(program);
      const help = await place.run(["help", "filters"]);
      assert.equal(help.exitCode, 0);
      const page = await Bun.file(join(import.meta.dir, "../src/docs/filters.md")).text();
      assert.equal(help.stdout, page);
      const { info } = await place.serve();
      const markdown = { headers: { accept: "text/markdown" } };
      assert.equal(await (await fetch(`${info.url}/docs/filters`, markdown)).text(), page);
      assert.match(await (await fetch(`${info.url}/llms.txt`)).text(), /\(\/docs\/filters\.md\)/);
    },
  },
  {
    title: "serves its viewer from itself",
    async run(program) {
      await using place = new Place(program);
      const { info } = await place.serve();
      const shell = await (await fetch(`${info.url}/traces`)).text();
      const files = [...shell.matchAll(/"(\/assets\/[^"]+)"/g)].map(([, path]) => path!);
      assert.ok(files.length >= 4, shell);
      const sizes = await Promise.all(
        files.map(async (path) => {
          const response = await fetch(`${info.url}${path}`);
          assert.equal(response.status, 200, path);
          return (await response.bytes()).length;
        }),
      );
      assert.ok(Math.min(...sizes) > 0);
      return `${files.length} files, ${Math.round(sizes.reduce((sum, size) => sum + size) / 1000)} KB`;
    },
  },
  {
    title: "loses nothing it acknowledged to a kill -9",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      const acknowledged: string[] = [];
      const senders = [0, 1, 2, 3].map(async (sender) => {
        for (let number = 0; ; number++) {
          const traceId = `${sender}-${number}`;
          const response = await server.post(payloadOf(traceId)).catch(() => null);
          if (response?.status !== 202) return;
          acknowledged.push(traceId);
        }
      });
      await until(() => acknowledged.length >= 100, "100 answers");
      await server.end("SIGKILL");
      await Promise.all(senders);
      const next = await place.serve();
      for (const traceId of acknowledged) await assertStored(next, traceId);
      return `${acknowledged.length} answers`;
    },
  },
  {
    title: "takes nothing from a .env or bunfig.toml of the working directory",
    async run(program) {
      await using place = new Place(program);
      const marker = join(place.dir, "marker");
      const key = "fl_planted_in_dotenv";
      writeFileSync(
        join(place.dir, "preload.ts"),
        `require("node:fs").writeFileSync(${JSON.stringify(marker)}, "");`,
      );
      writeFileSync(join(place.dir, "bunfig.toml"), 'preload = ["./preload.ts"]\n');
      const variables = {
        TEALIGHT_PORT: "1",
        TEALIGHT_API_KEY: key,
        TEALIGHT_DATA_DIR: place.dataDir,
        TEALIGHT_LOG_LEVEL: "planted",
      };
      const dotenv = Object.entries(variables).map(([name, value]) => `${name}=${value}\n`);
      for (const name of [".env", ".env.local", ".env.production"])
        writeFileSync(join(place.dir, name), dotenv.join(""));
      // The trap works: Bun itself falls into it.
      const control = place.spawn([process.execPath, "-p", "process.env.TEALIGHT_LOG_LEVEL"]);
      assert.equal((await control.stdout.text()).trim(), "planted");
      assert.ok(existsSync(marker));
      rmSync(marker);

      const server = await place.serve();
      assert.equal((await server.post(payloadOf("t"), key)).status, 401);
      await acknowledge(server, "t");
      // Without --data-dir it would find that server only by the planted variable.
      assert.equal((await place.run(["stop"])).exitCode, 3);
      await assertStored(server, "t");
      assert.ok(!existsSync(marker), "the preload ran");
    },
  },
  {
    title: "opens no store with a debugger that the environment opens",
    async run(program) {
      await using place = new Place(program);
      const env = { BUN_INSPECT: `ws://127.0.0.1:${await freePort()}/debug` };
      const keys = ["keys", "list", "--data-dir", place.dataDir];
      for (const args of [place.serveCommand().slice(1), keys]) {
        const { exitCode, stdout, stderr } = await place.run(args, env);
        assert.deepEqual([exitCode, stdout], [2, ""]);
        assert.match(stderr, /^tealight: BUN_INSPECT opens a debugger.*\n  hint: unset it.*\n$/);
      }
      assert.ok(!existsSync(place.dataDir));
    },
  },
  {
    title: "ends with 0 on SIGINT while clients hang",
    run: (program) => assertEnds(program, (server) => server.end("SIGINT")),
  },
  {
    title: "ends with 0 on SIGTERM while clients hang",
    run: (program) => assertEnds(program, (server) => server.end("SIGTERM")),
  },
  {
    title: "ends with 0 on `stop` while clients hang",
    run: (program) =>
      assertEnds(program, async (server, place) => {
        const stopping = place.run(["stop", "--data-dir", place.dataDir]);
        const ended = await server.ended();
        assert.deepEqual(await stopping, {
          exitCode: 0,
          stdout: `stopped process ${server.info.pid}\n`,
          stderr: "",
        });
        return ended;
      }),
  },
  {
    title: "ends at once on a second signal, and loses nothing",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      await acknowledge(server, "t");
      // Held from outside, the store cannot be closed in order.
      const holder = new Database(join(place.dataDir, "tealight.db"));
      holder.run("BEGIN IMMEDIATE");
      try {
        server.child.kill("SIGINT");
        await server.logged("stopping");
        // Sooner, it would be taken for the same Ctrl-C, handed on by a parent.
        await Bun.sleep(200);
        const { exitCode, tookMs } = await server.end("SIGINT");
        assert.equal(exitCode, 130);
        assert.ok(tookMs < 1000, `took ${tookMs} ms`);
      } finally {
        holder.close();
      }
      await assertStored(await place.serve(), "t");
    },
  },
  {
    title: "ends in order where one Ctrl-C comes twice",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      await server.hang();
      server.child.kill("SIGINT");
      // At the very same time the system would make one of the two.
      await Bun.sleep(5);
      assert.equal((await server.end("SIGINT")).exitCode, 0);
    },
  },
  {
    title: "ends with the process that started it",
    async run(program) {
      await using place = new Place(program);
      const parent = place.spawn([
        ...["sh", "-c", '"$@" & cat', "sh"],
        ...place.serveCommand(["--exit-with-parent"]),
      ]);
      const server = await Server.from(parent);
      await acknowledge(server, "t");
      parent.kill("SIGKILL");
      await until(() => !existsSync(join(place.dataDir, "server.json")), "the server's end");
      await assertStored(await place.serve(), "t");
    },
  },
  {
    title: "`run` starts a server of the same file, which `stop` ends",
    async run(program) {
      await using place = new Place(program);
      const where = ["--data-dir", place.dataDir];
      const command = ["sh", "-c", 'echo "$FOGLAMP_INGEST_URL"; exit 7'];
      const { exitCode, stdout, stderr } = await place.run([
        ...["run", ...where, "--port", "0"],
        ...["--", ...command],
      ]);
      assert.equal(exitCode, 7);
      assert.match(stdout, /^http:\/\/localhost:\d+\/ingest\n$/);
      assert.match(stderr, /started a server on http:\/\/localhost:\d+; it goes on running/);
      assert.equal((await place.run(["stop", ...where])).exitCode, 0);
      assert.equal((await place.run(["stop", ...where])).exitCode, 3);
    },
  },
  {
    title: "exports and imports without a server",
    async run(program) {
      await using from = new Place(program);
      const server = await from.serve();
      await acknowledge(server, "t");
      await server.end("SIGTERM");
      const file = join(from.dir, "all.jsonl");
      const exported = await from.run(["export", "--data-dir", from.dataDir, "-o", file]);
      assert.equal(exported.exitCode, 0, exported.stderr);
      await using to = new Place(program);
      const imported = await to.run(["import", "--data-dir", to.dataDir, "--json", file]);
      assert.deepEqual(imported, { exitCode: 0, stdout: '{"accepted":1}\n', stderr: "" });
      await assertStored(await to.serve(), "t");
    },
  },
  {
    title: "refuses a damaged store and leaves it as it is",
    run: (program) =>
      assertLeftAlone(
        program,
        (path) => writeFileSync(path, "This was a database once.\n".repeat(1000)),
        /damaged or not a database/,
      ),
  },
  {
    title: "refuses another program's database and leaves it as it is",
    run: (program) =>
      assertLeftAlone(
        program,
        (path) => makeDatabase(path, "CREATE TABLE recipes (name TEXT)"),
        /belongs to another program/,
      ),
  },
  {
    title: "refuses the store of a newer version and leaves it as it is",
    async run(program) {
      await using place = new Place(program);
      await (await place.serve()).end("SIGTERM");
      const store = readFileSync(join(place.dataDir, "tealight.db"));
      await assertLeftAlone(
        program,
        (path) => {
          writeFileSync(path, store);
          makeDatabase(path, "PRAGMA user_version = 999");
        },
        /newer version \(schema 999/,
      );
    },
  },
  {
    title: "names a free port where its own is taken",
    async run(program) {
      await using place = new Place(program);
      const holder = createServer().listen(0, "127.0.0.1");
      await new Promise((listening) => holder.once("listening", listening));
      const { port } = holder.address() as AddressInfo;
      try {
        const ended = await place.run(place.serveCommand(["--port", String(port)]).slice(1));
        assertRefused(ended, new RegExp(`port ${port} is taken`), /--port \d+/);
        const free = /--port (\d+)/.exec(ended.stderr)![1]!;
        const server = await place.serve(["--port", free]);
        assert.equal(server.info.port, Number(free));
      } finally {
        holder.close();
      }
    },
  },
  {
    title: "refuses a directory that another server uses, and names that server",
    async run(program) {
      await using place = new Place(program);
      const server = await place.serve();
      const ended = await place.run(place.serveCommand().slice(1));
      assertRefused(ended, new RegExp(`another server uses .*${server.info.url}`), /tealight stop/);
      await acknowledge(server, "t");
    },
  },
  {
    title: "refuses a data directory that it cannot write to",
    async run(program) {
      await using place = new Place(program);
      // The superuser may write everywhere but into /proc.
      let dataDir = "/proc/tealight";
      if (process.getuid?.() !== 0) {
        dataDir = join(place.dir, "read-only");
        mkdirSync(dataDir);
        chmodSync(dataDir, 0o500);
      }
      for (const dir of [dataDir, place.program]) {
        const ended = await place.run(["serve", "--port", "0", "--data-dir", dir]);
        assertRefused(ended, /data directory .* cannot be used/, /--data-dir/);
      }
    },
  },
];

async function main([program = join(import.meta.dir, "../dist/tealight")]: string[]) {
  let failed = 0;
  for (const { title, run } of checks) {
    const startedAt = performance.now();
    try {
      const figure = await run(resolve(program));
      const tookMs = performance.now() - startedAt;
      console.log(`ok    ${title}${figure ? `: ${figure}` : ""} [${tookMs.toFixed(0)} ms]`);
    } catch (cause) {
      failed++;
      console.log(`FAIL  ${title}: ${(cause as Error).stack ?? cause}`);
    }
  }
  console.log(`smoke: ${checks.length - failed} passed, ${failed} failed`);
  process.exit(failed === 0 ? 0 : 1);
}

if (import.meta.main) await main(process.argv.slice(2));
