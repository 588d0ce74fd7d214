/** The manual says what the code has, entry by entry, and the code has what the manual says. */
import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import type { Command, Option } from "commander";
import { createProgram } from "../../src/cli/program.ts";
import {
  flagOf,
  secretNames,
  settingNames,
  settings,
  variableOf,
  type Flags,
} from "../../src/config.ts";
import { pageOf } from "../../src/docs/pages.ts";
import { topics } from "../../src/docs/topics.ts";
import { AppError, errorCodes } from "../../src/errors.ts";
import { keys, spellingOf } from "../../src/filter/keys.ts";
import { parseFilter } from "../../src/filter/parse.ts";
import { viewerPaths } from "../../src/http/viewer.ts";
import { startServer, type TestServer } from "../helpers.ts";
import { blocksIn, codeIn, manual, page, pageNames, readme, rowsOf } from "./markdown.ts";

const sorted = (texts: Iterable<string>) => [...texts].sort();

test("each topic is a page that begins with its title, and each page is a topic", () => {
  expect(sorted(pageNames)).toEqual(sorted(topics.map(({ name }) => name)));
  for (const { name, title } of topics) {
    expect(pageOf(name)).toStartWith(`# ${title}\n\n`);
  }
  expect(pageOf("toString")).toBeUndefined();
});

describe("settings", () => {
  const rows = rowsOf(page("configuration"), "flag");
  const names = settingNames.flatMap((name): (keyof Flags)[] => {
    const secret = secretNames.find((each) => each === name);
    return secret ? [name, `${secret}File`] : [name];
  });

  test("have a row each, with flag and variable", () => {
    expect(rows.map(({ flag, environment }) => [flag, environment])).toEqual(
      names.map((name) => [`\`--${flagOf(name)}\``, `\`${variableOf(name)}\``]),
    );
  });

  test("have their defaults and choices there", () => {
    for (const name of settingNames) {
      const row = rows.find(({ flag }) => flag === `\`--${flagOf(name)}\``)!;
      const said = /\(default: ([^)]*)\)/.exec(settings[name].help)?.[1];
      if (said !== undefined && name !== "dataDir") {
        expect([name, row.default!.replaceAll("`", "")]).toEqual([name, said]);
      }
      const choices = /^<(\w+(?:\|\w+)+)>$/.exec(settings[name].value)?.[1]?.split("|") ?? [];
      for (const choice of choices) expect(codeIn(Object.values(row).join(" "))).toContain(choice);
    }
  });

  test("and nothing else is named as a variable of Tealight's", () => {
    const known = new Set(names.map(variableOf));
    const named = [...(manual + readme).matchAll(/TEALIGHT_\w+/g)].map(([name]) => name);
    expect(named.filter((name) => !known.has(name))).toEqual([]);
  });
});

