/** Whom the command line hands the operator's token: the server of its directory, and nobody else. */
import { afterAll, describe, expect, test } from "bun:test";
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { connect } from "../../src/cli/client.ts";
import { resolveConfig } from "../../src/config.ts";
import { dataDirectoryFiles, readServerInfo } from "../../src/directory/directory.ts";
import { newSecret } from "../../src/secrets.ts";
import { endIdleServers, makePayload, makeTempDir } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  runningServer,
  tealight,
} from "./command.ts";

afterAll(endIdleServers);

/** Takes every request, and keeps all that it was sent. */
function listenIn(answer: (request: Request) => Response | Promise<Response>, port = 0) {
  const seen: string[] = [];
  const server = Bun.serve({
    hostname: "127.0.0.1",
    port,
    async fetch(request) {
      const headers = JSON.stringify([...request.headers]);
      seen.push(`${request.method} ${request.url} ${headers} ${await request.clone().text()}`);
      return answer(request);
    },
  });
  return {
    seen,
    port: server.port!,
    url: `http://127.0.0.1:${server.port}`,
    async [Symbol.asyncDispose]() {
      await server.stop(true);
    },
  };
}

const agreeable = () =>
  Response.json({ status: "ok", buffered: 0, keys: [], proof: "x".repeat(43) });

describe("a proxy that the environment names", () => {
  const variables = ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy", "HTTPS_PROXY"];

  test.each(variables)("as %s is sent nothing by any command", async (variable) => {
    await using server = await borrowAnnouncedServer();
    await server.ingest(makePayload());
    await using proxy = listenIn(agreeable);
    const env = { [variable]: proxy.url };
    for (const args of [["keys", "list"], ["export"], ["env"], ["open", "--print"]]) {
      const ended = await tealight(server.dataDir, args, { env });
      expect([args, ended.exitCode, ended.stderr]).toEqual([args, 0, ""]);
    }
    expect(proxy.seen).toEqual([]);
  });

  test("stays that of the command that `run` runs, and `run` and `stop` do without it", async () => {
    await using home = makeDataDir();
    await using proxy = listenIn(agreeable);
    const env = { HTTP_PROXY: proxy.url, all_proxy: proxy.url };
    const script = 'echo "$HTTP_PROXY $all_proxy"';
    const ran = await tealight(home.dir, ["run", "--port", "0", "--", "sh", "-c", script], { env });
    expect([ran.exitCode, ran.stdout]).toEqual([0, `${proxy.url} ${proxy.url}\n`]);
    expect((await tealight(home.dir, ["stop"], { env })).exitCode).toBe(0);
    expect(proxy.seen).toEqual([]);
  });
});

test("a variable of Bun's does not make a command print the token", async () => {
  await using server = await borrowAnnouncedServer();
  const env = { BUN_CONFIG_VERBOSE_FETCH: "curl" };
  const ended = await tealight(server.dataDir, ["keys", "list"], { env });
  expect([ended.exitCode, ended.stderr]).toEqual([0, ""]);
  expect(ended.stdout).not.toContain(server.token);
});

