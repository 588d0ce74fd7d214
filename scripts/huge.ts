/**
 * What one huge trace costs: `bun scripts/huge.ts [spans=1000000] [directory]` sends the spans of one trace,
 * then settles, reads, exports, prices, reads anew and deletes it, each in a server of its own, and prints the
 * most memory that each had resident. TEALIGHT_BINARY names an executable, else the sources run. A directory
 * that is named stays, and what an earlier run sent there is used again; HUGE_ONLY names what alone is to run.
 */
import { Database } from "bun:sqlite";
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { IndexStatus } from "../src/backend/search.ts";
import { storeFiles } from "../src/sqlite/storage/files.ts";
import { makeTempDir } from "../test/helpers.ts";
import { spawnServer, type ServerProcess } from "../test/server.process.ts";
import { hugeSpanId, hugeTraceId, makeHugeTrace } from "../test/sqlite/huge.ts";

const [spans = 1_000_000] = process.argv.slice(2, 3).map(Number);
if (!(spans > 0) || process.argv.length > 4) {
  console.error("usage: bun scripts/huge.ts [spans] [directory]");
  process.exit(2);
}
const named = process.argv[3];
const dataDir = named ?? makeTempDir();
const { storePath } = storeFiles(dataDir);
const only = process.env.HUGE_ONLY;

type Work = (server: ServerProcess) => Promise<unknown>;

const trace = `/api/traces/${hugeTraceId}`;

async function ask(server: ServerProcess, path: string, init: RequestInit = {}): Promise<Response> {
  const headers = { authorization: `Bearer ${server.token}`, "content-type": "application/json" };
  const response = await fetch(`${server.url}${path}`, { ...init, headers });
  if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
  return response;
}

const read =
  (path: string): Work =>
  async (server) => {
    await (await ask(server, path)).arrayBuffer();
  };

/** Page by page, up to so many. */
const readPages =
  (path: string, mostPages: number): Work =>
  async (server) => {
    let cursor: string | null = "";
    for (let page = 0; page < mostPages && cursor !== null; page++) {
      const from: string = cursor && `&cursor=${encodeURIComponent(cursor)}`;
      const answer: string = await (await ask(server, `${path}${from}`)).text();
      // Alone the cursor is of interest, not 5 MB of JSON.
      const found: string | undefined = /"nextCursor":"([^"]+)"/.exec(answer)?.[1];
      cursor = found ?? null;
    }
  };

/** Reads all of an answer, as slowly as its bytes come, and keeps none. */
async function drain(response: Response): Promise<number> {
  let bytes = 0;
  for await (const piece of response.body!) bytes += piece.byteLength;
  return bytes;
}

async function send(server: ServerProcess): Promise<void> {
  const underWay = new Set<Promise<void>>();
  for (const { path, body } of makeHugeTrace(spans)) {
    const one = post(server, path, body).finally(() => underWay.delete(one));
    underWay.add(one);
    if (underWay.size >= 4) await Promise.race(underWay);
  }
  await Promise.all(underWay);
}

async function post(server: ServerProcess, path: string, body: string): Promise<void> {
  while (true) {
    const response = await fetch(`${server.url}${path}`, {
      method: "POST",
      headers: { authorization: `Bearer ${server.key}`, "content-type": "application/json" },
      body,
    });
    const text = await response.text();
    if (response.ok) return;
    if (response.status !== 503) throw new Error(`${response.status} ${text}`);
    await Bun.sleep(100);
  }
}

async function until(isDone: () => Promise<boolean> | boolean): Promise<void> {
  while (!(await isDone())) await Bun.sleep(50);
}

function store<T>(work: (db: Database) => T): T {
  const db = new Database(storePath);
  try {
    db.run("PRAGMA busy_timeout = 60000");
    return work(db);
  } finally {
    db.close();
  }
}

const count = (sql: string) => store((db) => (db.query(sql).values() as [[number]])[0][0]);

/** As if it had been quiet for as long as settling waits. */
function age(): void {
  store((db) => db.run("UPDATE traces SET lastReceivedAt = lastReceivedAt - spanCount - 60000"));
}

async function settle(): Promise<void> {
  await until(() => count("SELECT count(*) FROM traces WHERE isSettled = 0") === 0);
}

