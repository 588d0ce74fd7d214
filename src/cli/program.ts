/** The command line: every command with its options, and what of it runs. */
import { Command, CommanderError, Option } from "commander";
import {
  flagOf,
  resolveConfig,
  secretNames,
  settingNames,
  settings,
  variableOf,
  type Flags,
  type SettingName,
} from "../config.ts";
import { topics } from "../docs/topics.ts";
import { AppError } from "../errors.ts";
import { version } from "../version.ts";
import { shells } from "./env.ts";
import { out } from "./output.ts";

/**
 * Runs one command line. @returns the exit code: 0 ok, 1 failed, 2 bad usage, 3 nothing found.
 *
 * Each command is loaded when it is called: `serve` answers its first request within 50 ms.
 */
export async function main(args: string[]): Promise<number> {
  try {
    return await runProgram(args);
  } catch (cause) {
    if (cause instanceof CommanderError) return cause.exitCode === 0 ? 0 : 2;
    if (!(cause instanceof AppError)) throw cause;
    out.error(`tealight: ${cause.message}`);
    if (cause.hint) out.error(`  hint: ${cause.hint}`);
    return cause.exitCode;
  }
}

async function runProgram(args: string[]): Promise<number> {
  let exitCode = 0;
  const program = createProgram((code) => (exitCode = code));
  // `serve` is the default, so commander would take any other word for an argument of it.
  const [word] = args;
  const names = program.commands.map((command) => command.name());
  if (word && !word.startsWith("-") && !names.includes(word))
    throw await unknownCommand(word, names);
  await program.parseAsync(args, { from: "user" });
  return exitCode;
}

