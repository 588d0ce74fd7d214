/** `tealight help`: in a pipe the page as it is written, on a terminal as people read it. */
import { describe, expect, test } from "bun:test";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { pageOf } from "../../src/docs/pages.ts";
import { topics } from "../../src/docs/topics.ts";
import { expectFailure, makeDataDir, tealight, tealightOnTerminal } from "./command.ts";

test("lists the commands and the topics, as --help does", async () => {
  await using home = makeDataDir();
  const help = await tealight(home.dir, ["help"]);
  expect({ ...help, stdout: "" }).toEqual({ exitCode: 0, stdout: "", stderr: "" });
  expect(await tealight(home.dir, ["--help"])).toEqual(help);
  for (const { name, summary } of topics) {
    expect(help.stdout).toMatch(new RegExp(`^  ${name} +${RegExp.escape(summary)}$`, "m"));
  }
});

test("of a topic is its page in Markdown, and touches no data directory", async () => {
  await using home = makeDataDir();
  const data = join(home.dir, "data");
  const { exitCode, stdout, stderr } = await tealight(data, ["help", "filters"]);
  expect({ exitCode, stderr }).toEqual({ exitCode: 0, stderr: "" });
  expect(stdout).toBe(pageOf("filters")!);
  expect(existsSync(data)).toBe(false);
});

test("of a command is that command's, also of one of a group", async () => {
  await using home = makeDataDir();
  for (const words of [["export"], ["keys"], ["keys", "create"]]) {
    const help = await tealight(home.dir, ["help", ...words]);
    expect(help).toEqual(await tealight(home.dir, [...words, "--help"]));
    expect(help.stdout).toStartWith(`Usage: tealight ${words.join(" ")} `);
  }
});

describe("of what is neither", () => {
  test.each([
    [["filtrs"], "did you mean filters? "],
    [["exprot"], "did you mean export? "],
    [["frobnicate"], ""],
    [["keys", "frobnicate"], ""],
    [["filters", "costs"], ""],
    [[""], ""],
  ])("`help %s` ends with 2 and a hint", async (words, meant) => {
    await using home = makeDataDir();
    const ended = await tealight(home.dir, ["help", ...words]);
    expectFailure(ended, 2, `there is no help on ${JSON.stringify(words.join(" "))}`);
    expect(ended.stderr).toContain(`\n  hint: ${meant}\`tealight help\` lists`);
  });
});

test.skipIf(process.platform === "win32")(
  "on a terminal has no marks of Markdown, and names the command for another page",
  async () => {
    await using home = makeDataDir();
    const { exitCode, output } = await tealightOnTerminal(home.dir, ["help", "commands"]);
    expect(exitCode).toBe(0);
    const shown = Bun.stripANSI(output).replaceAll("\r", "");
    expect(output).toContain("\u001b[");
    expect(shown).not.toMatch(/^#|\*\*|\]\(|^\|---/m);
    expect(shown.replace(/\s*│\s*/g, " ")).toContain("tealight help configuration");
    expect(Math.max(...shown.split("\n").map((line) => Bun.stringWidth(line)))).toBeLessThanOrEqual(
      100,
    );
  },
);
