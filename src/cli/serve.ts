/** `tealight serve`: the engine on its ports, from the first line to the last commit. */
import { commandFor, type Config } from "../config.ts";
import { inUse, type ServerInfo } from "../directory/directory.ts";
import { shutdownDeadlineMs } from "../limits.ts";
import { createLog } from "../log.ts";
import { shellQuoted } from "../shell.ts";
import { version } from "../version.ts";
import { findServer } from "./client.ts";
import { openEngine } from "./engine.ts";
import { viewerLink } from "./open.ts";
import { out, type Output } from "./output.ts";
import { openPorts } from "./ports.ts";
import { restWhenIdle } from "./rest.ts";

export interface ServeOptions {
  /** Print one line of JSON, for programs that start the server as a sidecar. */
  json: boolean;
  /** What to warn of once it runs. */
  notes: string[];
  /** End when the process that started this one is gone. */
  exitWithParent: boolean;
}

/** Serves until a signal, `stop` or the parent's end. @returns the exit code. */
export async function serve(
  config: Config,
  options: ServeOptions,
  output: Output = out,
): Promise<number> {
  // Whatever is written from here on is for this user alone.
  process.umask(0o077);
  const log = createLog(config.logLevel, output.isErrorTerminal, output.error);
  const ended = Promise.withResolvers<number>();
  let why = "";
  const end = (reason: string) => {
    why ||= reason;
    ended.resolve(0);
  };
  // The lock says so, too, unless its file was removed while the server runs.
  const running = await findServer(config.dataDir);
  if (running) throw inUse(config.dataDir, running);
  const engine = await openEngine(config, log, {
    onShutdown: () => end("asked to stop"),
    onCrash: (cause) => {
      log.error(cause.message);
      ended.resolve(1);
    },
  });
  let ports;
  try {
    ports = await openPorts(config, engine);
  } catch (cause) {
    await engine.drain();
    engine.release();
    throw cause;
  }
  const info: ServerInfo = {
    pid: process.pid,
    url: ports.url,
    port: ports.port,
    otlpUrl: ports.otlpUrl,
    otlpGrpcUrl: ports.otlpGrpcUrl,
    otlpAuth: engine.otlp.auth,
    version,
    startedAt: Date.now(),
    dataDir: engine.directory.dir,
    keyFile: engine.directory.keyFile,
    tokenFile: engine.directory.tokenFile,
  };
  try {
    engine.announce(info);
  } catch (cause) {
    log.warn("other commands do not find this server: server.json cannot be written", {
      why: (cause as { code?: string }).code,
    });
  }
  const stopListening = onSignals(end);
  const stopResting = restWhenIdle(() => engine.intake.latestChange);
  const stopWatching = options.exitWithParent
    ? watchParent(() => end("the parent process ended"))
    : () => {};
  output.write(
    options.json
      ? JSON.stringify(info)
      : banner(info, engine.directory.key, engine.directory.token, output),
  );
  for (const note of [...options.notes, ...engine.directory.notes, ...ports.notes]) log.warn(note);
  if (!engine.intake.keyring.isValid(engine.directory.key)) {
    log.warn(`the key in ${info.keyFile} is revoked; delete the file to have a new one made`);
  }

  let code = await ended.promise;
  log.info("stopping", { why });
  const forced = setTimeout(() => {
    log.error(`not stopped after ${shutdownDeadlineMs} ms; ending as it is`);
    process.exit(1);
  }, shutdownDeadlineMs);
  try {
    await engine.drain();
  } catch (cause) {
    // What crashed before has been said.
    if (code === 0)
      log.error("the store was not closed in order", { stack: (cause as Error).stack });
    code = 1;
  }
  await ports.stop(200);
  engine.release();
  clearTimeout(forced);
  stopListening();
  stopResting();
  stopWatching();
  return code;
}

/** `bun run` and npm hand on the Ctrl-C that the terminal sent to all: one comes twice, at once. */
const sameSignalMs = 100;

/** The first signal ends in order, a second one at once. */
function onSignals(end: (reason: string) => void): () => void {
  let firstAt: number | null = null;
  const handler = (signal: NodeJS.Signals) => {
    if (firstAt !== null && performance.now() - firstAt > sameSignalMs) process.exit(130);
    firstAt ??= performance.now();
    end(signal);
  };
  process.on("SIGINT", handler).on("SIGTERM", handler);
  return () => process.off("SIGINT", handler).off("SIGTERM", handler);
}

function watchParent(onGone: () => void): () => void {
  const parent = process.ppid;
  const timer = setInterval(() => {
    if (!isAlive(parent) || process.ppid !== parent) onGone();
  }, 500);
  return () => clearInterval(timer);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (cause) {
    return (cause as { code?: string }).code === "EPERM";
  }
}

/** What the endpoint does not say: where gRPC is, and whether a key is needed. */
function otlpHints({ otlpGrpcUrl, otlpAuth }: ServerInfo): string {
  const hints = [
    otlpGrpcUrl && `gRPC: ${otlpGrpcUrl}`,
    otlpAuth === "key" && "with the key, as `tealight env` prints it",
  ].filter(Boolean);
  return hints.length > 0 ? `   # ${hints.join("; ")}` : "";
}

/** The lines to copy. A pipe may be a log that others read, so there the secrets' files are named. */
function banner(info: ServerInfo, key: string, token: string, { isTerminal }: Output): string {
  const ingestUrl = `${info.url}/ingest`;
  const lines = [
    `tealight ${version} listens on ${info.url}`,
    "",
    ...(isTerminal ? [`  open   ${viewerLink(info.url, token)}`] : []),
    `  data   ${info.dataDir}`,
    isTerminal ? `  token  ${token}` : `  token  in ${info.tokenFile}`,
    "",
    `  FOGLAMP_INGEST_URL=${ingestUrl}`,
    isTerminal
      ? `  FOGLAMP_API_KEY=${key}`
      : `  FOGLAMP_API_KEY=$(cat ${shellQuoted(info.keyFile)})`,
    `  OTEL_EXPORTER_OTLP_ENDPOINT=${info.otlpUrl}${otlpHints(info)}`,
    "",
    `  stop   Ctrl-C, or \`${commandFor("stop", info.dataDir)}\``,
  ];
  return lines.join("\n");
}