describe("a note whose port is another program's by now", () => {
  /** A directory as a killed server leaves it, with the address of someone else. */
  function leaveNote(dir: string, url: string): string {
    const token = newSecret("tl");
    const { tokenFile, serverFile, keyFile } = dataDirectoryFiles(dir);
    writeFileSync(tokenFile, `${token}\n`);
    const info = { pid: 1, url, port: 1, dataDir: dir, otlpUrl: url, keyFile, tokenFile };
    writeFileSync(serverFile, JSON.stringify(info));
    return token;
  }

  test("gets that program no token, whatever the command", async () => {
    await using impostor = listenIn(agreeable);
    const dir = makeTempDir();
    try {
      const token = leaveNote(dir, impostor.url);
      const none = `no server runs in ${dir}`;
      for (const args of [["stop"], ["env"], ["open", "--print"]]) {
        expectFailure(await tealight(dir, args), 3, none);
      }
      // These open the store themselves.
      for (const args of [["keys", "list"], ["reprice"], ["delete", "--since", "1d", "--yes"]]) {
        leaveNote(dir, impostor.url);
        expect((await tealight(dir, args)).stderr).not.toContain("does not answer");
      }
      expect(impostor.seen.length).toBeGreaterThanOrEqual(6);
      for (const request of impostor.seen) {
        expect(request).toStartWith(`GET ${impostor.url}/health?nonce=`);
        expect(request).not.toContain("authorization");
        expect(request).not.toContain(token);
      }
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  });

  test("does not keep `run` from starting a server", async () => {
    await using home = makeDataDir();
    await using impostor = listenIn(agreeable);
    leaveNote(home.dir, impostor.url);
    const { exitCode } = await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
    expect(exitCode).toBe(0);
    expect(runningServer(home.dir).url).not.toBe(impostor.url);
  });

  test("does not let that program pass on what the real server answers", async () => {
    await using server = await borrowAnnouncedServer();
    for (const host of [null, `localhost:${server.port}`]) {
      await using relay = listenIn((request) => {
        const { pathname, search } = new URL(request.url);
        const headers = { host: host ?? request.headers.get("host")! };
        return fetch(`${server.url}${pathname}${search}`, { headers });
      });
      server.engine.announce({ ...server.info, url: relay.url });
      expectFailure(await tealight(server.dataDir, ["stop"]), 3, "no server runs");
      expect(relay.seen.length).toBe(1);
      expect(relay.seen[0]).not.toContain("authorization");
    }
  });
});

test("a server that ends between two requests is not taken for who has its port then", async () => {
  await using server = await borrowAnnouncedServer();
  const { dataDir, port } = server;
  const client = await connect({ ...resolveConfig({}, {}, "/nonexistent"), dataDir });
  expect((await client.request("GET /api/keys", {})).status).toBe(200);
  await server.stop();
  await using impostor = listenIn(agreeable, port);
  const url = `http://localhost:${port}`;
  server.info.url = url;
  await expect(client.request("GET /api/keys", {})).rejects.toMatchObject({
    code: "unreachable",
    message: `the server at ${url} does not answer`,
  });
  await client.close();
  expect(impostor.seen.filter((request) => request.includes("authorization"))).toEqual([]);
});

test("a copy of a directory does not reach the server of the original", async () => {
  await using server = await borrowAnnouncedServer();
  const parent = makeTempDir();
  const copy = join(parent, "copy");
  try {
    mkdirSync(copy);
    const { tokenFile, serverFile } = dataDirectoryFiles(server.dataDir);
    for (const file of [tokenFile, serverFile]) cpSync(file, file.replace(server.dataDir, copy));
    expect(readServerInfo(copy)).toEqual(server.info);
    expectFailure(await tealight(copy, ["stop"]), 3, `no server runs in ${copy}`);
  } finally {
    rmSync(parent, { recursive: true, force: true });
  }
});

describe("a health check", () => {
  test("answers a nonce with a proof for the name that it was asked under, each time another", async () => {
    await using server = await borrowAnnouncedServer();
    const proofOf = async (host: string, nonce: string) => {
      const response = await fetch(`${server.url}/health?nonce=${nonce}`, { headers: { host } });
      const { proof, ...rest } = (await response.json()) as { proof?: string };
      expect([response.status, rest]).toEqual([200, { status: "ok", buffered: 0 } as {}]);
      return proof;
    };
    const [one, other] = ["n".repeat(32), "m".repeat(32)];
    const names = [`localhost:${server.port}`, `127.0.0.1:${server.port}`];
    const proofs = [
      await proofOf(names[0]!, one),
      await proofOf(names[1]!, one),
      await proofOf(names[0]!, other),
    ];
    expect(new Set(proofs).size).toBe(3);
    expect(await proofOf(names[0]!, one)).toBe(proofs[0]);
  });

  test("gives none without a nonce, and refuses what is none", async () => {
    await using server = await borrowAnnouncedServer();
    const health = async (query: string) => (await fetch(`${server.url}/health${query}`)).status;
    const plain = await fetch(`${server.url}/health?t=1`);
    expect(await plain.json()).toEqual({ status: "ok", buffered: 0 });
    for (const nonce of ["", "short", "x".repeat(65), "a".repeat(20) + "%0a"])
      expect([nonce, await health(`?nonce=${nonce}`)]).toEqual([nonce, 400]);
  });
});

test.each(["export", "delete a", "pin a", "reprice"])(
  "`%s` makes no store where a directory is mistyped",
  async (command) => {
    await using home = makeDataDir();
    const dir = join(home.dir, "mistyped");
    expectFailure(await tealight(dir, command.split(" ")), 3, `there is no store in ${dir}`);
    expect(existsSync(dir)).toBe(false);
  },
);
