/**
 * A server on a store, with one call to the operating system that fails, or all from one on: it runs on
 * or ends with one line, starts again without the fault, has lost nothing that it acknowledged and has
 * nothing twice.
 */
import { Database } from "bun:sqlite";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Summary, TracePage } from "../../src/backend/views.ts";
import type { ServerInfo } from "../../src/directory/directory.ts";
import { startServer, type TestServer } from "../helpers.ts";
import type { WirePayload } from "../payload.arbitrary.ts";
import { problemsOf } from "../sqlite/invariants.ts";
import { armed, readCounts, type Counts, type Fault } from "./library.ts";
import {
  Ledger,
  makeStore,
  payloadOf,
  spanOf,
  startTime,
  wordOf,
  type Scenario,
} from "./stores.ts";

export interface Outcome {
  counts: Counts;
  /** Whether the server ended by itself, and when. */
  ended: "no" | "at start" | "amid" | "at its stop";
  /** What is not as it should be, in words. */
  wrong: string[];
  /** What the server wrote to stderr. */
  log: string;
}

const main = join(import.meta.dir, "../../src/main.ts");
const preload = join(import.meta.dir, "preload.ts");
/** As long as a lasting fault may hold up what works in the background. */
const busyMs = 700;
const stopMs = 60_000;
/** A call that fails is not to be tried again at once, and again. */
const mostFailures = 5000;

export class Faults {
  readonly #dir: string;
  readonly #library: string;
  readonly #stores = new Map<Scenario, Promise<{ dir: string; ledger: Ledger }>>();

  /** @param dir for stores; who makes it removes it. */
  constructor(dir: string, library: string) {
    this.#dir = dir;
    this.#library = library;
  }

  #store(scenario: Scenario): Promise<{ dir: string; ledger: Ledger }> {
    if (!this.#stores.has(scenario)) {
      const dir = join(this.#dir, scenario);
      mkdirSync(dir, { mode: 0o700 });
      this.#stores.set(
        scenario,
        makeStore(scenario, dir).then((ledger) => ({ dir, ledger })),
      );
    }
    return this.#stores.get(scenario)!;
  }

  /** @param fault null for a run in which calls are only counted. */
  async run(scenario: Scenario, fault: Fault | null): Promise<Outcome> {
    const { dir: made, ledger: stored } = await this.#store(scenario);
    const dir = mkdtempSync(join(this.#dir, "run-"));
    const dataDir = join(dir, "data");
    const control = join(dir, "control");
    try {
      cpSync(made, dataDir, { recursive: true });
      const ledger = stored.copy();
      const env = armed(this.#library, control, dataDir, fault);
      const outcome = await fail(dataDir, env, ledger);
      const counts = readCounts(control);
      const wrong = outcome.wrong;
      if (counts.failed > mostFailures)
        wrong.push(`${counts.failed} calls failed: it does not rest`);
      await recover(dataDir, ledger, (problem) => wrong.push(problem));
      return { ...outcome, counts };
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  }
}

interface Sender {
  post(traceId: string, spanIds: string[], version: number): Promise<void>;
  remove(traceId: string): Promise<void>;
  get(path: string): Promise<void>;
}

/** Runs a server with the fault through all of its work. */
async function fail(
  dataDir: string,
  faultEnv: Record<string, string>,
  ledger: Ledger,
): Promise<Omit<Outcome, "counts">> {
  const wrong: string[] = [];
  const child = startChild(dataDir, faultEnv);
  const log = child.stderr.text();
  let ended: Outcome["ended"] = "at start";
  const info = await firstLine(child.stdout);
  if (info) {
    const sender = senderTo((JSON.parse(info) as ServerInfo).port, ledger, wrong);
    await work(sender, dataDir);
    ended = child.exitCode === null ? "no" : "amid";
    child.kill("SIGTERM");
  }
  const { code, said } = await endOf(child, log, wrong);
  if (ended === "no" && code !== 0) ended = "at its stop";
  return { ended, wrong, log: said };
}

export const key = "a key of the tests";
export const token = "the token of the tests";

export function startChild(dataDir: string, more: Record<string, string> = {}) {
  const env = Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !name.startsWith("TEALIGHT_")),
  );
  const ports = ["--port", "0", "--otlp-port", "0", "--otlp-grpc-port", "0"];
  const options = [...ports, "--api-key", key, "--token", token, "--data-dir", dataDir];
  return Bun.spawn([process.execPath, "--preload", preload, main, "serve", "--json", ...options], {
    env: { ...env, ...more },
    stdout: "pipe",
    stderr: "pipe",
  });
}

/** Waits for the end of a server that was told to stop, or has stopped by itself. */
export async function endOf(
  child: ReturnType<typeof startChild>,
  log: Promise<string>,
  wrong: string[],
): Promise<{ code: number; said: string }> {
  const killer = setTimeout(() => {
    wrong.push(`it does not end within ${stopMs} ms`);
    child.kill("SIGKILL");
  }, stopMs);
  const code = await child.exited;
  clearTimeout(killer);
  const said = await log;
  if (/^\s+at \S|\\n\s+at \S|panic|Segmentation/m.test(said)) wrong.push("it writes a stack trace");
  if (code !== 0 && code !== 1) wrong.push(`it ends with code ${code} ${child.signalCode ?? ""}`);
  if (code === 1 && said.trim() === "") wrong.push("it ends without a word");
  return { code, said };
}

export async function firstLine(stdout: ReadableStream<Uint8Array>): Promise<string | null> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stdout) {
    text += decoder.decode(bytes, { stream: true });
    if (text.includes("\n")) return text;
  }
  return null;
}

