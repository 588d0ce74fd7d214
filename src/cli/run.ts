/** `tealight run -- CMD`: a command whose traces arrive here, with a server started at need. */
import { spawn } from "node:child_process";
import { constants } from "node:os";
import {
  commandFor,
  flagOf,
  secretNames,
  settingNames,
  settings,
  variableOf,
  type Config,
  type Flags,
} from "../config.ts";
import type { ServerInfo } from "../directory/directory.ts";
import { AppError } from "../errors.ts";
import { isCompiled } from "../version.ts";
import { findServer } from "./client.ts";
import { clientVariables } from "./env.ts";
import { out } from "./output.ts";

/** How long a server may take until it answers. */
const startDeadlineMs = 10_000;

/** @param flags as given, for the server that may be started. @returns the command's exit code. */
export async function run(config: Config, flags: Flags, command: string[]): Promise<number> {
  const [program = "", ...args] = command;
  // Before a server is started and left running for a slip of the finger.
  if (!Bun.which(program)) throw cannotRun(program, "not found");
  const info = (await findServer(config.dataDir)) ?? (await startServer(config, flags));
  const child = spawn(program, args, {
    stdio: "inherit",
    env: { ...process.env, ...clientVariables(info) },
  });
  // The terminal sends Ctrl-C to both; the command decides what it means.
  const ignore = () => {};
  process.on("SIGINT", ignore);
  const forward = () => void child.kill("SIGTERM");
  process.on("SIGTERM", forward);
  return new Promise((resolve, reject) => {
    child.on("error", ({ code }: NodeJS.ErrnoException) => reject(cannotRun(program, code ?? "")));
    child.on("exit", (code, signal) => resolve(code ?? 128 + constants.signals[signal!]));
  });
}

function cannotRun(program: string, why: string): AppError {
  return new AppError("usage", `cannot run ${program}: ${why}`, {
    hint: "the command comes after --, as in `tealight run -- node agent.js`",
  });
}

async function startServer(config: Config, flags: Flags): Promise<ServerInfo> {
  const given = settingNames.flatMap((name) =>
    flags[name] === undefined || settings[name].isSecret ? [] : [`--${flagOf(name)}`, flags[name]],
  );
  const server = spawn(process.execPath, [...ownArguments(), "serve", "--json", ...given], {
    detached: true,
    env: serverEnvironment(config),
    stdio: ["ignore", "ignore", "pipe"],
  });
  let complaint = "";
  server.stderr.on("data", (data) => (complaint += data));
  let hasEnded = false;
  server.on("exit", () => (hasEnded = true));
  const deadline = performance.now() + startDeadlineMs;
  while (performance.now() < deadline) {
    const info = await findServer(config.dataDir);
    if (info) {
      server.stderr.destroy();
      server.unref();
      out.error(
        `tealight: started a server on ${info.url}; it goes on running, \`${commandFor("stop", config.dataDir)}\` ends it`,
      );
      return info;
    }
    if (hasEnded) break;
    await Bun.sleep(20);
  }
  const [why, hint] = complaint.trim().split("\n");
  throw new AppError(
    "start_failed",
    why?.replace(/^tealight: /, "") || "the server did not start",
    {
      hint:
        hint?.replace(/^ *hint: /, "") ??
        `try \`${commandFor("serve", config.dataDir)}\` to see why`,
    },
  );
}

/** Secrets go this way, since all users see the arguments of a process. */
function serverEnvironment(config: Config): NodeJS.ProcessEnv {
  const env = { ...process.env };
  for (const name of secretNames) {
    delete env[variableOf(`${name}File`)];
    if (config[name] !== null) env[variableOf(name)] = config[name];
  }
  // What debugs the command is not meant for a server that goes on after it.
  for (const name of ["BUN_BE_BUN", "BUN_INSPECT", "BUN_OPTIONS"]) delete env[name];
  return env;
}

/** From source the runtime is started with the entry file; the compiled file is its own. */
function ownArguments(): string[] {
  return isCompiled ? [] : [Bun.main];
}
