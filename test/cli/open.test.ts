import { describe, expect, test } from "bun:test";
import { chmodSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { dataDirectoryFiles } from "../../src/directory/directory.ts";
import { makeTempDir } from "../helpers.ts";
import { expectFailure, makeDataDir, runningServer, tealight } from "./command.ts";

describe("open", () => {
  test("--print prints a link to the viewer that has the token in its fragment", async () => {
    await using home = makeDataDir();
    await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
    const { url } = runningServer(home.dir);
    const token = readFileSync(dataDirectoryFiles(home.dir).tokenFile, "utf8").trim();
    const { exitCode, stdout } = await tealight(home.dir, ["open", "--print"]);
    expect({ exitCode, stdout }).toEqual({ exitCode: 0, stdout: `${url}/#token=${token}\n` });
    const page = await fetch(stdout.trim());
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
  });

  test.skipIf(process.platform !== "linux")(
    "hands the link to the platform's opener and does not print it",
    async () => {
      await using home = makeDataDir();
      await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
      const bin = makeTempDir();
      const seen = join(bin, "seen");
      writeFileSync(join(bin, "xdg-open"), `#!/bin/sh\necho "$1" > '${seen}'\n`);
      chmodSync(join(bin, "xdg-open"), 0o755);
      const env = { PATH: `${bin}:${process.env.PATH}` };
      const { exitCode, stdout } = await tealight(home.dir, ["open"], { env });
      expect({ exitCode, stdout }).toEqual({
        exitCode: 0,
        stdout: `opened ${runningServer(home.dir).url}\n`,
      });
      expect(existsSync(seen) && readFileSync(seen, "utf8")).toMatch(/\/#token=\S{16,}\n$/);
    },
  );

  test("where no opener is says so, and does not print the token by itself", async () => {
    await using home = makeDataDir();
    await tealight(home.dir, ["run", "--port", "0", "--", "true"]);
    const ended = await tealight(home.dir, ["open"], { env: { PATH: makeTempDir() } });
    expectFailure(ended, 1, "no browser could be opened");
    expect(ended.stdout).toBe("");
  });

  test("ends with 3 where no server runs", async () => {
    await using home = makeDataDir();
    expectFailure(await tealight(home.dir, ["open"]), 3, `no server runs in ${home.dir}`);
  });
});
