/** The product as its users run it: a process of its own with a data directory of its own. */
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const root = join(import.meta.dir, "../..");
export const binary = join(root, `dist/tealight${process.platform === "win32" ? ".exe" : ""}`);

let command = [binary];

/** From now on the sources are run instead of the binary. */
export function runFromSource(): void {
  command = [process.execPath, join(root, "src/main.ts")];
}

export interface Product {
  url: string;
  port: number;
  /** The ingest key and the operator's token. */
  key: string;
  token: string;
  dataDir: string;
  /** Memory now, and at most until now; null where the system does not say. */
  memoryBytes(): { now: number; peak: number } | null;
  /** Ends in order. @returns the size of all that it leaves in its directory. */
  stop(): Promise<{ storeBytes: number }>;
}

const running = new Set<{ kill(): void; dir: string }>();
/** The peaks of all products that were stopped. */
export const peaks: { during: string; bytes: number }[] = [];

/** Ends what still runs, on the way out. */
export function stopAll(): void {
  for (const { kill, dir } of running) {
    kill();
    rmSync(dir, { recursive: true, force: true });
  }
}

export function spawnProduct(args: string[], stdout: "pipe" | "ignore") {
  const dir = mkdtempSync(join(tmpdir(), "tealight-bench-"));
  const child = Bun.spawn(
    [...command, "serve", "--json", "--exit-with-parent", "--data-dir", join(dir, "data"), ...args],
    {
      cwd: dir,
      // No settings of the user's.
      env: {
        PATH: process.env.PATH,
        HOME: dir,
        XDG_CONFIG_HOME: dir,
        APPDATA: dir,
        TEALIGHT_LOG_LEVEL: "warn",
        // OTLP's own ports may be taken on this machine.
        TEALIGHT_OTLP_PORT: "0",
        TEALIGHT_OTLP_GRPC_PORT: "0",
      },
      stdio: ["ignore", stdout, "inherit"],
    },
  );
  const entry = { kill: () => child.kill("SIGKILL"), dir };
  running.add(entry);
  const remove = () => {
    running.delete(entry);
    rmSync(dir, { recursive: true, force: true });
  };
  return { child, dataDir: join(dir, "data"), remove };
}

/**
 * @param during the section, for its peak of memory.
 * @param args such as another data directory, which stays.
 */
export async function startProduct(during: string, args: string[] = []): Promise<Product> {
  const { child, remove } = spawnProduct(["--port", "0", ...args], "pipe");
  const { port, keyFile, tokenFile, dataDir } = JSON.parse(await firstLine(child.stdout!));
  const memoryBytes = () => memoryOf(child.pid);
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    key: readFileSync(keyFile, "utf8").trim(),
    token: readFileSync(tokenFile, "utf8").trim(),
    dataDir,
    memoryBytes,
    async stop() {
      const memory = memoryBytes();
      if (memory) peaks.push({ during, bytes: memory.peak });
      child.kill("SIGTERM");
      await child.exited;
      const storeBytes = sizeOf(dataDir);
      remove();
      return { storeBytes };
    },
  };
}

async function firstLine(stream: ReadableStream<Uint8Array>): Promise<string> {
  let text = "";
  const decoder = new TextDecoder();
  for await (const chunk of stream as unknown as AsyncIterable<Uint8Array>) {
    text += decoder.decode(chunk, { stream: true });
    if (text.includes("\n")) return text.split("\n")[0]!;
  }
  throw new Error("the product ended before it was ready");
}

function memoryOf(pid: number): { now: number; peak: number } | null {
  try {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const field = (name: string) =>
      1024 * Number(new RegExp(`${name}:\\s+(\\d+) kB`).exec(status)![1]);
    return { now: field("VmRSS"), peak: field("VmHWM") };
  } catch {
    return null;
  }
}

function sizeOf(dir: string): number {
  return (
    readdirSync(dir, { recursive: true, withFileTypes: true })
      // The ballast holds no traces.
      .filter((entry) => entry.isFile() && entry.name !== "ballast")
      .reduce((bytes, { parentPath, name }) => bytes + statSync(join(parentPath, name)).size, 0)
  );
}