async function index(server: ServerProcess): Promise<void> {
  await until(async () => {
    const status = (await (await ask(server, "/api/search/index")).json()) as IndexStatus;
    return status.pendingTraces === 0;
  });
}

async function sweep(server: ServerProcess, path: string): Promise<void> {
  await ask(server, path, { method: "POST", body: "{}" });
  await until(async () => {
    const status = (await (await ask(server, path)).json()) as { finishedAt: number | null };
    return status.finishedAt !== null;
  });
}

async function measure(what: string, work: Work): Promise<void> {
  if (only !== undefined && what !== only) return;
  const server = await spawnServer(dataDir);
  try {
    const startedAt = performance.now();
    await work(server);
    const seconds = (performance.now() - startedAt) / 1000;
    const peak = server.peakMemoryMiB()!;
    console.log(
      `${what.padEnd(44)} ${peak.toFixed(0).padStart(6)} MiB ${seconds.toFixed(1).padStart(8)} s`,
    );
    server.signal("SIGTERM");
    await server.exited;
  } finally {
    await server[Symbol.asyncDispose]();
  }
}

/** `tealight export` with no server beside it. */
async function exportByCommand(): Promise<void> {
  if (only !== undefined && only !== "tealight export") return;
  const binary = process.env.TEALIGHT_BINARY;
  const program = binary ? [binary] : [process.execPath, join(import.meta.dir, "../src/main.ts")];
  const startedAt = performance.now();
  const child = Bun.spawn([...program, "export", hugeTraceId, "--data-dir", dataDir, "--full"], {
    stdout: "pipe",
    stderr: "inherit",
  });
  for await (const _ of child.stdout);
  await child.exited;
  const peak = child.resourceUsage()!.maxRSS / 2 ** 20;
  const seconds = (performance.now() - startedAt) / 1000;
  console.log(
    `${"tealight export".padEnd(44)} ${peak.toFixed(0).padStart(6)} MiB ${seconds.toFixed(1).padStart(8)} s`,
  );
}

try {
  if (!existsSync(storePath)) await measure("ingest", send);
  age();
  await measure("settle", settle);
  await measure("index for search", index);
  await measure("trace as columns, all pages", readPages(`${trace}?format=columns`, Infinity));
  await measure("trace as objects, 3 pages", readPages(`${trace}?`, 3));
  await measure("breakdown", read(`${trace}/breakdown`));
  await measure("news, 3 pages", readPages(`${trace}/news?`, 3));
  await measure("transcript, 3 pages", readPages(`${trace}/transcript?limit=200`, 3));
  await measure("search within, 3 pages", readPages(`${trace}/search?q=deploy`, 3));
  await measure("span", read(`${trace}/spans/${hugeSpanId(Math.floor(spans * 0.9))}`));
  await measure("messages", read(`${trace}/spans/${hugeSpanId(Math.floor(spans * 0.9))}/messages`));
  await measure(
    "list by a filter",
    read(`/api/traces?filter=${encodeURIComponent("span:deploy")}`),
  );
  await measure(
    "statistics with a filter",
    read(`/api/stats?by=model&filter=${encodeURIComponent("spans:>1")}`),
  );
  await measure("export, full", async (server) =>
    drain(await ask(server, `${trace}/export?full=1`)),
  );
  await measure("export as lines", async (server) =>
    drain(await ask(server, `${trace}/export?format=jsonl`)),
  );
  await exportByCommand();
  await measure("reprice", (server) => sweep(server, "/api/reprice"));
  await measure("reread", (server) => sweep(server, "/api/reread"));
  if (only === undefined || only === "add a span") age();
  await measure("settle again", settle);
  await measure("add a span", async (server) => {
    const [first] = makeHugeTrace(1);
    await post(server, first!.path, first!.body.replaceAll("root", "later"));
  });
  if (named === undefined || only === "delete") {
    await measure("delete", async (server) => {
      await ask(server, trace, { method: "DELETE" });
      await until(() => count("SELECT count(*) FROM spans") === 0);
    });
  }
} finally {
  if (named === undefined) rmSync(dataDir, { recursive: true, force: true });
}
