import { describe, expect, test } from "bun:test";
import { writeFileSync } from "node:fs";
import { dataDirectoryFiles, readServerInfo } from "../../src/directory/directory.ts";
import { expectFailure, makeDataDir, runningServer, tealight } from "./command.ts";

describe("stop", () => {
  test("ends the running server and returns when the directory is free", async () => {
    await using home = makeDataDir();
    await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
    const { pid, url } = runningServer(home.dir);
    const ended = await tealight(home.dir, ["stop"]);
    expect(ended).toEqual({ exitCode: 0, stdout: `stopped process ${pid}\n`, stderr: "" });
    expect(readServerInfo(home.dir)).toBeNull();
    expect(fetch(`${url}/health`)).rejects.toThrow();
    // The next one finds neither a lock nor a log to recover.
    expect((await tealight(home.dir, ["run", "--port", "0", "--", "true"])).exitCode).toBe(0);
  });

  test("--json names the process", async () => {
    await using home = makeDataDir();
    await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
    const { pid } = runningServer(home.dir);
    const { stdout } = await tealight(home.dir, ["stop", "--json"]);
    expect(JSON.parse(stdout)).toEqual({ stopped: pid });
  });

  test("ends with 3 where none runs", async () => {
    await using home = makeDataDir();
    expectFailure(await tealight(home.dir, ["stop"]), 3, `no server runs in ${home.dir}`);
  });

  test("ends with 3 where the note is of a server that was killed", async () => {
    await using home = makeDataDir();
    const { serverFile } = dataDirectoryFiles(home.dir);
    // Nothing can listen on port 1 without privileges, and nothing does.
    writeFileSync(serverFile, JSON.stringify({ pid: 1, url: "http://127.0.0.1:1", port: 1 }));
    expectFailure(await tealight(home.dir, ["stop"]), 3, `no server runs in ${home.dir}`);
    // Else the directory's end would wait for it.
    writeFileSync(serverFile, "");
  });
});