/** All commands. @param onExitCode is told of a code that a command itself chose. */
export function createProgram(onExitCode: (code: number) => void): Command {
  const program = new Command("tealight")
    .description("Stores the traces of your agents and shows them.")
    .version(version)
    .helpCommand(false)
    .addHelpText("after", topicList)
    .showSuggestionAfterError()
    .showHelpAfterError("  hint: `tealight --help` lists the commands and their options")
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error: /, "tealight: ").replace("\n(", " (")),
    })
    .enablePositionalOptions()
    .exitOverride();

  const dataDir = () => settingOption("dataDir");
  const json = () => new Option("--json", "print JSON").default(false);
  /** A command that asks the server of a data directory. */
  const command = (parent: Command, name: string, description: string) =>
    parent.command(name).description(description).addOption(dataDir()).addOption(json());

  /** A command that deletes many. */
  const deletion = (command: Command) =>
    command
      .option("--dry-run", "only say what would go", false)
      .option("--yes", "do not ask", false)
      .option("--pinned", "pinned traces, too", false);

  const serve = program
    .command("serve", { isDefault: true })
    .description("serve until a signal or `tealight stop` (the default command)")
    .option("--json", "print one line of JSON when ready, for programs", false)
    .option("--exit-with-parent", "end when the process that started this one ends", false)
    .action(
      async ({
        json,
        exitWithParent,
        ...flags
      }: Flags & { json: boolean; exitWithParent: boolean }) => {
        const { serve } = await import("./serve.ts");
        const notes = exposedSecrets(flags);
        onExitCode(await serve(resolveConfig(flags), { json, exitWithParent, notes }));
      },
    );
  addSettings(serve);

  command(program, "open", "open the viewer in the browser, let in by the token")
    .option("--print", "only print the link", false)
    .action(async (options) => {
      const { open } = await import("./open.ts");
      await open(configOf(options), options);
    });

  command(program, "stop", "end the running server in order").action(async (options) => {
    const { stop } = await import("./stop.ts");
    await stop(configOf(options), options);
  });

  command(program, "env", "print the variables that point an agent at the server")
    .addOption(new Option("--shell <shell>", "whose syntax").choices([...shells]).default("sh"))
    .action(async (options) => {
      const { env } = await import("./env.ts");
      await env(configOf(options), options);
    });

  const run = program
    .command("run")
    .description("run a command with those variables, starting a server if none runs")
    .argument("<command...>", "the command, after --")
    .passThroughOptions()
    .action(async (words: string[], flags: Flags) => {
      const { run } = await import("./run.ts");
      for (const note of exposedSecrets(flags)) out.error(`tealight: ${note}`);
      onExitCode(await run(resolveConfig(flags), flags, words));
    });
  addSettings(run);

  const keys = program.command("keys").description("ingest keys: create, list, revoke");
  command(keys, "list", "list the keys").action(async (options) => {
    const { listKeys } = await import("./keys.ts");
    await listKeys(configOf(options), options);
  });
  command(keys, "create", "make a key; it is shown once")
    .argument("<name>", "what the key is for")
    .option("--project <name>", "the project it writes into (default: the default project)")
    .action(async (name, options) => {
      const { createKey } = await import("./keys.ts");
      await createKey(configOf(options), name, options);
    });
  command(keys, "revoke", "refuse a key from now on")
    .argument("<id>", "as `keys list` shows it")
    .action(async (id, options) => {
      const { revokeKey } = await import("./keys.ts");
      await revokeKey(configOf(options), id, options);
    });

  const projects = program
    .command("projects")
    .description("projects: create, list, rename, delete");
  command(projects, "list", "list the projects").action(async (options) => {
    const { listProjects } = await import("./projects.ts");
    await listProjects(configOf(options), options);
  });
  command(projects, "create", "make a project")
    .argument("<name>")
    .action(async (name, options) => {
      const { createProject } = await import("./projects.ts");
      await createProject(configOf(options), name, options);
    });
  command(projects, "rename", "give a project another name")
    .argument("<name>")
    .argument("<new-name>")
    .action(async (name, newName, options) => {
      const { renameProject } = await import("./projects.ts");
      await renameProject(configOf(options), name, newName, options);
    });
  deletion(command(projects, "delete", "delete a project, its keys and its traces"))
    .argument("<name>")
    .action(async (name, options) => {
      const { deleteProject } = await import("./projects.ts");
      await deleteProject(configOf(options), name, options);
    });

  const prices = program
    .command("prices")
    .description("prices of your own, before the list prices: list, set, remove, update");
  command(prices, "list", "list your rules, and where the list prices are from").action(
    async (options) => {
      const { listPrices } = await import("./prices.ts");
      await listPrices(configOf(options), options);
    },
  );
  const set = command(prices, "set", "price a model; nothing of the list price is mixed in")
    .argument("<model>", "a model, * for any text: 'llama*'")
    .option("--provider <pattern>", "only of this provider, * for any text (default: *)");
  for (const [name, what] of priceOptions) set.option(`--${name} <usd>`, `USD ${what}`);
  set
    .addOption(
      new Option("--free", "it costs nothing")
        .default(false)
        .conflicts(priceOptions.map(([name]) => new Option(`--${name} <usd>`).attributeName())),
    )
    .action(async (model, options) => {
      const { setPrice } = await import("./prices.ts");
      await setPrice(configOf(options), model, options);
    });
  command(prices, "remove", "remove a rule")
    .argument("<id>", "as `prices list` shows it")
    .action(async (id, options) => {
      const { removePrice } = await import("./prices.ts");
      await removePrice(configOf(options), id, options);
    });
  command(prices, "update", "take newer list prices")
    .option("--file <file>", "data.json of genai-prices, prices/new_data/v2 in its repository")
    .addOption(
      new Option("--bundled", "back to those of this version").default(false).conflicts("file"),
    )
    .action(async (options) => {
      const { updatePrices } = await import("./prices.ts");
      await updatePrices(configOf(options), options);
    });

  command(program, "reprice", "apply the prices to what is stored, and say what changed")
    .option("--project <name>", "only this project's")
    .option("--since <time>", "traces started at or after: epoch ms or ISO 8601")
    .option("--until <time>", "traces started before: epoch ms or ISO 8601")
    .option("--provider <pattern>", "only calls to this provider, * for any text")
    .option("--model <pattern>", "only calls of this model, * for any text")
    .option("--dry-run", "change nothing", false)
    .action(async (options) => {
      const { reprice } = await import("./reprice.ts");
      await reprice(configOf(options), options);
    });

  command(program, "reread", "read stored OTLP spans again by the rules of this version")
    .option("--project <name>", "only this project's")
    .option("--since <time>", "traces started at or after: epoch ms or ISO 8601")
    .option("--until <time>", "traces started before: epoch ms or ISO 8601")
    .action(async (options) => {
      const { reread } = await import("./reread.ts");
      await reread(configOf(options), options);
    });

  program
    .command("export")
    .description("write traces as JSON Lines of ingest v1")
    .argument("[trace]", "an id, or ~key; without it all traces")
    .addOption(dataDir())
    .option("--project <name>", "only this project's")
    .option("--since <time>", "started at or after: epoch ms or ISO 8601")
    .option("--until <time>", "started before: epoch ms or ISO 8601")
    .option("--full", "with what v1 lacks, which only `import` reads", false)
    .addOption(
      new Option("--format <format>", "json: one document")
        .choices(["jsonl", "json"])
        .default("jsonl"),
    )
    .option("-o, --output <file>", "write to a file (default: standard output)")
    .action(async (trace, options) => {
      const { exportTraces } = await import("./export.ts");
      await exportTraces(configOf(options), trace, options);
    });

  command(program, "import", "send JSON Lines of ingest v1 to the server")
    .argument("<file...>", "paths, or - for standard input")
    .option("--project <name>", "into this project (default: the default project)")
    .action(async (files, options) => {
      const { importFiles } = await import("./import.ts");
      await importFiles(configOf(options), files, options);
    });

  deletion(command(program, "delete", "delete traces: those named, or all that are described"))
    .argument("[trace...]", "ids, or ~key")
    .option("--session <id>", "the traces of a session")
    .option("--project <name>", "only this project's")
    .option(
      "--filter <filter>",
      "the traces that match: 'status:error agent:x'; name:x takes each name that contains x, name:\"x\" only x",
    )
    .option("--since <time>", "started at or after: epoch ms, ISO 8601 or so long ago: 7d")
    .option("--until <time>", "started before: likewise")
    .action(async (traces, options) => {
      const { deleteTraces } = await import("./delete.ts");
      await deleteTraces(configOf(options), traces, options);
    });

  for (const [word, what] of pinWords) {
    command(program, word, what)
      .argument("<trace>", "an id, or ~key")
      .option("--project <name>", "where several projects have the id")
      .action(async (trace, options) => {
        const { pin } = await import("./pin.ts");
        await pin(configOf(options), trace, word, options);
      });
  }

  program
    .command("help")
    .description("show the help of a command, or a page of the manual")
    .argument("[topic...]", "a command or a topic")
    .action(async (words: string[]) => {
      const { help } = await import("./help.ts");
      help(program, words);
    });
  return program;
}