describe("commands", () => {
  /** By their words, as `keys create`. */
  const commands = new Map(leavesOf(createProgram(() => {})));
  const rows = rowsOf(page("commands"), "command").map(({ command, flags }) => ({
    usage: codeIn(command!)[0]!,
    flags: codeIn(flags!),
  }));
  const common = ["--help", "--data-dir", "--json"];
  const settingFlags = new Set(
    [...settingNames, ...secretNames.map((name) => `${name}File` as const)].map(
      (name) => `--${flagOf(name)}`,
    ),
  );

  test("have a row each, with their arguments", () => {
    const usages = [...commands].map(([words, command]) =>
      [
        words,
        ...command.registeredArguments.map((argument) => {
          const name = argument.name() + (argument.variadic ? "..." : "");
          return argument.required ? `<${name}>` : `[${name}]`;
        }),
      ].join(" "),
    );
    expect(sorted(rows.map(({ usage }) => usage))).toEqual(sorted(usages));
  });

  test.each([...commands])("%s has all its flags there, and no other", (words, command) => {
    const row = rows.find(({ usage }) => usage.split(/ [<[]/)[0] === words)!;
    const own = flagsOf(command).filter(
      (flag) => !common.includes(flag) && !settingFlags.has(flag),
    );
    const priced = words === "prices set" ? pricesIn(page("costs")) : [];
    expect(sorted([...row.flags, ...priced])).toEqual(sorted(own));
  });

  test("have what the page says that all have", () => {
    const without = (flag: string) =>
      sorted([...commands].filter(([, of]) => !flagsOf(of).includes(flag)).map(([words]) => words));
    expect(without("--data-dir")).toEqual(["help"]);
    expect(without("--json")).toEqual(["export", "help", "run"]);
    const withSettings = [...commands]
      .filter(([, of]) => [...settingFlags].every((flag) => flagsOf(of).includes(flag)))
      .map(([words]) => words);
    expect(sorted(withSettings)).toEqual(["run", "serve"]);
  });

  test("are called in examples as they are", () => {
    const examples = [manual, readme].flatMap(blocksIn).join("\n");
    const calls = [...examples.matchAll(/(?<![.\w`])tealight ([a-z][^\n#|>")`]*)/g)];
    expect(calls.length).toBeGreaterThan(20);
    const inText = codeIn(manual + readme)
      .filter((code) => /^tealight [a-z]/.test(code))
      .map((code) => code.slice("tealight ".length));
    for (const call of [...calls.map(([, call]) => call!), ...inText]) {
      const words = call.trim().split(/\s+/);
      const name = [words.slice(0, 2).join(" "), words[0]!].find((name) => commands.has(name));
      expect([call, name !== undefined]).toEqual([call, true]);
      const end = words.indexOf("--");
      const flags = words.slice(0, end < 0 ? undefined : end).filter((word) => /^--/.test(word));
      const known = flagsOf(commands.get(name!)!);
      expect([call, flags.filter((flag) => !known.includes(flag))]).toEqual([call, []]);
    }
  });

  test("have every flag that is named anywhere", () => {
    const known = new Set([...commands.values()].flatMap(flagsOf));
    const foreign = new Set([
      // Docker's, curl's, Bun's and those of scripts.
      ...["--network", "--add-host", "--preload"],
      ...["--only", "--scale", "--quick", "--upkeep", "--every", "--all"],
    ]);
    const named = codeIn(manual + readme).flatMap(
      (code) => code.match(/(?<![\w-])--[a-z][\w-]*/g) ?? [],
    );
    expect(named.filter((flag) => !known.has(flag) && !foreign.has(flag))).toEqual([]);
  });

  test("have the kinds of prices on the page of costs", () => {
    const own = ["--provider", "--free", ...common];
    const kinds = flagsOf(commands.get("prices set")!).filter((flag) => !own.includes(flag));
    expect(pricesIn(page("costs"))).toEqual(kinds);
  });
});

describe("routes", () => {
  let server: TestServer;
  beforeAll(async () => {
    server = await startServer();
  });
  afterAll(() => server[Symbol.asyncDispose]());

  const rows = rowsOf(page("api"), "route").map(({ route, parameters }) => ({
    route: codeIn(route!)[0]!,
    parameters: codeIn(parameters!),
  }));

  test("have a row each, with all that they are asked with", () => {
    const routes = server.engine.app.routes
      .filter(({ path }) => !viewerPaths.has(path))
      .map(({ method, path, query, body }) => ({
        route: `${method} ${path}`,
        parameters: sorted(Object.keys({ ...query?.properties, ...body?.properties })),
      }));
    const said = rows.map(({ route, parameters }) => ({ route, parameters: sorted(parameters) }));
    const byRoute = (a: { route: string }, b: { route: string }) => (a.route < b.route ? -1 : 1);
    expect(said.sort(byRoute)).toEqual(routes.sort(byRoute));
  });

  test("are there wherever one is named", () => {
    const served = server.engine.app.routes.map(
      ({ method, path }) =>
        [method, new RegExp(`^${path.replace(/:\w+/g, "[^/]+").replaceAll(".", "\\.")}$`)] as const,
    );
    const named = codeIn(manual + readme).flatMap((code) => {
      const [, method, path] = /^(GET|POST|PUT|PATCH|DELETE) (\/[^\s?]*)/.exec(code) ?? [];
      return method ? [{ method, path: path! }] : [];
    });
    expect(named.length).toBeGreaterThan(70);
    const missing = named.filter(
      ({ method, path }) => !served.some(([of, pattern]) => of === method && pattern.test(path)),
    );
    expect(missing).toEqual([]);
  });
});

test("each key of a filter has a row, with what it takes", () => {
  const kinds = {
    text: "text",
    duration: "time",
    money: "money",
    count: "number",
    since: "moment",
    until: "moment",
    presence: "another key",
  };
  const rows = rowsOf(page("filters"), "key").map(({ key, takes }) => [codeIn(key!)[0], takes]);
  const expected = keys.map((key) => [
    spellingOf(key),
    key.kind === "choice"
      ? key.values!.map((value) => `\`${value}\``).join(" ")
      : kinds[key.kind as keyof typeof kinds],
  ]);
  const byKey = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  expect(rows.sort(byKey)).toEqual(expected.sort(byKey));
  const takes = new Set(rowsOf(page("filters"), "takes").map(({ takes }) => takes!));
  const explained = new Set(Object.values(kinds).filter((kind) => kind !== "another key"));
  expect(sorted(takes)).toEqual(sorted(explained));
});

test("each example of a filter is one", () => {
  const inText = codeIn(page("filters")).filter((code) => /^-?[a-z]+(\.[\w.]+)?:./.test(code));
  const inCommands = [manual, readme]
    .flatMap((text) => [...codeIn(text), ...blocksIn(text)])
    .flatMap((code) => [...code.matchAll(/--filter '([^']+)'/g)].map(([, filter]) => filter!));
  const examples = [...inText, ...inCommands, blocksIn(page("filters"))[0]!];
  expect(examples.length).toBeGreaterThan(10);
  for (const example of examples) expect(() => parseFilter(example, Date.now())).not.toThrow();
});

test("each error code has a row, with its status and its exit code", () => {
  const rows = rowsOf(page("troubleshooting"), "code").map((row) => [
    codeIn(row.code!)[0]!,
    Number(row.HTTP),
    Number(row["exit code"]),
  ]);
  const expected = errorCodes.map((code) => {
    const { status, exitCode } = new AppError(code, "");
    return [code, status, exitCode];
  });
  const byCode = (a: unknown[], b: unknown[]) => (String(a[0]) < String(b[0]) ? -1 : 1);
  expect(rows.toSorted(byCode)).toEqual(expected.toSorted(byCode));
});

/** Commands that do something, with their words. */
function leavesOf(command: Command, before = ""): [string, Command][] {
  return command.commands.flatMap((each) => {
    const words = `${before}${each.name()}`;
    return each.commands.length > 0 ? leavesOf(each, `${words} `) : [[words, each] as const];
  }) as [string, Command][];
}

function flagsOf(command: Command): string[] {
  return ["--help", ...command.options.map(({ long }: Option) => long!)];
}

function pricesIn(text: string): string[] {
  return rowsOf(text, "flag").map(({ flag }) => codeIn(flag!)[0]!);
}