/** Asks a server for things, which may be refused for the time being, but not otherwise. */
function senderTo(port: number, ledger: Ledger, wrong: string[]): Sender {
  async function ask(path: string, init: RequestInit = {}): Promise<number | null> {
    try {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, {
        ...init,
        headers: { authorization: `Bearer ${path === "/ingest" ? key : token}` },
      });
      const text = await response.text();
      if (response.status === 500) wrong.push(`500 for ${path}: ${text.slice(0, 200)}`);
      return response.status;
    } catch {
      // The server is gone.
      return null;
    }
  }
  return {
    async post(traceId, spanIds, version) {
      ledger.note(traceId, spanIds, version, false);
      const body = JSON.stringify(payloadOf(traceId, spanIds, version));
      const status = await ask("/ingest", { method: "POST", body });
      if (status === 202) ledger.note(traceId, spanIds, version, true);
      else if (status !== null && status !== 503) wrong.push(`${status} for a valid batch`);
    },
    async remove(traceId) {
      if (!ledger.traces.has(traceId)) return;
      ledger.deleted.set(traceId, false);
      const status = await ask(`/api/traces/${encodeURIComponent(traceId)}`, { method: "DELETE" });
      if (status === 200) ledger.deleted.set(traceId, true);
      else if (status !== null && status !== 503) wrong.push(`${status} for a deletion`);
    },
    async get(path) {
      await ask(path);
    },
  };
}

/** All that a server does: stores, reads, deletes, and what it does in the background. */
async function work(sender: Sender, dataDir: string): Promise<void> {
  const reads = ["/api/traces", "/api/stats", "/api/search?q=question", "/api/status"];
  const kept = [
    "/api/traces/stored%202",
    "/api/traces/stored%202/export",
    "/api/traces/old%201/export",
  ];
  await Promise.all([
    sender.post("sent 0", ["a", "b", "c"], 1),
    sender.post("stored 3", ["b", "d"], 2),
  ]);
  await sender.post("sent 0", ["a", "b", "c"], 1);
  await sender.remove("stored 4");
  await rest(dataDir, busyMs);
  await Promise.all([...reads, ...kept].map(sender.get));
  await sender.post("sent 0", ["a"], 2);
  await sender.post("sent 1", ["a", "b"], 1);
  await sender.remove("old 2");
  await sender.remove("stored 5");
  await rest(dataDir, busyMs);
  await Promise.all(reads.map(sender.get));
}

/** Waits until nothing is left to be done in the background. @returns false where that takes longer. */
async function rest(dataDir: string, mostMs: number): Promise<boolean> {
  const until = performance.now() + mostMs;
  do {
    await Bun.sleep(25);
    if (leftOver(dataDir) === 0) return true;
  } while (performance.now() < until);
  return false;
}

function leftOver(dataDir: string): number {
  const path = join(dataDir, "tealight.db");
  if (!existsSync(path)) return 1;
  let db: Database | null = null;
  try {
    db = new Database(path, { readonly: true });
    const { left } = db
      .query<{ left: number }, []>(
        `SELECT (SELECT count(*) FROM deletions) + (SELECT count(*) FROM revisions)
           + (SELECT count(*) FROM blocks WHERE isLoose)
           + (SELECT count(*) FROM traces WHERE isSettled = 0) AS left`,
      )
      .get()!;
    return left;
  } catch {
    return 1;
  } finally {
    db?.close();
  }
}

