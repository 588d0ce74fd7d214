/**
 * More than a server can take: a disk that does not answer, or has no room, senders that are too slow,
 * too idle, too many or too large. Those are refused or cut off; everyone else is served as ever.
 */
import { Database } from "bun:sqlite";
import { afterAll, describe, expect, test } from "bun:test";
import { randomBytes } from "node:crypto";
import { rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { join } from "node:path";
import { makePayload, makeTempDir, sendUntilTaken } from "../helpers.ts";
import { spawnServer, type ServerProcess } from "../server.process.ts";

const MiB = 2 ** 20;
/** Of the server alone, whatever the load of this file. */
const maxMemoryMiB = 700;

const dirs: string[] = [];
afterAll(() => {
  for (const dir of dirs) rmSync(dir, { recursive: true, force: true });
});

function makeDir(): string {
  const dir = makeTempDir();
  dirs.push(dir);
  return dir;
}

function post(server: ServerProcess, spanId: string, more: Record<string, unknown> = {}) {
  return fetch(`${server.url}/ingest`, {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}` },
    body: JSON.stringify(makePayload({}, { spanId, ...more })),
  });
}

async function read<T>(server: ServerProcess, path: string): Promise<T> {
  const response = await fetch(`${server.url}${path}`, {
    headers: { authorization: `Bearer ${server.token}` },
  });
  expect({ path, status: response.status }).toEqual({ path, status: 200 });
  return (await response.json()) as T;
}

const spanCountOf = async (server: ServerProcess) =>
  (await read<{ spanCount: number }>(server, "/api/status")).spanCount;

/** A normal agent beside the trouble: one small request after another while `isOn()`. */
async function normalService(server: ServerProcess, isOn: () => boolean) {
  const waitsMs: number[] = [];
  const refused: number[] = [];
  for (let i = 0; isOn(); i++) {
    const start = performance.now();
    const { status, headers } = await post(server, `normal ${i}`);
    waitsMs.push(performance.now() - start);
    // A commit that takes too long is the machine's fault, a place that is missing the server's.
    if (status !== 202 && headers.get("retry-after") !== "5") refused.push(status);
    await Bun.sleep(10);
  }
  waitsMs.sort((a, b) => a - b);
  const at = (share: number) => Math.round(waitsMs[Math.floor(waitsMs.length * share)] ?? 0);
  return { count: waitsMs.length, refused, p50Ms: at(0.5), p99Ms: at(0.99), maxMs: at(0.9999) };
}

/** A connection that says only what it is told to. */
function openSocket(port: number) {
  const socket: Socket = connect(port, "127.0.0.1");
  let received = "";
  socket.on("data", (chunk) => (received += chunk.toString()));
  socket.on("error", () => {});
  const closed = new Promise<{ received: string }>((resolve) =>
    socket.on("close", () => resolve({ received })),
  );
  const connected = new Promise<void>((resolve) => socket.on("connect", () => resolve()));
  return { socket, closed, connected };
}

// These mostly wait, so they wait together.
describe.concurrent("senders that hold a connection and say little", () => {
  test("are cut off, and everyone else is served meanwhile", async () => {
    await using server = await spawnServer(makeDir());
    const idle = Array.from({ length: 1000 }, () => openSocket(server.port));
    await Promise.all(idle.map(({ connected }) => connected));

    const head = (length: number) =>
      `POST /ingest HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\n` +
      `authorization: Bearer ${server.key}\r\ncontent-length: ${length}\r\n\r\n`;
    const drips = [
      ["a header", ""],
      ["a small body", head(2000)],
      // These declare so much that, while they last, no other large body is let in.
      ...Array.from({ length: 9 }, () => ["a large body", head(10 * MiB)] as const),
    ].map(([what, first]) => {
      const drip = openSocket(server.port);
      drip.socket.write(first!);
      const text = what === "a header" ? head(2000) : " ".repeat(2000);
      let at = 0;
      const timer = setInterval(() => drip.socket.write(text[at++ % text.length]!), 1000);
      void drip.closed.then(() => clearInterval(timer));
      return { what: what!, ...drip };
    });

    let isOver = false;
    const service = normalService(server, () => !isOver);
    await Bun.sleep(500);
    const large = () =>
      fetch(`${server.url}/ingest`, {
        method: "POST",
        headers: { authorization: `Bearer ${server.key}` },
        body: JSON.stringify(makePayload({}, { input: "x".repeat(999_999) })).padEnd(9 * MiB),
      });
    let refused = await large();
    // On a busy machine the heads may come later.
    while (refused.status === 202) refused = await large();
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([503, "1"]);

    for (const { what, closed } of drips) {
      const { received } = await closed;
      expect({ what, status: received.slice(0, 12) }).toEqual({
        what,
        status: expect.stringMatching(/^(|HTTP\/1.1 4\d\d)$/),
      });
    }
    for (const { closed } of idle) expect((await closed).received).toBe("");
    isOver = true;
    const { refused: refusals, ...waits } = await service;
    console.info(`beside 1,000 idle and 11 slow connections: ${JSON.stringify(waits)}`);
    expect(refusals).toEqual([]);
    expect(waits.count).toBeGreaterThan(50);
    // What the slow ones had taken up is free again.
    expect((await sendUntilTaken(large)).status).toBe(202);
    expect(server.peakMemoryMiB() ?? 0).toBeLessThan(maxMemoryMiB);
    server.signal("SIGTERM");
    expect(await server.log).not.toContain("bug");
  });
});

describe.concurrent("a disk", () => {
  test("that does not answer means 503 and not silence, and service resumes when it does", async () => {
    const dir = makeDir();
    await using server = await spawnServer(dir);
    expect((await post(server, "before")).status).toBe(202);
    const other = new Database(join(dir, "tealight.db"));
    // The server works in the background, too.
    other.run("PRAGMA busy_timeout = 30000");
    other.run("BEGIN IMMEDIATE");

    let answered = 0;
    const startMs = performance.now();
    const waiting = Array.from({ length: 20 }, (_, i) =>
      post(server, `waiting ${i}`).finally(() => answered++),
    );
    // Reads and the server's own pulse do not wait for the disk.
    let reads = 0;
    for (; answered === 0; reads++) {
      expect((await fetch(`${server.url}/health`)).status).toBe(200);
      expect((await read<{ traces: unknown[] }>(server, "/api/traces")).traces).toHaveLength(1);
      await Bun.sleep(50);
    }
    expect(reads).toBeGreaterThan(3);
    for (const response of await Promise.all(waiting)) {
      expect([response.status, response.headers.get("retry-after")]).toEqual([503, "5"]);
      expect(await response.json()).toMatchObject({
        error: "ingest buffer full",
        code: "buffer_full",
      });
    }
    expect(performance.now() - startMs).toBeGreaterThan(4000);
    other.run("ROLLBACK");
    other.close();

    const again = await Promise.all(
      Array.from({ length: 20 }, (_, i) => sendUntilTaken(() => post(server, `waiting ${i}`))),
    );
    expect(again.map(({ status }) => status)).toEqual(again.map(() => 202));
    expect(await spanCountOf(server)).toBe(21);
    server.signal("SIGTERM");
    expect(await server.log).not.toContain("bug");
  });

  test("that is held while a deleted trace is collected does not end the server", async () => {
    const dir = makeDir();
    await using server = await spawnServer(dir);
    await post(server, "a span", { input: "x" });
    const deleted = await fetch(`${server.url}/api/traces/trace-1`, {
      method: "DELETE",
      headers: { authorization: `Bearer ${server.token}` },
    });
    const other = new Database(join(dir, "tealight.db"));
    // The server works in the background, too.
    other.run("PRAGMA busy_timeout = 30000");
    other.run("BEGIN IMMEDIATE");
    expect(deleted.status).toBe(200);
    // Longer than a statement waits for the lock.
    await Bun.sleep(5500);
    other.run("ROLLBACK");
    other.close();
    expect((await post(server, "another")).status).toBe(202);
    expect(await spanCountOf(server)).toBe(1);
  });

  /** Random, since the store compresses. */
  const noise = () => randomBytes(200_000).toString("base64");

  const canLimit = process.platform === "linux" && Bun.which("prlimit") !== null;

  test.skipIf(!canLimit)(
    "that has no room means 503, and all is there when it has some again",
    async () => {
      // No file may grow beyond 4 MiB; the signal that would say so is turned into an error.
      const wrapper = ["bash", "-c", "trap '' XFSZ; ulimit -S -f 4096; exec \"$@\"", "limited"];
      await using server = await spawnServer(makeDir(), { wrapper });
      const acknowledged: string[] = [];
      let refusal: Response | undefined;
      for (let i = 0; i < 40 && !refusal; i++) {
        const response = await post(server, `span ${i}`, { input: noise() });
        if (response.status === 202) acknowledged.push(`span ${i}`);
        else refusal = response;
      }
      expect(acknowledged.length).toBeGreaterThan(5);
      expect([refusal!.status, refusal!.headers.get("retry-after")]).toEqual([503, "10"]);
      expect(await refusal!.json()).toMatchObject({
        error: "ingest buffer full",
        code: "storage_unavailable",
      });
      // What is there can be read, and the server says how it is.
      expect(await spanCountOf(server)).toBe(acknowledged.length);
      expect((await fetch(`${server.url}/health`)).status).toBe(200);

      Bun.spawnSync(["prlimit", `--pid=${server.pid}`, "--fsize=unlimited:"]);
      for (let i = 0; i < 30; i++) {
        const response = await post(server, `later ${i}`, { input: noise() });
        expect(response.status).toBe(202);
        acknowledged.push(`later ${i}`);
      }
      const { spans } = await read<{ spans: { spanId: string }[] }>(server, "/api/traces/trace-1");
      expect(spans.map(({ spanId }) => spanId).sort()).toEqual(acknowledged.sort());
      server.signal("SIGTERM");
      expect(await server.exited).toBe(0);
      expect(await server.log).not.toContain("bug");
    },
  );
});

describe("senders of 10 MiB", () => {
  test.each([
    ["64", "plain", "4"],
    ["200", "gzip", "2"],
  ])(
    "%s of %s JSON, wait or come again; small requests pass, memory is bounded",
    async (count, kind, seconds) => {
      await using server = await spawnServer(makeDir());
      const senders = Bun.spawn(
        [
          process.execPath,
          join(import.meta.dir, "senders.process.ts"),
          ...[`${server.url}/ingest`, server.key, count, seconds, kind],
        ],
        { stdout: "pipe", stderr: "inherit" },
      );
      let isOver = false;
      const [service, output] = await Promise.all([
        normalService(server, () => !isOver),
        senders.stdout.text().finally(() => (isOver = true)),
      ]);
      const { counts, withRetryAfter } = JSON.parse(output) as Record<
        string,
        Record<string, number>
      >;
      const { refused, ...waits } = service;
      console.info(
        `${count} senders of ${kind} JSON: ${JSON.stringify(counts)}, a small request beside them ${JSON.stringify(waits)}, peak ${Math.round(server.peakMemoryMiB() ?? 0)} MiB`,
      );
      expect(refused).toEqual([]);
      expect(waits.count).toBeGreaterThan(3);
      expect(counts!["202"]).toBeGreaterThan(0);
      expect(Object.keys(counts!).filter((status) => !["202", "503"].includes(status))).toEqual([]);
      expect(withRetryAfter!["503"] ?? 0).toBe(counts!["503"] ?? 0);
      expect(server.peakMemoryMiB() ?? 0).toBeLessThan(maxMemoryMiB);
      // Nothing is left over: as many large ones as fit are taken again, and none is there twice.
      expect((await sendUntilTaken(() => post(server, "after"))).status).toBe(202);
      const { traces } = await read<{ traces: { traceId: string; spanCount: number }[] }>(
        server,
        "/api/traces",
      );
      for (const { traceId, spanCount } of traces.filter(({ traceId }) =>
        traceId.startsWith("large"),
      ))
        expect({ traceId, spanCount }).toEqual({ traceId, spanCount: 300 });
      server.signal("SIGTERM");
      expect(await server.log).not.toContain("bug");
    },
  );
});