/** Stands below the commands in the help. */
function topicList(): string {
  const width = Math.max(...topics.map(({ name }) => name.length)) + 2;
  const lines = topics.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}`);
  return ["", "Topics, shown by `tealight help TOPIC`:", ...lines].join("\n");
}

async function unknownCommand(word: string, names: string[]): Promise<AppError> {
  const { nearestOf } = await import("../filter/keys.ts");
  const near = nearestOf(word, names);
  const meant = near === undefined ? "" : `did you mean ${near}? `;
  return new AppError("usage", `unknown command ${JSON.stringify(word)}`, {
    hint: `${meant}\`tealight --help\` lists the commands`,
  });
}

const pinWords = [
  ["pin", "keep a trace where a delete does not name it"],
  ["unpin", "take the pin back"],
] as const;

const priceOptions: [name: string, what: string][] = [
  ["input", "for a million input tokens"],
  ["output", "for a million output tokens"],
  ["cache-read", "for a million tokens read from the cache (default: as input)"],
  ["cache-write", "for a million tokens written to the cache (default: as input)"],
  ["cache-write-1h", "for a million of those written for an hour (default: as cache-write)"],
  ["reasoning", "for a million reasoning tokens (default: as output)"],
  ["audio-input", "for a million audio tokens read (default: as input)"],
  ["image-input", "for a million image tokens read (default: as input)"],
  ["video-input", "for a million video tokens read (default: as input)"],
  ["audio-cache-read", "for a million audio tokens read from the cache"],
  ["image-cache-read", "for a million image tokens read from the cache"],
  ["audio-output", "for a million audio tokens written (default: as output)"],
  ["image-output", "for a million image tokens written (default: as output)"],
  ["video-output", "for a million video tokens written (default: as output)"],
  ["citation", "for a million tokens of citations"],
  ["image", "for an image"],
  ["search", "for a web search"],
  ["file-search", "for a file search"],
  ["request", "for a request"],
];

function configOf({ dataDir }: Flags) {
  return resolveConfig(dataDir === undefined ? {} : { dataDir });
}

function addSettings(command: Command): void {
  for (const name of settingNames) {
    command.addOption(settingOption(name));
    const secret = secretNames.find((each) => each === name);
    if (secret) command.addOption(secretFileOption(`${secret}File`));
  }
}

function secretFileOption(name: `${(typeof secretNames)[number]}File`): Option {
  const help = `a file that holds it, - for standard input [${variableOf(name)}]`;
  return new Option(`--${flagOf(name)} <file>`, help);
}

/** A warning for each secret that the command line has. */
function exposedSecrets(flags: Flags): string[] {
  return secretNames
    .filter((name) => flags[name] !== undefined)
    .map((name) => {
      const flag = `--${flagOf(name)}`;
      return `other users can see ${flag} in the list of processes: use ${flag}-file or ${variableOf(name)}`;
    });
}

function settingOption(name: SettingName): Option {
  const { value, help } = settings[name];
  return new Option(`--${flagOf(name)} ${value}`, `${help} [${variableOf(name)}]`);
}
