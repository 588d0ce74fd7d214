/** More connections than the system lets a process have: nobody stays out for long, and nothing ends. */
import { afterAll, afterEach, beforeEach, expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { connect, type Socket } from "node:net";
import { connections } from "../../src/limits.ts";
import { startAfterMs } from "../../src/threads/searcher.ts";
import { makePayload, makeTempDir } from "../helpers.ts";
import { spawnServer, type ServerProcess } from "../server.process.ts";

const limit = 64;
const fewDescriptors = ["sh", "-c", `ulimit -n ${limit}; exec "$0" "$@"`];

const dir = makeTempDir();
afterAll(() => rmSync(dir, { recursive: true, force: true }));

let server: ServerProcess;
let sockets: Socket[] = [];
beforeEach(async () => {
  server = await spawnServer(dir, { wrapper: fewDescriptors });
  // By now it has read its prices.
  expect((await untilServed(post)).status).toBe(202);
});
afterEach(async () => {
  for (const socket of sockets) socket.destroy();
  sockets = [];
  await server[Symbol.asyncDispose]();
});

/** @param first what it says at once. @returns what comes back, as it comes. */
function open(first = ""): { socket: Socket; answers: AsyncIterator<Buffer> } {
  const socket = connect(server.port, "127.0.0.1");
  socket.on("error", () => {});
  sockets.push(socket);
  if (first) socket.write(first);
  return { socket, answers: socket[Symbol.asyncIterator]() as AsyncIterator<Buffer> };
}

const head = (line: string, secret: string) =>
  `${line} HTTP/1.1\r\nhost: 127.0.0.1:${server.port}\r\nauthorization: Bearer ${secret}\r\n\r\n`;

/** Whether a new client gets in, in the end. */
async function untilServed(ask: () => Promise<Response>): Promise<Response> {
  while (true) {
    const response = await ask().catch(() => null);
    if (response && response.status !== 503) return response;
    await Bun.sleep(50);
  }
}

/** Until the server has all that it may have. */
async function untilFull(): Promise<void> {
  while (readdirSync(`/proc/${server.pid}/fd`).length < limit) await Bun.sleep(10);
}

const ask = (path: string, init: RequestInit = {}) =>
  fetch(`${server.url}${path}`, {
    signal: AbortSignal.timeout(5000),
    headers: { authorization: `Bearer ${server.token}` },
    ...init,
  });

const post = () =>
  ask("/ingest", {
    method: "POST",
    headers: { authorization: `Bearer ${server.key}` },
    body: JSON.stringify(makePayload()),
  });

test("the server goes on where silent connections take all descriptors, and is itself again", async () => {
  // Accepted before the flood, and in the midst of its second request: who is idle is closed.
  const early = open(head("GET /health", server.token));
  await early.answers.next();
  const request = head("GET /api/traces", server.token);
  early.socket.write(request.slice(0, -2));
  for (let i = 0; i < 300; i++) open();
  await untilFull();
  await Bun.sleep(2 * connections.lookEveryMs);
  // The threads that read have not been started.
  early.socket.write(request.slice(-2));
  const answer = String((await early.answers.next()).value);
  expect(answer).toStartWith("HTTP/1.1 503");
  expect(answer.toLowerCase()).toContain("retry-after: ");
  expect(answer).toContain("too many connections are open");
  // Nor has the one that searches, which starts by itself meanwhile.
  await Bun.sleep(startAfterMs);
  for (const socket of sockets) socket.destroy();
  expect((await untilServed(post)).status).toBe(202);
  for (const path of ["/api/traces", "/api/stats", "/api/search?q=chat"]) {
    expect({ path, status: (await untilServed(() => ask(path))).status }).toEqual({
      path,
      status: 200,
    });
  }
});

test("connections that were served and are idle make room for new ones", async () => {
  const idle = Array.from({ length: 300 }, () => open(head("GET /health", server.token)));
  expect((await untilServed(post)).status).toBe(202);
  // Each was served in its turn.
  for (const { answers } of idle) {
    expect(String((await answers.next()).value)).toStartWith("HTTP/1.1 200");
  }
});