/** Starts a server without a fault and compares what is there with the ledger. */
async function recover(
  dataDir: string,
  ledger: Ledger,
  wrong: (problem: string) => void,
): Promise<void> {
  let server: TestServer;
  try {
    server = await startServer({ dataDir });
  } catch (cause) {
    return wrong(`it does not start again: ${(cause as Error).message}`);
  }
  try {
    const traceIds = [...ledger.traces.keys()];
    for (const traceId of traceIds) await compare(server, traceId, ledger, false, wrong);
    if (!(await rest(dataDir, 60_000))) wrong("the upkeep does not come to its end");
    for (const traceId of traceIds) await compare(server, traceId, ledger, true, wrong);
    const { status } = await server.ingest(payloadOf("sent after", ["a"], 1));
    if (status !== 202) wrong(`${status} for a batch after the fault`);
    for (const bug of server.bugs) wrong(`without a fault: ${bug}`);
  } finally {
    await server.stop();
  }
  const db = new Database(join(dataDir, "tealight.db"));
  try {
    for (const problem of problemsOf(db, false)) wrong(problem);
    const [check] = db.query("PRAGMA integrity_check").values();
    if (check![0] !== "ok") wrong(`the file is damaged: ${check![0]}`);
  } finally {
    db.close();
  }
}

/** @param isSearched false where texts of the first version of the schema may still be on their way. */
async function compare(
  server: TestServer,
  traceId: string,
  ledger: Ledger,
  isSearched: boolean,
  wrong: (problem: string) => void,
): Promise<void> {
  const versions = ledger.traces.get(traceId)!;
  const read = async <T>(path: string) => {
    const response = await server.api(path);
    if (response.status === 404) return null;
    if (response.status !== 200) throw new Error(`${response.status} for ${path}`);
    return (await response.json()) as T;
  };
  /** All pages: where time is up one ends early. */
  const readAll = async <P extends { nextCursor: string | null }, T = unknown>(
    path: string,
    itemsOf: (page: P) => T[],
  ) => {
    const items: T[] = [];
    let cursor: string | null = null;
    do {
      const page: P | null = await read<P>(cursor === null ? path : `${path}&cursor=${cursor}`);
      items.push(...itemsOf(page!));
      cursor = page!.nextCursor;
    } while (cursor !== null);
    return items;
  };
  const exported = await read<WirePayload>(`/api/traces/${encodeURIComponent(traceId)}/export`);
  if (ledger.deleted.has(traceId)) {
    if (exported && ledger.deleted.get(traceId)) wrong(`${traceId} is back after its deletion`);
    if (!exported) return;
  }
  const spans = (exported?.traces ?? []).flatMap(({ spans }) => spans);
  const found = new Map(spans.map((span) => [span.spanId, span]));
  if (found.size !== spans.length) wrong(`${traceId} has spans twice`);
  let outputTokens = 0;
  for (const [spanId, { acknowledged, sent }] of versions) {
    const span = found.get(spanId);
    const version = span ? span.endTime - startTime : 0;
    outputTokens += version;
    if (version < acknowledged) wrong(`${traceId} ${spanId} is lost or old: ${version}`);
    if (version > sent) wrong(`${traceId} ${spanId} was never sent in version ${version}`);
    if (span && !Bun.deepEquals(span, spanOf(traceId, spanId, version)))
      wrong(`${traceId} ${spanId} is not as sent`);
    if (!span || version === 0 || !isSearched) continue;
    const hits = await readAll<{ hits: unknown[]; nextCursor: string | null }>(
      `/api/search?q=${wordOf(traceId, spanId, version)}`,
      ({ hits }) => hits,
    );
    if (hits.length !== 1) wrong(`${hits.length} hits for ${traceId} ${spanId}`);
  }
  const traces = await readAll<TracePage, Summary>("/api/traces?limit=500", (p) => p.traces);
  const summary = traces.filter((trace) => trace.traceId === traceId);
  if (summary.length !== (found.size > 0 ? 1 : 0)) wrong(`${traceId} is listed wrongly`);
  for (const { spanCount, outputTokens: counted } of summary) {
    if (spanCount !== found.size || counted !== outputTokens)
      wrong(`${traceId} counts ${spanCount} spans, ${counted} tokens`);
  }
}
