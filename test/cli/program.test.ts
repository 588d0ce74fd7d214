import { describe, expect, test } from "bun:test";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import envPaths from "env-paths";
import { version } from "../../src/version.ts";
import { expectFailure, makeDataDir, tealight } from "./command.ts";

const groups = ["keys", "prices", "projects"];

/** The commands that a help text lists, without `help` itself. */
function commandsOf(help: string): string[] {
  const [, list = ""] = help.split("\nCommands:\n");
  // Behind an empty line come the topics.
  return [...list.split("\n\n")[0]!.matchAll(/^  (\w+)/gm)]
    .map(([, name]) => name!)
    .filter((name) => name !== "help");
}

describe("help", () => {
  test("lists every command, and every command explains itself", async () => {
    await using home = makeDataDir();
    const top = commandsOf((await tealight(home.dir, ["--help"])).stdout);
    expect(top).toEqual(
      expect.arrayContaining([
        "serve",
        "stop",
        "env",
        "run",
        "export",
        "import",
        "reprice",
        ...groups,
      ]),
    );
    const all = top.filter((name) => !groups.includes(name)).map((name) => [name]);
    for (const group of groups) {
      const { stdout } = await tealight(home.dir, [group, "--help"]);
      all.push(...commandsOf(stdout).map((name) => [group, name]));
    }
    expect(all).toContainEqual(["keys", "revoke"]);
    for (const words of all) {
      const { exitCode, stdout, stderr } = await tealight(home.dir, [...words, "--help"]);
      expect({ words, exitCode, stderr }).toEqual({ words, exitCode: 0, stderr: "" });
      expect(stdout).toStartWith(`Usage: tealight ${words.join(" ")} [options]`);
      expect(stdout).toContain("--data-dir <dir>");
      const hasOwnFormat = ["run", "export"].includes(words[0]!);
      expect(stdout.includes("--json")).toBe(!hasOwnFormat);
    }
  });

  test("goes to stdout with --version and --help and leaves no trace in the data directory", async () => {
    await using home = makeDataDir();
    const data = join(home.dir, "data");
    expect(await tealight(data, ["--version"])).toEqual({
      exitCode: 0,
      stdout: `${version}\n`,
      stderr: "",
    });
    expect((await tealight(data, ["serve", "--help"])).stdout).toContain("TEALIGHT_DURABILITY");
    expect(existsSync(data)).toBe(false);
  });
});

describe("bad usage", () => {
  const cases: [args: string[], why: string][] = [
    [["serv"], 'unknown command "serv"'],
    [["serve", "--prot", "1"], "unknown option '--prot' (Did you mean --port?)"],
    [["serve", "--port"], "option '--port <port>' argument missing"],
    [["serve", "twice"], "too many arguments for 'serve'"],
    [["keys", "list", "twice"], "too many arguments for 'list'"],
    [["keys", "create"], "missing required argument 'name'"],
    [["run"], "missing required argument 'command'"],
    [["import"], "missing required argument 'file'"],
    [["env", "--shell", "tcsh"], "option '--shell <shell>' argument 'tcsh' is invalid"],
    [["export", "--format", "xml", "t"], "option '--format <format>' argument 'xml' is invalid"],
    [["export", "--format", "json"], "one JSON document holds one trace"],
    [["prices", "set", "m"], "a rule needs a price"],
    [["prices", "set", "m", "--input", ".5"], 'invalid --input ".5"'],
    [["prices", "set", "m", "--cache-read", "-1"], 'invalid --cache-read "-1"'],
    [["prices", "set", "m", "--free", "--search", "0"], "option '--free' cannot be used with"],
    [["prices", "update"], "no prices are named"],
    [["prices", "update", "--bundled", "--file", "f"], "option '--bundled' cannot be used with"],
    [["serve", "--port", "70000"], 'invalid port "70000" (from --port)'],
  ];
  for (const [args, why] of cases) {
    test(`\`${args.join(" ")}\` ends with 2 and says why in a line and a hint`, async () => {
      await using home = makeDataDir();
      const ended = await tealight(home.dir, args);
      expectFailure(ended, 2, why);
      expect(ended.stderr).toContain("\n  hint: ");
    });
  }
});

test.each([
  [["serv"], "did you mean serve?"],
  [["Improt"], "did you mean import?"],
  [["keys", "lits"], "Did you mean list?"],
  [["frobnicate"], "hint: `tealight --help` lists"],
])("of an unknown command `%s` the one that was meant is named", async (args, hint) => {
  await using home = makeDataDir();
  expect((await tealight(home.dir, args)).stderr).toContain(hint);
});

describe("a bad setting", () => {
  test("from the environment is named with its variable", async () => {
    await using home = makeDataDir();
    const ended = await tealight(home.dir, ["serve"], { env: { TEALIGHT_DURABILITY: "maybe" } });
    expectFailure(ended, 2, 'invalid durability "maybe" (from TEALIGHT_DURABILITY)');
    expect(ended.stderr).toContain("expected process or full");
  });

  test("from config.toml is named with the file", async () => {
    await using home = makeDataDir();
    const { stdout } = Bun.spawnSync(
      [process.execPath, "-p", "require('env-paths').default('tealight', { suffix: '' }).config"],
      { cwd: import.meta.dir, env: { ...process.env, XDG_CONFIG_HOME: "", HOME: home.dir } },
    );
    const file = join(stdout.toString().trim(), "config.toml");
    expect(file).not.toBe(join(envPaths("tealight", { suffix: "" }).config, "config.toml"));
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, "rate-limit = 0\n");
    const ended = await tealight(home.dir, ["serve"]);
    expectFailure(ended, 2, `invalid rate-limit "0" (from ${file})`);
  });

  test("that is a secret is not repeated", async () => {
    await using home = makeDataDir();
    const ended = await tealight(home.dir, ["serve", "--token", "too-short"]);
    expectFailure(ended, 2, "invalid token (from --token)");
    expect(ended.stderr).not.toContain("too-short");
  });
});
