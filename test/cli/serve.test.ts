import { expect, test } from "bun:test";
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { flagOf, settingNames, variableOf, type SettingName } from "../../src/config.ts";
import type { ServerInfo } from "../../src/directory/directory.ts";
import {
  expectFailure,
  makeDataDir,
  spawnTealight,
  tealight,
  type CommandOptions,
} from "./command.ts";

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

/** Serves until it says that it listens, and `during` is done. @returns what it logged. */
async function serveWhile(
  dataDir: string,
  args: string[],
  options: CommandOptions,
  during: (pid: number, info: ServerInfo) => unknown,
): Promise<string> {
  const server = spawnTealight(dataDir, ["serve", "--port", "0", "--json", ...args], options);
  const log = server.stderr.text();
  for await (const line of server.stdout.pipeThrough(new TextDecoderStream())) {
    await during(server.pid, JSON.parse(line));
    server.kill("SIGTERM");
  }
  expect(await server.exited).toBe(0);
  return log;
}

const secret = "a secret of the operator's";
const statusOf = async ({ url }: ServerInfo) =>
  (await fetch(`${url}/api/status`, { headers: { authorization: `Bearer ${secret}` } })).status;

test("serve warns of a secret on its command line, and takes one from standard input or a file without", async () => {
  await using home = makeDataDir();
  const warning = "other users can see --token in the list of processes";
  const check = async (_: number, info: ServerInfo) => expect(await statusOf(info)).toBe(200);
  expect(await serveWhile(home.dir, ["--token", secret], {}, check)).toContain(warning);
  const args = ["--token-file", "-"];
  expect(await serveWhile(home.dir, args, { input: `${secret}\n` }, check)).not.toContain("see --");
  const file = join(home.dir, "secret");
  writeFileSync(file, secret);
  const env = { TEALIGHT_TOKEN_FILE: file };
  expect(await serveWhile(home.dir, [], { env }, check)).not.toContain("see --");
});

test("serve closes a directory that others could look into, and says so", async () => {
  await using home = makeDataDir();
  const dataDir = join(home.dir, "open");
  mkdirSync(dataDir);
  chmodSync(dataDir, 0o755);
  const log = await serveWhile(dataDir, [], {}, () => {});
  expect(log).toContain(`closed ${dataDir} to other users, it had mode 0755`);
});

test("every flag of serve says that it takes a value", async () => {
  await using home = makeDataDir();
  const { stdout } = await tealight(home.dir, ["serve", "--help"]);
  const without = settingNames.filter((name) => !stdout.includes(`--${flagOf(name)} <`));
  expect(without).toEqual([]);
});
