import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, readFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { join } from "node:path";
import { endIdleServers } from "../helpers.ts";
import {
  borrowAnnouncedServer,
  expectFailure,
  makeDataDir,
  runningServer,
  tealight,
} from "./command.ts";

afterAll(endIdleServers);

/** With a server of its own, the flags that keep it off ports that are in use. */
const runHere = ["run", "--port", "0", "--"];

describe("run", () => {
  test("starts a server, says so, leaves it running, and uses it the next time", async () => {
    await using home = makeDataDir();
    const first = await tealight(home.dir, [...runHere, "true"]);
    const info = runningServer(home.dir);
    expect(first).toEqual({
      exitCode: 0,
      stdout: "",
      stderr: `tealight: started a server on ${info.url}; it goes on running, \`tealight stop --data-dir '${home.dir}'\` ends it\n`,
    });
    expect((await fetch(`${info.url}/health`)).status).toBe(200);
    const second = await tealight(home.dir, [...runHere, "true"]);
    expect(second).toEqual({ exitCode: 0, stdout: "", stderr: "" });
    expect(runningServer(home.dir)).toEqual(info);
    expect((await tealight(home.dir, ["stop"])).exitCode).toBe(0);
  });

  test("gives the command the server's address and key, with which its traces arrive", async () => {
    await using server = await borrowAnnouncedServer();
    const agent = `
      const response = await fetch(process.env.FOGLAMP_INGEST_URL, {
        method: "POST",
        headers: { authorization: "Bearer " + process.env.FOGLAMP_API_KEY },
        body: JSON.stringify({ version: "v1", traces: [{ traceId: "from-run", agentName: "a",
          spans: [{ spanId: "s", spanType: "agent", name: "", startTime: 1, endTime: 2 }] }] }),
      });
      console.log(response.status, process.env.KEPT);`;
    const ended = await tealight(server.dataDir, ["run", "--", process.execPath, "-e", agent], {
      env: { KEPT: "and the rest of the environment" },
    });
    expect(ended).toEqual({
      exitCode: 0,
      stdout: "202 and the rest of the environment\n",
      stderr: "",
    });
    expect((await server.api("/api/traces/from-run")).status).toBe(200);
  });

  test("ends as the command does", async () => {
    await using server = await borrowAnnouncedServer();
    const exitCodeOf = async (script: string) =>
      (await tealight(server.dataDir, ["run", "--", "sh", "-c", script])).exitCode;
    expect(await exitCodeOf("exit 0")).toBe(0);
    expect(await exitCodeOf("exit 42")).toBe(42);
    expect(await exitCodeOf("kill -TERM $$")).toBe(128 + 15);
  });

  test("hands on arguments and standard input as they are", async () => {
    await using server = await borrowAnnouncedServer();
    const ended = await tealight(
      server.dataDir,
      ["run", "--", "sh", "-c", 'printf "<%s>" "$@"; cat', "sh", "--help", "--port", "--", "a b"],
      { input: "and this" },
    );
    expect(ended).toEqual({ exitCode: 0, stdout: "<--help><--port><--><a b>and this", stderr: "" });
  });

  test("names a command that is not there, and starts no server for it", async () => {
    await using home = makeDataDir();
    const ended = await tealight(home.dir, ["run", "--", "no-such-command"]);
    expectFailure(ended, 2, "cannot run no-such-command: not found");
    expect(existsSync(join(home.dir, "server.json"))).toBe(false);
  });

  test("says why where no server starts, and does not run the command", async () => {
    await using home = makeDataDir();
    const holder = createServer().listen(0, "127.0.0.1");
    await new Promise((listening) => holder.once("listening", listening));
    const { port } = holder.address() as AddressInfo;
    try {
      const ended = await tealight(home.dir, ["run", "--port", `${port}`, "--", "echo", "ran"]);
      expectFailure(ended, 1, `port ${port} is taken on 127.0.0.1`);
      expect(ended.stderr).toMatch(/hint: try --port \d+/);
    } finally {
      holder.close();
    }
  });

  test.skipIf(process.platform !== "linux")(
    "does not show a secret in the arguments of the server, nor hand it Bun's debugging",
    async () => {
      await using home = makeDataDir();
      const token = "given-by-the-user-0123456789";
      const args = ["run", "--port", "0", "--token", token, "--", "sh", "-c", "echo $BUN_OPTIONS"];
      const ended = await tealight(home.dir, args, { env: { BUN_OPTIONS: "--smol" } });
      expect(ended.stdout).toBe("--smol\n");
      expect(ended.stderr).toContain("tealight: other users can see --token in the list");
      const { pid, url } = runningServer(home.dir);
      expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.toContain(token);
      expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.toContain("BUN_OPTIONS");
      const headers = { authorization: `Bearer ${token}` };
      expect((await fetch(`${url}/api/status`, { headers })).status).toBe(200);
    },
  );

  test("hands its settings to the server that it starts", async () => {
    await using home = makeDataDir();
    const key = "given-by-the-user-0123456789";
    await tealight(home.dir, ["run", "--port", "0", "--api-key", key, "--", "true"]);
    const response = await fetch(`${runningServer(home.dir).url}/ingest`, {
      method: "POST",
      headers: { "x-api-key": key },
      body: "{",
    });
    expect(response.status).toBe(400);
    expect(readFileSync(runningServer(home.dir).keyFile, "utf8")).not.toContain(key);
  });
});
