import { expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { flagOf, settingNames, variableOf, type SettingName } from "../../src/config.ts";
import { expectFailure, makeDataDir, spawnTealight, tealight } from "./command.ts";

/** For each setting a value that is refused, so that the answer shows what was understood. */
const refused: Partial<Record<SettingName, string>> = {
  port: "70000",
  otlpPort: "70000",
  otlpGrpcPort: "x",
  otlpAuth: "closed",
  apiKey: "short",
  token: "short",
  maxBodyBytes: "1",
  rateLimit: "0",
  durability: "most",
  unknownFields: "some",
  logLevel: "loud",
};

test.each(Object.entries(refused) as [SettingName, string][])(
  "serve takes %s as a flag with a value, and from the environment",
  async (name, value) => {
    await using home = makeDataDir();
    const flag = await tealight(home.dir, ["serve", `--${flagOf(name)}`, value]);
    expectFailure(flag, 2, `invalid ${flagOf(name)}`);
    expect(flag.stderr).toContain(`(from --${flagOf(name)})`);
    const variable = await tealight(home.dir, ["serve"], { env: { [variableOf(name)]: value } });
    expectFailure(variable, 2, `invalid ${flagOf(name)}`);
    expect(variable.stderr).toContain(`(from ${variableOf(name)})`);
  },
);

test("the line that names the key's file is one that a shell takes, whatever the path", async () => {
  await using home = makeDataDir();
  const dataDir = join(home.dir, 'it\'s $HOME "here"');
  const server = spawnTealight(dataDir, ["serve", "--port", "0"]);
  let banner = "";
  for await (const text of server.stdout.pipeThrough(new TextDecoderStream())) {
    banner += text;
    if (banner.includes("  stop ")) server.kill("SIGTERM");
  }
  expect(await server.exited).toBe(0);
  const line = /FOGLAMP_API_KEY=.*/.exec(banner)![0];
  const shell = Bun.spawnSync(["sh", "-c", `${line}; printf %s "$FOGLAMP_API_KEY"`]);
  expect(shell.stderr.toString()).toBe("");
  expect(shell.stdout.toString()).toBe(readFileSync(join(dataDir, "key"), "utf8").trim());
});

test("every flag of serve says that it takes a value", async () => {
  await using home = makeDataDir();
  const { stdout } = await tealight(home.dir, ["serve", "--help"]);
  const without = settingNames.filter((name) => !stdout.includes(`--${flagOf(name)} <`));
  expect(without).toEqual([]);
});
