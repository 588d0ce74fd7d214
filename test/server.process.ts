/** A server in a process of its own, for what must not happen inside of the test's: deaths, memory. */
import { readFileSync } from "node:fs";
import { type ServerInfo, dataDirectoryFiles } from "../src/directory/directory.ts";
import { executable } from "./executable.ts";

export interface ServerProcess extends AsyncDisposable {
  url: string;
  port: number;
  pid: number;
  key: string;
  token: string;
  /** From the call to the line that says it listens. */
  startMs: number;
  /** What it wrote to stderr; complete once it has ended. */
  log: Promise<string>;
  exited: Promise<number>;
  signal(signal: NodeJS.Signals): void;
  /** The most memory that it ever had resident, in MiB; null where the system does not tell. */
  peakMemoryMiB(): number | null;
}

export interface SpawnOptions {
  args?: string[];
  /** Stands before the command, such as a shell that sets a limit. */
  wrapper?: string[];
}

function commandLine(dataDir: string, { args = [], wrapper = [] }: SpawnOptions): string[] {
  // OTLP has ports of its own, the same for all: only who tests them asks for them.
  const ports = ["--port", "0", "--otlp-port", "0", "--otlp-grpc-port", "0"];
  return [...wrapper, executable, "serve", "--json", ...ports, "--data-dir", dataDir, ...args];
}

/** Starts a server and does not wait for it, so that it can be killed at any moment. */
export function spawnProcess(dataDir: string, options: SpawnOptions = {}) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("TEALIGHT_")),
  );
  return Bun.spawn(commandLine(dataDir, options), { env, stdout: "pipe", stderr: "pipe" });
}

/** @throws Error with what it wrote, where the server ends instead of listening. */
export async function spawnServer(
  dataDir: string,
  options: SpawnOptions = {},
): Promise<ServerProcess> {
  const start = performance.now();
  const child = spawnProcess(dataDir, options);
  const log = child.stderr.text();
  const reader = child.stdout.getReader();
  let line = "";
  while (!line.includes("\n")) {
    const { done, value } = await reader.read();
    if (done) throw new Error(`the server did not start (${await child.exited}): ${await log}`);
    line += new TextDecoder().decode(value);
  }
  const startMs = performance.now() - start;
  const info = JSON.parse(line) as ServerInfo;
  const { keyFile, tokenFile } = dataDirectoryFiles(dataDir);
  return {
    url: `http://127.0.0.1:${info.port}`,
    port: info.port,
    pid: info.pid,
    key: readFileSync(keyFile, "utf8").trim(),
    token: readFileSync(tokenFile, "utf8").trim(),
    startMs,
    log,
    exited: child.exited,
    signal: (signal) => child.kill(signal),
    peakMemoryMiB() {
      if (process.platform !== "linux") return null;
      const status = readFileSync(`/proc/${info.pid}/status`, "utf8");
      return Number(/^VmHWM:\s+(\d+) kB$/m.exec(status)![1]) / 1024;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGKILL");
      await child.exited;
    },
  };
}
